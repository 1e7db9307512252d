"""What a run of one pickle stream yields, and what a caller wants to see in full."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from weighbridge.facts.expressions import Expression

Observer = Callable[[int, tuple[Expression, ...]], None]
Builder = Callable[[Expression, "Trace", int], int]


@dataclass(slots=True)
class SymbolRecord:
    """One distinct import."""

    module: str
    name: str
    resolved_module: str
    resolved_name: str
    how: str
    offset: int
    dotted: bool
    computed: bool
    count: int = 0
    kept: int = 0
    uses: set[str] = field(default_factory=set)


@dataclass(slots=True)
class CallRecord:
    """One distinct call; see :class:`weighbridge.facts.pickles.Call`."""

    how: str
    callee: Expression
    arguments: tuple[Expression, ...]
    keywords: Expression | None
    offset: int
    states: list[Expression] = field(default_factory=list)
    count: int = 1
    feeds: bool = False
    shown_once: bool = False


@dataclass(slots=True)
class WriteRecord:
    """BUILD on an imported symbol."""

    target: Expression
    state: Expression
    offset: int


@dataclass(slots=True)
class Trace:
    """Everything one stream would do, up to its end or to where it breaks.

    Attributes:
        texts: what stands under short keys in a dict that is the whole stream's value, an empty
            text for what is none; the first keys of it.
        tempting: offsets of constants that begin like a pickle; the last of them.
    """

    offset: int
    end: int = 0
    protocol: int = 0
    opcodes: int = 0
    error: str | None = None
    limit: str | None = None
    oddities: tuple[str, ...] = ()
    symbols: list[SymbolRecord] = field(default_factory=list)
    calls: list[CallRecord] = field(default_factory=list)
    methods: dict[int, int] = field(default_factory=dict)
    writes: list[WriteRecord] = field(default_factory=list)
    persistent: list[Expression] = field(default_factory=list)
    persistent_count: int = 0
    texts: dict[str, str] = field(default_factory=dict)
    tempting: tuple[int, ...] = ()

    @property
    def stopped(self) -> bool:
        """True when STOP was reached."""
        return self.error is None and self.limit is None


@dataclass(frozen=True, slots=True)
class Attention:
    """What a caller wants to see in full.

    Attributes:
        positions: callables whose calls are told apart by their arguments, and by which argument
            positions (None: all). Calls of others are only counted beyond the first few.
        observers: called for every call of a callable, with offset and arguments.
        persistent: called for every persistent id.
        builders: for classes whose ``BUILD`` makes the loader read on from the file itself: called
            with the state, the trace so far and the offset behind BUILD; returns where the
            unpickler goes on.
    """

    positions: Mapping[tuple[str, str], tuple[int, ...] | None] = field(default_factory=dict)
    observers: Mapping[tuple[str, str], Observer] = field(default_factory=dict)
    persistent: Callable[[int, Expression], None] | None = None
    builders: Mapping[tuple[str, str], Builder] = field(default_factory=dict)
