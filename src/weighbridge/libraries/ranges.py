"""A range of versions as records write it."""

from __future__ import annotations

from dataclasses import dataclass

Event = tuple[str, str]
"""`introduced`, `fixed`, `last_affected` or `limit`, and the version."""


@dataclass(frozen=True, slots=True)
class Range:
    """One range that is not of commits: its events in the order of the record."""

    events: tuple[Event, ...]
