"""Colour for terminals, and folding of lines; everything hostile is escaped on the way in."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

from weighbridge.findings.model import Severity, Verdict
from weighbridge.text.escaping import visible

_RED, _YELLOW, _GREEN, _BLUE, _BOLD, _DIM = "31", "33", "32", "34", "1", "2"

_VERDICTS = {
    Verdict.MALICIOUS: f"{_BOLD};{_RED}",
    Verdict.SUSPICIOUS: f"{_BOLD};{_YELLOW}",
    Verdict.INCONCLUSIVE: f"{_BOLD};{_YELLOW}",
    Verdict.WEAKNESS: _BLUE,
    Verdict.CLEAN: _GREEN,
}
_SEVERITIES = {
    Severity.CRITICAL: f"{_BOLD};{_RED}",
    Severity.HIGH: _RED,
    Severity.MEDIUM: _YELLOW,
    Severity.LOW: _BLUE,
    Severity.INFO: _DIM,
}
NARROWEST, WIDEST = 40, 120


@dataclass(frozen=True, slots=True)
class Style:
    """How text is to look: with colour or without, and how wide at most."""

    colour: bool = False
    width: int = 100

    def verdict(self, verdict: Verdict) -> str:
        """Return the verdict as it is shown."""
        return self._paint(verdict.value.upper(), _VERDICTS[verdict])

    def severity(self, severity: Severity) -> str:
        """Return the severity as it is shown."""
        return self._paint(severity.value, _SEVERITIES[severity])

    def strong(self, text: str) -> str:
        """Return `text` in bold."""
        return self._paint(text, _BOLD)

    def faint(self, text: str) -> str:
        """Return `text` dimmed."""
        return self._paint(text, _DIM)

    def folded(self, text: str, indent: int, label: str = "") -> list[str]:
        """Return `text`, made harmless, as lines behind `label`, all indented."""
        width = max(NARROWEST, min(self.width, WIDEST))
        first = " " * indent + label
        lines = textwrap.wrap(
            visible(text),
            width,
            initial_indent=first,
            subsequent_indent=" " * len(first),
            break_on_hyphens=False,
        )
        return lines or [first.rstrip()]

    def _paint(self, text: str, codes: str) -> str:
        return f"\x1b[{codes}m{text}\x1b[0m" if self.colour else text
