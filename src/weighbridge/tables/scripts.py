"""What Python callables do to the world outside, and what their results are."""

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from weighbridge.tables.reader import rows


@dataclass(frozen=True, slots=True)
class ScriptAct:
    """What calling a dotted name does."""

    name: str
    act: str
    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class ScriptTrait:
    """What is known of the result of calling or reading a dotted name."""

    name: str
    trait: str
    source: str
    reason: str


@cache
def _acts() -> dict[str, ScriptAct]:
    return {row[0]: ScriptAct(*row) for row in rows("script_acts.tsv", *ScriptAct.__slots__)}


@cache
def _traits() -> dict[str, ScriptTrait]:
    return {row[0]: ScriptTrait(*row) for row in rows("script_traits.tsv", *ScriptTrait.__slots__)}


def script_act(name: str) -> str | None:
    """Return what calling exactly this name does, None for what nobody has to know about."""
    row = _acts().get(name)
    return None if row is None else row.act


@lru_cache(4096)
def script_trait(name: str) -> str | None:
    """Return the trait of what a dotted name leads to, by the longest name that the table has."""
    parts = name.split(".", 12)
    for end in range(len(parts), 0, -1):
        row = _traits().get(".".join(parts[:end]))
        if row is not None:
            return row.trait
    return None


@dataclass(frozen=True, slots=True)
class SensitivePath:
    """A pattern of paths that hold credentials, or that the system runs later on."""

    pattern: str
    trait: str
    source: str
    reason: str


@cache
def _paths() -> tuple[tuple[re.Pattern[str], str], ...]:
    found = rows("sensitive_paths.tsv", *SensitivePath.__slots__)
    return tuple((re.compile(row[0]), row[1]) for row in found)


def path_traits(text: str) -> frozenset[str]:
    """Return what reading or writing the paths in `text` would give away or set up."""
    return frozenset(trait for pattern, trait in _paths() if pattern.search(text))
