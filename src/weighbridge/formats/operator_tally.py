"""Counts the operators of a model, and states each once."""

from __future__ import annotations

from weighbridge.facts.graphs import Operator
from weighbridge.formats.context import Context, Place
from weighbridge.formats.python.effects import excerpt

MOST_OPERATORS = 2_000
_NAME, _ARGUMENT = 200, 300

Arguments = tuple[tuple[str, str], ...]


class OperatorTally:
    """Operators with the offset of the first that is like it, and how often it stands there."""

    def __init__(self, format_name: str) -> None:
        self._format = format_name
        self._found: dict[tuple[str, str, Arguments], list[int]] = {}

    def note(self, name: str, offset: int = 0, domain: str = "", arguments: Arguments = ()) -> None:
        """Count one operator; further kinds than are kept are counted under no name."""
        kept = tuple((key[:_NAME], excerpt(value, _ARGUMENT)) for key, value in arguments)
        key = (excerpt(domain, _NAME), excerpt(name, _NAME), kept)
        if key not in self._found and len(self._found) >= MOST_OPERATORS:
            key = (key[0], "…", ())
        entry = self._found.setdefault(key, [offset, 0])
        entry[1] += 1

    def state(self, context: Context, place: Place) -> None:
        """Add a fact for each."""
        for (domain, name, arguments), (offset, count) in self._found.items():
            context.add(
                Operator(
                    member=place.member,
                    offset=offset,
                    format=self._format,
                    domain=domain,
                    name=name,
                    where="",
                    role="",
                    count=count,
                    arguments=arguments,
                    resolved=True,
                    hidden=False,
                )
            )
