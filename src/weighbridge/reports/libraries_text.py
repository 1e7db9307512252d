"""Libraries with known vulnerabilities, for people: a line for each, the worst first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from weighbridge.findings.libraries import Knowledge, Library, Vulnerability
from weighbridge.findings.model import ScanReport, Severity
from weighbridge.reports.style import Style
from weighbridge.text.escaping import visible

_SHOWN = 15
_ORDER = ("critical", "high", "medium", "low", "none", "unknown")
_PATH_CHARACTERS = 120


def about(report: ScanReport, style: Style) -> Iterator[str]:
    """Yield a line for each library with vulnerabilities, and one about the data behind it."""
    if report.knowledge is None:
        return
    asked = [one for one in report.libraries if one.version is not None and _decides(one)]
    vulnerable = sorted((one for one in asked if one.vulnerabilities), key=_rank)
    if vulnerable:
        yield ""
    for library in vulnerable[:_SHOWN]:
        yield from _line(library, style)
    if len(vulnerable) > _SHOWN:
        yield f"  and {len(vulnerable) - _SHOWN} more libraries; see --format json"
    saved = [one for one in report.libraries if one.relation == "saved-with"]
    yield from _saved(saved, style)
    if asked:
        text = f"{_counted(len(asked))} with a known version, {len(vulnerable)} vulnerable"
        yield from style.folded(f"{text}; {data(report.knowledge)}", 0, "note: ")


def data(known: Knowledge) -> str:
    """Return what the statements rest on, in words."""
    if not known.records:
        return "no vulnerabilities are known here: run weighbridge db update"
    age = f", {known.age_days} days old" if known.age_days is not None else ""
    return f"vulnerability data of {known.newest[:10]}{age}"


def _decides(library: Library) -> bool:
    return library.relation in ("declared", "installed")


def _rank(library: Library) -> tuple[bool, int, str]:
    carried = any(one.carried_by for one in library.vulnerabilities)
    return not carried, _ORDER.index(library.vulnerabilities[0].severity), library.name


def _line(library: Library, style: Style) -> Iterator[str]:
    found = library.vulnerabilities
    carried = [one for one in found if one.carried_by]
    worst = (carried or list(found))[0]
    counts = Counter(one.severity for one in found)
    counted = ", ".join(f"{counts[name]} {name}" for name in _ORDER if counts[name])
    place = visible(library.declared_in, _PATH_CHARACTERS) or "installed"
    name = f"{library.name} {library.version} ({place})"
    text = f"{name}: {counted}; {_named(worst)}"
    level = style.severity(_severity(worst))
    first, *more = style.folded(text, 2 + len(_severity(worst).value) + 2)
    yield f"  {level}  {first.lstrip()}"
    yield from more


def _named(one: Vulnerability) -> str:
    fixed = f", fixed in {', '.join(one.fixed_in[:3])}" if one.fixed_in else ", no fix known"
    through = f", through {visible(one.carried_by[0], 80)}" if one.carried_by else ""
    return f"{one.id} ({one.impact.replace('-', ' ')}{through}{fixed})"


def _severity(one: Vulnerability) -> Severity:
    known = {name.value: name for name in Severity}
    return known.get(one.severity, Severity.INFO)


def _saved(saved: Sequence[Library], style: Style) -> Iterator[str]:
    """A writer's vulnerabilities are no fault of the model: the loader's version decides."""
    named = [one for one in saved if one.vulnerabilities]
    if named:
        words = ", ".join(f"{one.name} {one.version}" for one in named[:5])
        text = f"saved with {words}, where vulnerabilities are known; what counts is the version "
        yield from style.folded(f"{text}that loads it", 0, "note: ")


def _counted(count: int) -> str:
    return f"{count:,} library" if count == 1 else f"{count:,} libraries"
