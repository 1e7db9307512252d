"""The verdict from which a run counts as failed (``--fail-on``)."""

from __future__ import annotations

from enum import StrEnum

from weighbridge.findings.model import Verdict
from weighbridge.findings.verdict import at_least


class FailOn(StrEnum):
    """What a user asks to fail on; each includes all that is stronger."""

    MALICIOUS = "malicious"
    SUSPICIOUS = "suspicious"
    WEAKNESS = "weakness"
    NEVER = "never"


def fails(verdict: Verdict, threshold: FailOn) -> bool:
    """Tell whether `verdict` reaches `threshold`; inconclusive counts as suspicious."""
    if threshold is FailOn.NEVER:
        return False
    counted = Verdict.SUSPICIOUS if verdict is Verdict.INCONCLUSIVE else verdict
    return at_least(counted, Verdict(threshold.value))
