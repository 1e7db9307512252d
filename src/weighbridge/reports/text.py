"""The report for people: what would run, where, through which load, and what to do about it.

Nothing of the input reaches the output unescaped. A clean target takes one line.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from weighbridge.findings.model import (
    CoverageNote,
    FileReport,
    Finding,
    Kind,
    ScanReport,
    Severity,
    Verdict,
)
from weighbridge.reports import libraries_text, policy_text, provider_text
from weighbridge.reports.style import Style
from weighbridge.text.escaping import visible

_VERDICTS = tuple(Verdict)
_KINDS = tuple(Kind)
_SEVERITIES = tuple(Severity)
_CODE_LINES = 12
_CODE_CHARACTERS = 2_000
_FINDINGS_PER_FILE = 25
_REASONS_PER_FILE = 5
_REMARKS_PER_FILE = 3
_REMARKS = 8
_PATH_CHARACTERS = 300


def render(report: ScanReport, style: Style) -> str:
    """Return the report on one target, with a line end."""
    return "\n".join(_lines(report, style)) + "\n"


def _lines(report: ScanReport, style: Style) -> Iterator[str]:
    target = visible(report.target, _PATH_CHARACTERS)
    quiet = report.complete and report.verdict is Verdict.CLEAN
    if quiet:
        files = _counted(len(report.files), "file")
        yield f"{style.strong(target)}: {files}, {style.verdict(Verdict.CLEAN)}"
    else:
        yield f"{style.strong(target)}: {style.verdict(report.verdict)}"
    if report.model is not None:
        yield from provider_text.about(report.model, style)
    by_path: dict[str, list[Finding]] = {}
    for finding in report.findings:
        by_path.setdefault(finding.path, []).append(finding)
    for file in sorted(report.files, key=lambda file: _VERDICTS.index(file.verdict)):
        if file.verdict is not Verdict.CLEAN:
            yield ""
            yield from _file(file, by_path.get(file.path, []), style)
    yield from _advice(report.files, style)
    clean = [file for file in report.files if file.verdict is Verdict.CLEAN]
    yield from provider_text.refuted(clean, style)
    yield from _passed(report.notes, style)
    yield from libraries_text.about(report, style)
    if report.outcome is not None:
        yield from policy_text.about(report.outcome, style)
    if not report.complete:
        yield ""
        yield "INTERRUPTED: only the files named or counted here were examined."
    if not quiet:
        yield ""
        yield _summary(report)


def _advice(files: Iterable[FileReport], style: Style) -> Iterator[str]:
    """How clean files can be loaded, said once for all of which it is true."""
    paths: dict[str, list[str]] = {}
    for file in files:
        if file.verdict is Verdict.CLEAN:
            for note in file.notes:
                paths.setdefault(note.text, []).append(file.path)
    for text, named in list(paths.items())[:_REMARKS]:
        more = f" and {len(named) - 1} more" if len(named) > 1 else ""
        yield from style.folded(f"{visible(named[0], _PATH_CHARACTERS)}{more}: {text}", 2)
    if len(paths) > _REMARKS:
        yield f"  and {len(paths) - _REMARKS} more notes; see --format json"


def _file(file: FileReport, findings: Sequence[Finding], style: Style) -> Iterator[str]:
    path = visible(file.path, _PATH_CHARACTERS)
    what = ", ".join(part for part in (file.format or "", _purpose(file.role)) if part)
    about = f"  ({visible(what)})" if what else ""
    yield f"{style.strong(path)}  {style.verdict(file.verdict)}{style.faint(about)}"
    ordered = sorted(findings, key=_rank)
    for finding in ordered[:_FINDINGS_PER_FILE]:
        yield from _finding(finding, style)
    if len(ordered) > _FINDINGS_PER_FILE:
        more = _counted(len(ordered) - _FINDINGS_PER_FILE, "more finding")
        yield f"  and {more}; see --format json"
    yield from _some(file.coverage.notes, _REASONS_PER_FILE, "not examined: ", style)
    yield from _some(file.notes, _REMARKS_PER_FILE, "note: ", style)
    yield from provider_text.scans(file, style)


def _rank(finding: Finding) -> tuple[int, int]:
    return _KINDS.index(finding.kind), _SEVERITIES.index(finding.severity)


def _purpose(role: str) -> str:
    return "opened only when training is resumed" if role == "training-state" else ""


def _finding(finding: Finding, style: Style) -> Iterator[str]:
    first, *more = style.folded(finding.title, 2 + len(finding.severity.value) + 2)
    yield f"  {style.severity(finding.severity)}  {first.lstrip()}"
    yield from more
    if finding.advisories:
        yield from style.folded(", ".join(finding.advisories), 4, f"{'advisory':<12}")
    code = finding.evidence.get("code")
    if isinstance(code, str) and code:
        yield from _code(code, style)
    for label, text in (
        ("where", _place(finding)),
        ("runs with", ", ".join(finding.loaders)),
        ("what to do", finding.remediation),
        ("rule", finding.rule),
    ):
        if text:
            yield from style.folded(text, 4, f"{label:<12}")


def _place(finding: Finding) -> str:
    parts = []
    if finding.member is not None:
        parts.append(visible(finding.member, _PATH_CHARACTERS))
    line = finding.evidence.get("line")
    if isinstance(line, int) and line > 0:
        parts.append(f"line {line}")
    elif finding.offset is not None:
        parts.append(f"byte {finding.offset}")
    return ", ".join(parts)


def _code(code: str, style: Style) -> Iterator[str]:
    """The pseudo-code, its own lines kept apart; long ones are folded, never lost in the margin."""
    lines = [
        folded
        for line in code[:_CODE_CHARACTERS].split("\n")
        for folded in style.folded(line, 6, "> ")
    ]
    yield from lines[:_CODE_LINES]
    if len(lines) > _CODE_LINES or len(code) > _CODE_CHARACTERS:
        yield "      > …"


def _some(notes: Sequence[CoverageNote], most: int, label: str, style: Style) -> Iterator[str]:
    for note in notes[:most]:
        member = f"{visible(note.member, _PATH_CHARACTERS)}: " if note.member is not None else ""
        at = f" (byte {note.offset})" if note.offset is not None else ""
        yield from style.folded(f"{member}{note.text}{at}", 2, label)
    if len(notes) > most:
        yield f"  {label}and {len(notes) - most} more; see --format json"


def _passed(notes: Iterable[CoverageNote], style: Style) -> Iterator[str]:
    """Links, pipes and the like: one line per kind, with the first one's name."""
    first: dict[str, CoverageNote] = {}
    counts: Counter[str] = Counter()
    for note in notes:
        first.setdefault(note.code, note)
        counts[note.code] += 1
    for code, note in first.items():
        more = f" and {counts[code] - 1} more" if counts[code] > 1 else ""
        path = visible(note.member or "", _PATH_CHARACTERS)
        yield from style.folded(f"{path}{more}: {note.text}", 0, "note: ")


def _summary(report: ScanReport) -> str:
    counts = Counter(file.verdict for file in report.files)
    parts = [f"{counts[verdict]} {verdict.value}" for verdict in _VERDICTS if counts[verdict]]
    files = _counted(len(report.files), "file")
    counted = f"{files} in {report.seconds:.1f} s: {', '.join(parts) or 'nothing examined'}"
    fetched = sum(file.fetched for file in report.files)
    if not fetched:
        return counted
    total = sum(file.size for file in report.files)
    shown = f"{provider_text.bytes_text(fetched)} of {provider_text.bytes_text(total)}"
    return f"{counted}; fetched {shown}"


def _counted(count: int, thing: str) -> str:
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"
