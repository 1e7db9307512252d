"""Writes the pages that are generated from the program, and checks all pages.

``python docs/generate.py`` writes; with ``--check`` it writes nothing and fails when a page is not
what it would write, or when a link between pages leads nowhere.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
sys.path.insert(0, str(ROOT / "demo"))

COMMANDS = (
    "",
    "scan",
    "rules",
    "db",
    "db update",
    "policy",
    "policy check",
    "bom",
    "bom check",
    "inventory",
    "cache",
)
DEFINITIONS = (
    "scan",
    "model",
    "file",
    "provider_scan",
    "finding",
    "note",
    "library",
    "scans",
)
NOTICE = "<!-- Written by `make docs`; changes made here are lost. -->\n\n"


def main(arguments: list[str]) -> int:
    """Write or check every generated page; returns the exit status."""
    pages = {path: text for path, text in _pages()}
    if "--check" not in arguments:
        for path, text in pages.items():
            path.write_text(text, encoding="utf-8")
        return 0
    problems = [
        f"{path.relative_to(ROOT)} is out of date: run `make docs`"
        for path, text in pages.items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    problems += dead_links()
    print("\n".join(problems) or "docs: as they should be")
    return 1 if problems else 0


def _pages() -> Iterator[tuple[Path, str]]:
    from weighbridge.reports import rules_page
    from weighbridge.rules.registry import RULES

    yield DOCS / "reference" / "cli.md", cli_page()
    yield DOCS / "reference" / "budgets.md", budgets_page()
    yield DOCS / "reference" / "json.md", json_page()
    yield DOCS / "reference" / "depth.md", depth_page()
    yield DOCS / "rules.md", rules_page.render(RULES)
    report = _example_report()
    for path in (ROOT / "README.md", DOCS / "tutorial.md"):
        yield path, _with_block(path.read_text(encoding="utf-8"), "report", report)


def cli_page() -> str:
    """Return the page of the command line, from its own help."""
    lines = [f"# Command line\n\n{NOTICE}`weighbridge` has these commands:\n"]
    lines += [f"- [`{_name(one)}`](#{_name(one).replace(' ', '-')})" for one in COMMANDS if one]
    for one in COMMANDS:
        arguments = [*one.split(), "--help"]
        text = _without_platform(_run(arguments, ROOT)[1])
        lines.append(f"\n## {_name(one)}\n\n```text\n{text.strip()}\n```")
    lines.append("\nThe commands of the platform stand in [their own page](platform.md).")
    return "\n".join(lines) + "\n"


def _without_platform(text: str) -> str:
    """Leave out commands whose help depends on whether the platform's libraries are there."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    further = project["entry-points"]["weighbridge.commands"]
    return "".join(
        line
        for line in text.splitlines(keepends=True)
        if not (line.startswith("  ") and line.split()[:1] and line.split()[0] in further)
    )


def _name(command: str) -> str:
    return f"weighbridge {command}".strip()


def budgets_page() -> str:
    """Return the page of limits, from the docstring of the one place that holds them."""
    from weighbridge.budget import Limits

    reasons = _attributes(Limits.__doc__ or "")
    lines = [
        "# Limits of a scan\n",
        f"{NOTICE}Every file gets one budget, and everything inside the file shares it. What goes",
        "over a limit is not guessed at: the file becomes `inconclusive`, with the limit named",
        "among its notes. From Python, `weighbridge.scan(path, limits=Limits(...))` sets others.",
        "\n| limit | default | what it bounds, and why |",
        "| --- | --- | --- |",
    ]
    for field in dataclasses.fields(Limits):
        lines.append(f"| `{field.name}` | {_amount(field)} | {reasons[field.name]} |")
    return "\n".join(lines) + "\n"


def json_page() -> str:
    """Return the page of the JSON report, from its schema."""
    schema = json.loads((DOCS / "schemas" / "scan-1.schema.json").read_text(encoding="utf-8"))
    lines = [
        f"# JSON report\n\n{NOTICE}`weighbridge scan --format json` writes one object. Its form is",
        "[this JSON Schema](../schemas/scan-1.schema.json), against which tests hold every report.",
        "Fields may be added and are never renamed; `schema` changes when a meaning does.",
        "",
        "One target gives a `scan`, several give `scans`.",
    ]
    for name in DEFINITIONS:
        lines += [f"\n## {name}\n", "| field | type | meaning |", "| --- | --- | --- |"]
        lines += _fields(schema["$defs"][name])
    return "\n".join(lines) + "\n"


