"""Operators of TensorFlow: all of them by name, and those that reach outside the model."""

from dataclasses import dataclass
from functools import cache

from weighbridge.tables.reader import rows


@dataclass(frozen=True, slots=True)
class TensorFlowOperator:
    """An operator with an effect beyond computing.

    Attributes:
        name: as graphs name it.
        judge: what counts: `path` (a file it names), `saver` (the same, ordinary where a model
            saves and restores itself), `table` (the same, ordinary for an asset), `address` (a
            machine it names), `stream` (a file among other streams), `always`, `possible` (says
            nothing of what it touches), `graph` (carries another graph).
        effect: name of a row of `effects.tsv`.
        operands: inputs by number, attributes by name with `@`, comma-separated; `none`.
        phrase: completes "one of its operators ...".
    """

    name: str
    judge: str
    effect: str
    operands: str
    phrase: str
    source: str
    reason: str


@cache
def _operators() -> dict[str, TensorFlowOperator]:
    found = rows("tensorflow_operators.tsv", *TensorFlowOperator.__slots__)
    return {row[0]: TensorFlowOperator(*row) for row in found}


def operator(name: str) -> TensorFlowOperator | None:
    """Return the row of an operator that reaches outside the model, or None."""
    return _operators().get(name)


def operator_names() -> tuple[str, ...]:
    """Return the names of all operators that reach outside the model."""
    return tuple(_operators())


@cache
def _registry() -> frozenset[str]:
    table = rows("tensorflow_registry.tsv", "initial", "names", "source", "reason")
    return frozenset(name for _initial, names, _source, _reason in table for name in names.split())


def registered(name: str) -> bool:
    """Say whether TensorFlow itself has an operator of this name."""
    return name in _registry()
