"""What a search for the bytes of known payloads found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PatternMatch:
    """Bytes that a known payload has, and nothing that a model needs.

    Attributes:
        member: place inside the file, None for the file itself.
        offset: of the first match, from the start of what was searched.
        pattern: name of the pattern.
        description: what has these bytes.
        source: where the pattern comes from.
        effect: what the payload does, in the words of the table of effects.
    """

    member: str | None
    offset: int
    pattern: str
    description: str
    source: str
    effect: str
