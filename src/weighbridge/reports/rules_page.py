"""The documentation page of the rules, made from the rules' own metadata."""

from __future__ import annotations

from collections.abc import Iterable

from weighbridge.rules.model import Rule

_HEAD = """\
# Rules

Made from the rules' own metadata (`make docs`). `weighbridge rules ID` prints the same for one.

| rule | usual kind | severity | what it says |
| --- | --- | --- | --- |
"""


def render(rules: Iterable[Rule]) -> str:
    """Return the page in Markdown, rules in alphabetical order."""
    ordered = sorted(rules, key=lambda rule: rule.id)
    rows = (
        f"| [`{rule.id}`](#{rule.id}) | {rule.kind} | {rule.severity} | {rule.title} |"
        for rule in ordered
    )
    return _HEAD + "\n".join(rows) + "\n" + "".join(_section(rule) for rule in ordered)


def _section(rule: Rule) -> str:
    lines = [
        "",
        f"## {rule.id}",
        "",
        f"**{rule.title}.** {rule.kind}, severity {rule.severity}, confidence {rule.confidence}; "
        f"{rule.state} since {rule.since}.",
        "",
        rule.description,
        "",
        f"- Example: `{rule.example}`",
        f"- What to do: {rule.remediation}",
        f"- Reads the facts: {', '.join(rule.facts)}",
        f"- Classified as: {', '.join((*rule.cwe, *rule.atlas))}",
    ]
    if rule.references:
        lines.append(f"- References: {', '.join(rule.references)}")
    return "\n".join(lines) + "\n"
