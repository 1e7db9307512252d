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
        self._more = False

    def note(self, name: str, offset: int = 0, domain: str = "", arguments: Arguments = ()) -> None:
        """Count one operator."""
        kept = tuple((key[:_NAME], value[: 2 * _ARGUMENT]) for key, value in arguments)
        key = (domain[: 2 * _NAME], name[: 2 * _NAME], kept)
        if key not in self._found and len(self._found) >= MOST_OPERATORS:
            self._more = True
            return
        entry = self._found.setdefault(key, [offset, 0])
        entry[1] += 1

    def knows(self, name: str) -> bool:
        """Say whether an operator of this name was counted."""
        return any(one == name for _domain, one, _given in self._found)

    def state(self, context: Context, place: Place) -> None:
        """Add a fact for each, and say when there are more kinds than are kept."""
        for (domain, name, given), (offset, count) in self._found.items():
            # Masking costs more than all else, so it is done once for each kind.
            arguments = tuple((key, excerpt(value, _ARGUMENT)) for key, value in given)
            context.add(
                Operator(
                    member=place.member,
                    offset=offset,
                    format=self._format,
                    domain=excerpt(domain, _NAME),
                    name=excerpt(name, _NAME),
                    where="",
                    role="",
                    count=count,
                    arguments=arguments,
                    resolved=True,
                    hidden=False,
                )
            )
        if self._more:
            text = f"more than {MOST_OPERATORS} kinds of operators"
            context.gap(place, self._format, "limit-operators", text)