def depth_page() -> str:
    """Return the page that says how far each format is read, from the table and the registry."""
    from weighbridge.formats.data.registry import READERS
    from weighbridge.tables.known_formats import known_formats
    from weighbridge.tables.known_names import known_names

    lines = [
        f"# How far each format is read\n\n{NOTICE}*Judged*: parsed, and rules look at it. "
        "*Followed*: its structure is followed to",
        "its end and holds nothing that runs, so its numbers are opaque. *Named*: recognised, not "
        "read, and",
        "`inconclusive`. The counts are those files of `make eval` that hold the format; what has "
        "none there",
        "is held by tests alone.\n",
        "| format | depth | recognised by | loaders | rules | honest | hostile |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    counts = json.loads((ROOT / "evals" / "results.json").read_text(encoding="utf-8"))["formats"]
    table = (DOCS / "formats.tsv").read_text(encoding="utf-8").splitlines()[1:]
    for line in table:
        names, depth, recognised, loaders, rules = line.split("\t")
        shown = ", ".join(f"`{name}`" for name in names.split(", "))
        rules = re.sub(r"[a-z0-9]+(?:-[a-z0-9]+)+", _rule_link, rules)
        honest, hostile = (
            sum(counts.get(name, {}).get(side, 0) for name in names.split(", "))
            for side in ("honest", "hostile")
        )
        row = (shown, depth, recognised, loaders, rules, str(honest), str(hostile))
        lines.append(f"| {' | '.join(row)} |")
    lines.append(
        "\n## Data that nothing runs\n\nFollowed, each to its end. Their names stand in "
        "[their own page](formats/data.md).\n"
    )
    lines += [f"- {(reader.__doc__ or '').strip().splitlines()[0]}" for reader in READERS]
    lines.append(
        "\n## Named by their signatures\n\nRecognised where they are no text, and searched for "
        "what could hide in them.\n"
    )
    needs = {one.name: one.need for one in sorted(known_formats(), key=lambda one: one.name)}
    lines += [f"- `{name}`: a judgement needs {need}." for name, need in needs.items()]
    lines.append(
        "\n## Named by what they are called\n\nThese have no signature. Where nothing recognises "
        "the bytes, the name of the file says\nwhat to look for; it decides no verdict. What has "
        "no such name either is `raw-numbers` of some\nwidth, `packed-bytes`, or unknown; all are "
        "searched for what could hide in them.\n"
    )
    endings: dict[tuple[str, str], list[str]] = {}
    for called in sorted(known_names(), key=lambda one: (one.name, one.ending)):
        endings.setdefault((called.name, called.need), []).append(f"`{called.ending}`")
    lines += [
        f"- `{name}` ({', '.join(files)}): a judgement needs {need}."
        for (name, need), files in endings.items()
    ]
    return "\n".join(lines) + "\n"


def _rule_link(word: re.Match[str]) -> str:
    from weighbridge.rules.registry import rule

    if rule(word[0]) is None:
        raise SystemExit(f"docs/formats.tsv: there is no rule {word[0]}")
    return f"[{word[0]}](../rules.md#{word[0]})"


def _fields(definition: dict[str, Any], prefix: str = "") -> Iterator[str]:
    """Yield a row for each field, those of objects inside it too."""
    for name, field in definition["properties"].items():
        text = field.get("description", "").replace("|", "\\|")
        yield f"| `{prefix}{name}` | {_type(field)} | {text} |"
        inner = field if "properties" in field else field.get("items", {})
        if "properties" in inner:
            yield from _fields(inner, f"{prefix}{name}{'[]' if 'items' in field else ''}.")


def _type(field: dict[str, Any]) -> str:
    if "$ref" in field:
        name = field["$ref"].rpartition("/")[2]
        return f"[{name}](#{name})" if name in DEFINITIONS else name
    if "const" in field:
        return f"`{field['const']}`"
    if "enum" in field:
        return ", ".join("null" if one is None else f"`{one}`" for one in field["enum"])
    types = field.get("type", "any")
    text = types if isinstance(types, str) else " or ".join(types)
    if text == "array" and field.get("items"):
        return f"list of {_type(field['items'])}"
    return text


def _attributes(docstring: str) -> dict[str, str]:
    """Return the texts of the Google-style section of attributes."""
    section = inspect.cleandoc(docstring).partition("Attributes:")[2]
    parts = re.split(r"\n {4}(\w+): ", section)
    return {
        name: " ".join(text.split()) for name, text in zip(parts[1::2], parts[2::2], strict=True)
    }


def _amount(field: dataclasses.Field) -> str:
    value = field.default
    if field.name.endswith("_bytes"):
        unit, size = ("GiB", 30) if value >= 1 << 30 else ("MiB", 20)
        return f"{value >> size} {unit}"
    return f"{value:,.0f} s" if field.name == "seconds" else f"{value:,}"


def _example_report() -> str:
    """Return what a scan of one of the demo's files prints, the time left out."""
    import trapped

    with tempfile.TemporaryDirectory() as folder:
        trapped.checkpoint(Path(folder))
        status, text = _run(["scan", "checkpoint.pt"], Path(folder))
    if status != 1 or "MALICIOUS" not in text:
        raise SystemExit(f"the example scan ended with status {status}:\n{text}")
    steady = re.sub(r" in [0-9.]+ s", " in 0.1 s", text).strip()
    return f"$ weighbridge scan checkpoint.pt\n{steady}"


def _with_block(page: str, name: str, text: str) -> str:
    """Return `page` with the marked code block replaced."""
    mark = re.compile(rf"(<!-- {name} -->\n```text\n).*?(\n```\n)", re.DOTALL)
    if not mark.search(page):
        raise SystemExit(f"no block {name!r} in a page that should have one")
    return mark.sub(lambda found: found[1] + text + found[2], page)


def _run(arguments: list[str], folder: Path) -> tuple[int, str]:
    nothing = {"WEIGHBRIDGE_DB": str(folder / "no-vulnerabilities.sqlite3")}
    environment = {**os.environ, "COLUMNS": "100", "TERM": "dumb", **nothing}
    environment.pop("WEIGHBRIDGE_POLICY", None)
    done = subprocess.run(
        [sys.executable, "-m", "weighbridge", *arguments],
        capture_output=True,
        check=False,
        cwd=folder,
        encoding="utf-8",
        env=environment,
    )
    if done.returncode not in (0, 1):
        raise SystemExit(done.stderr)
    return done.returncode, done.stdout


def dead_links() -> Iterator[str]:
    """Yield each link from one page to a file or heading that does not exist."""
    for page in sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")]):
        text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            if re.match(r"[a-z]+:", target):
                continue
            path, _, heading = target.partition("#")
            other = (page.parent / path).resolve() if path else page
            if not other.exists():
                yield f"{page.relative_to(ROOT)}: no such page: {target}"
            elif heading and heading not in _headings(other):
                yield f"{page.relative_to(ROOT)}: no such heading: {target}"


def _headings(page: Path) -> set[str]:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
