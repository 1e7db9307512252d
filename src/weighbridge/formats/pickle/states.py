"""Which of the states that BUILD hands to a call's result are kept to be judged."""

from __future__ import annotations

from weighbridge.facts.expressions import Expression, Mapping, Symbol, Text
from weighbridge.formats.pickle.trace import CallRecord
from weighbridge.tables.state_texts import MOST_STATES, deciding_keys, state_decides

KEEP_STATES = 4


def keep_state(call: CallRecord, state: Expression) -> bool:
    """Keep a state of a call's result; returns whether no further one is to be kept.

    The first few are; where a class runs what its state holds, each that differs in what it runs.
    """
    decides = _state_decides(call)
    if len(call.states) < KEEP_STATES:
        call.states.append(state)
    elif decides and len(call.states) < MOST_STATES:
        part = _deciding(state)
        if part is not None and part not in call.states:
            call.states.append(part)
    return len(call.states) >= (MOST_STATES if decides else KEEP_STATES)


def _state_decides(call: CallRecord) -> bool:
    """Say so for a class, and for a call that makes an instance of the class given first."""
    named = (call.callee, *call.arguments[:1])
    return any(isinstance(item, Symbol) and state_decides(item.module, item.name) for item in named)


def _deciding(state: Expression) -> Expression | None:
    """Return what decides of a state: all of one that is not seen in full."""
    if not isinstance(state, Mapping) or state.total * 2 > len(state.items):
        return state
    pairs = zip(state.items[::2], state.items[1::2], strict=True)
    keys = deciding_keys()
    kept = [pair for pair in pairs if isinstance(pair[0], Text) and pair[0].value in keys]
    return Mapping(tuple(item for pair in kept for item in pair), len(kept)) if kept else None
