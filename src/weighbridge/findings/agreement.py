"""Whether a provider's scanner and our examination of the same file say the same."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from weighbridge.findings.model import Agreement, FileReport, Verdict

_FLAGGED = frozenset({"unsafe", "suspicious", "caution", "infected", "malicious", "dangerous"})
_FOUND = frozenset({Verdict.MALICIOUS, Verdict.SUSPICIOUS})


def agreement(status: str, verdict: Verdict) -> Agreement:
    """Compare a provider's `status` with our `verdict`; words not known here mean no answer."""
    flagged = status.lower() in _FLAGGED
    if verdict in _FOUND:
        if flagged:
            return Agreement.CONFIRMED
        return Agreement.UNSEEN if status.lower() == "safe" else Agreement.UNKNOWN
    if verdict is Verdict.INCONCLUSIVE:
        return Agreement.UNKNOWN
    if flagged:
        return Agreement.CONFIRMED if verdict is Verdict.WEAKNESS else Agreement.REFUTED
    return Agreement.AGREED if status.lower() == "safe" else Agreement.UNKNOWN


def with_agreement(files: Iterable[FileReport]) -> tuple[FileReport, ...]:
    """Return the reports with their providers' scans compared with their final verdicts."""
    return tuple(map(_compared, files))


def _compared(file: FileReport) -> FileReport:
    if not file.provider_scans:
        return file
    scans = [
        replace(one, agreement=agreement(one.status, file.verdict)) for one in file.provider_scans
    ]
    return replace(file, provider_scans=tuple(scans))
