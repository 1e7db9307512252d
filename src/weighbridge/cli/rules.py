"""``weighbridge rules``."""

from __future__ import annotations

from collections.abc import Iterator

import click

from weighbridge.rules.registry import RULES

HELP = """\
List the rules, or explain one.

\b
Examples:
  weighbridge rules
  weighbridge rules dangerous-call
"""


@click.command("rules", help=HELP, short_help="List the rules, or explain one.")
@click.argument("identifier", metavar="[ID]", required=False)
def command(identifier: str | None) -> None:
    """Print the list or one rule."""
    lines = _list() if identifier is None else _explain(identifier)
    click.echo("\n".join(lines))


def _list() -> Iterator[str]:
    width = max((len(rule.id) for rule in RULES), default=0)
    for rule in sorted(RULES, key=lambda rule: rule.id):
        yield f"{rule.id:<{width}}  {rule.kind:<10}  {rule.severity:<8}  {rule.title}"


def _explain(identifier: str) -> Iterator[str]:
    rule = next((rule for rule in RULES if rule.id == identifier), None)
    if rule is None:
        known = ", ".join(sorted(rule.id for rule in RULES))
        raise click.UsageError(f"no rule {identifier!r}. Known: {known}")
    yield f"{rule.id}: {rule.title}"
    yield ""
    yield f"{rule.kind}, severity {rule.severity}, confidence {rule.confidence}"
    yield f"{rule.state} since {rule.since}"
    for heading, names in (("CWE", rule.cwe), ("ATLAS", rule.atlas), ("Facts", rule.facts)):
        if names:
            yield f"{heading}: {', '.join(names)}"
    for heading, text in (
        ("What it finds", rule.description),
        ("Example", rule.example),
        ("What to do", rule.remediation),
        ("References", "\n".join(rule.references)),
    ):
        if text:
            yield f"\n{heading}\n"
            yield from (f"  {line}" for line in str(text).strip().splitlines())
