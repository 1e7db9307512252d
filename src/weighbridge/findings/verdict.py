"""From findings and gaps to the verdict of a file, and from files to the verdict of a target."""

from __future__ import annotations

from collections.abc import Iterable

from weighbridge.findings.model import Finding, Kind, Verdict

_STRONGEST_FIRST = tuple(Verdict)
_BY_KIND = {
    Kind.MALICIOUS: Verdict.MALICIOUS,
    Kind.SUSPICIOUS: Verdict.SUSPICIOUS,
    Kind.WEAKNESS: Verdict.WEAKNESS,
}


def strongest(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the strongest of `verdicts`; clean when there is none."""
    return min(verdicts, key=_STRONGEST_FIRST.index, default=Verdict.CLEAN)


def at_least(verdict: Verdict, threshold: Verdict) -> bool:
    """Tell whether `verdict` is as strong as `threshold` or stronger."""
    return _STRONGEST_FIRST.index(verdict) <= _STRONGEST_FIRST.index(threshold)


def of_file(findings: Iterable[Finding], complete: bool) -> Verdict:
    """Return the verdict that follows from a file's findings.

    Args:
        findings: of this file.
        complete: False when any of its bytes were not examined.
    """
    verdicts = [_BY_KIND[finding.kind] for finding in findings]
    if not complete:
        verdicts.append(Verdict.INCONCLUSIVE)
    return strongest(verdicts)
