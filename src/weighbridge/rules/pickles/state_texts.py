"""Judges texts in states that a class runs as code in its `__setstate__`."""

from __future__ import annotations

from collections.abc import Iterator

from weighbridge.facts.expressions import (
    Expression,
    Mapping,
    Result,
    Sequence,
    Symbol,
    Text,
    Unknown,
)
from weighbridge.facts.pickles import Call
from weighbridge.findings.model import Kind
from weighbridge.rules.pickles.operands import Opinion
from weighbridge.tables.state_texts import MOST_STATES, runs_texts, state_texts


def judge_state_texts(call: Call) -> Opinion | None:
    """Return what is wrong with the states handed to the result of a call, None if nothing is.

    A subclass runs the same text, so the key counts whatever the class is called.
    """
    for state in call.state:
        for key, value in _pairs(state):
            row = state_texts().get(key)
            if row is None or (isinstance(value, Text) and row.ordinary.fullmatch(value.value)):
                continue
            shown = repr(value.value[:80]) if isinstance(value, Text) else "what is computed"
            kind = Kind.MALICIOUS if isinstance(value, Text) else Kind.SUSPICIOUS
            return Opinion(kind, f"runs {shown} as code while the object is restored", "code_exec")
    if _runs_texts(call) and (len(call.state) >= MOST_STATES or any(map(_unseen, call.state))):
        text = "a text of its state is run as code, and the state is built so that it is not seen"
        return Opinion(Kind.SUSPICIOUS, text, "code_exec")
    return None


def _pairs(state: Expression) -> Iterator[tuple[str, Expression]]:
    """Yield keys and values of a mapping, or of the pairs that `dict.update` takes in its place."""
    if isinstance(state, Mapping):
        for key, value in zip(state.items[::2], state.items[1::2], strict=False):
            if isinstance(key, Text):
                yield key.value, value
    elif isinstance(state, Sequence):
        for item in state.items:
            if isinstance(item, Mapping):
                yield from _pairs(item)
            elif isinstance(item, Sequence) and len(item.items) == 2:
                key, value = item.items
                if isinstance(key, Text):
                    yield key.value, value


def _runs_texts(call: Call) -> bool:
    named = (item for item in (call.callee, *call.arguments[:1]) if isinstance(item, Symbol))
    return any(runs_texts(item.module) for item in named)


def _unseen(state: Expression) -> bool:
    if isinstance(state, Mapping):
        return state.total * 2 > len(state.items)
    if isinstance(state, Sequence):
        return state.total > len(state.items)
    return isinstance(state, Result | Unknown)
