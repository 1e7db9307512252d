"""What a policy says about a report, for people."""

from __future__ import annotations

from collections.abc import Iterator

from weighbridge.findings.outcome import Outcome
from weighbridge.reports.style import Style
from weighbridge.text.escaping import visible

_SHOWN = 25
_PATH_CHARACTERS = 300


def about(outcome: Outcome, style: Style) -> Iterator[str]:
    """Yield each violation, what was accepted, what is over, and whether it passes."""
    for one in outcome.violations[:_SHOWN]:
        path = f"{visible(one.path, _PATH_CHARACTERS)}: " if one.path else ""
        yield from style.folded(f"{path}{one.text}", 0, "policy: ")
    if len(outcome.violations) > _SHOWN:
        yield f"policy: and {len(outcome.violations) - _SHOWN} more"
    for accepted in outcome.suppressed[:_SHOWN]:
        text = f"{accepted.rule} {accepted.subject[:60]} was accepted by {accepted.owner} until "
        yield from style.folded(f"{text}{accepted.until}: {accepted.reason}", 0, "policy: ")
    for note in outcome.notes[:_SHOWN]:
        yield from style.folded(note, 0, "policy: ")
    yield f"policy: {'passed' if outcome.passed else 'FAILED'}"
