"""Texts in the state of an object that its class runs as code while the object is loaded."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from weighbridge.tables.callables import operand
from weighbridge.tables.reader import rows

# Of the judges of operands, these look at states, and there at one key.
_STATE_JUDGES = {"formula-state": "formula", "neighbour-file": "filename"}


# Where a state decides, as many different ones are kept; honest files have one or two.
MOST_STATES = 64


@dataclass(frozen=True, slots=True)
class StateText:
    """One key of a state: which package's classes run its text, and what honest ones look like."""

    key: str
    module: str
    ordinary: re.Pattern[str]
    source: str
    reason: str


@cache
def state_texts() -> dict[str, StateText]:
    """Return the rows by their key."""
    read = rows("state_texts.tsv", *StateText.__slots__)
    return {
        key: StateText(key, module, re.compile(ordinary), source, reason)
        for key, module, ordinary, source, reason in read
    }


@cache
def deciding_keys() -> frozenset[str]:
    """Return every key of a state that any judge looks at."""
    return frozenset((*state_texts(), *_STATE_JUDGES.values()))


@lru_cache(1024)
def state_decides(module: str, name: str) -> bool:
    """Say whether every different state of what this callable makes has to be looked at."""
    row = operand(module, name)
    return (row is not None and row.judge in _STATE_JUDGES) or runs_texts(module)


def runs_texts(module: str) -> bool:
    """Say whether a module belongs to a package with classes that run a text of their state."""
    return any(f"{module}.".startswith(f"{row.module}.") for row in state_texts().values())
