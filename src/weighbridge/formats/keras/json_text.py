"""JSON as Python's reader takes it, with what that reader silently drops.

Of two equal keys Python keeps the last one. The values that lose are kept here as well, because
another reader, or a person, may see those instead.
"""

from __future__ import annotations

import json

from weighbridge.errors import LimitExceeded, MalformedInput

LARGEST = 32 << 20
_MOST_DIGITS = 300
_MOST_SHADOWED = 1_000


class Members(dict[str, object]):
    """An object of a JSON text.

    Attributes:
        shadowed: key and value of each member that a later one of the same name replaces.
    """

    __slots__ = ("shadowed",)

    def __init__(self, pairs: list[tuple[str, object]]) -> None:
        super().__init__(pairs)
        self.shadowed: list[tuple[str, object]] = []
        if len(self) != len(pairs):
            self._keep_shadowed(pairs)

    def _keep_shadowed(self, pairs: list[tuple[str, object]]) -> None:
        last = {key: number for number, (key, _value) in enumerate(pairs)}
        for number, (key, value) in enumerate(pairs):
            if last[key] != number and len(self.shadowed) < _MOST_SHADOWED:
                self.shadowed.append((key, value))


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= _MOST_DIGITS else float("inf")


def load(data: bytes | str) -> object:
    """Return the value of a JSON text in any of the encodings that Python's reader detects.

    Raises:
        MalformedInput: Python's reader refuses it.
        LimitExceeded: it is too long or nested too deeply to read.
    """
    if len(data) > LARGEST:
        raise LimitExceeded("limit-config", f"a configuration of more than {LARGEST} bytes", 0)
    try:
        return json.loads(data, object_pairs_hook=Members, parse_int=_integer)
    except RecursionError:
        raise LimitExceeded("limit-depth", "the configuration is nested too deeply", 0) from None
    except ValueError as error:
        raise MalformedInput("malformed-config", "the configuration is no JSON", 0) from error


def same(first: object, second: object) -> bool:
    """Say whether two values are equal; False where they are nested too deeply to tell."""
    try:
        return first == second
    except RecursionError:
        return False
