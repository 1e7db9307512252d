"""Keeps the distinct imports and calls of a stream while it runs.

Calls of callables whose arguments decide something are told apart; those of others are kept a few
times and then only counted, in the opcode loop itself, so that a million instances cost nothing.
"""

from __future__ import annotations

from weighbridge.budget import Budget
from weighbridge.facts.expressions import Bytes, Expression, Text
from weighbridge.formats.pickle import layout
from weighbridge.formats.pickle.machine import Core
from weighbridge.formats.pickle.names import resolve
from weighbridge.formats.pickle.trace import Attention, CallRecord, SymbolRecord, Trace

KEEP_CALLS = 16
PLAIN_CALLS = 60_000
PLAIN_REPEATS = 4096
DISTINCT_CALLS = 20_000
LONG_CONSTANT = 9


class Ledger:
    """The imports and calls of one stream, by number."""

    def __init__(self, core: Core, trace: Trace, attention: Attention, budget: Budget) -> None:
        self._core = core
        self._trace = trace
        self._attention = attention
        self._budget = budget
        self._symbol_numbers: dict[tuple[str, str, str, int], int] = {}
        self._call_numbers: dict[object, int] = {}
        self._kept: dict[tuple[int, int], tuple[int, int]] = {}

    def symbol(self, module: str, name: str, how: str, computed: bool) -> int:
        """Return the number of an import, new or seen before; -1 when there are too many."""
        core, trace = self._core, self._trace
        protocol = core.protocol
        key = (module, name, how, min(max(protocol, 2), 4))
        number = self._symbol_numbers.get(key)
        if number is None:
            number = len(trace.symbols)
            if number >= min(self._budget.limits.imports, layout.SYMBOL_SLOTS):
                return -1
            self._symbol_numbers[key] = number
            resolved = (module, name) if computed else resolve(module, name, protocol)
            trace.symbols.append(
                SymbolRecord(module, name, *resolved, how, core.position, protocol >= 4, computed)
            )
        trace.symbols[number].count += 1
        return number

    def call(self, made: CallRecord, callee: int) -> int:
        """Return the number of a call, a new one or that of an equal call before.

        Args:
            made: the call.
            callee: the machine's value of what is called.

        Returns:
            The number, -1 when there are too many.
        """
        trace = self._trace
        number = callee >> 4
        if callee & 15 != layout.SYMBOL or trace.symbols[number].computed:
            return self._distinct(made)
        symbol = trace.symbols[number]
        names = (symbol.resolved_module, symbol.resolved_name)
        observer = self._attention.observers.get(names)
        if observer is not None:
            observer(made.offset, made.arguments)
        if names in self._attention.positions:
            return self._telling(made, number, self._attention.positions[names])
        return self._plain(made, number)

    def _distinct(self, made: CallRecord) -> int:
        """A call whose callee is computed: every different one is kept."""
        known = self._known(made, made.arguments)
        return self._new(made, made.arguments) if known is None else known

    def _telling(self, made: CallRecord, symbol: int, telling: tuple[int, ...] | None) -> int:
        """A call whose arguments at the `telling` positions decide."""
        record = self._trace.symbols[symbol]
        shown = made.arguments
        if telling is not None:
            shown = _deciding(made.arguments, telling, record)
        known = self._known(made, shown)
        if known is not None:
            if telling is not None and self._trace.calls[known].arguments != made.arguments:
                self._trace.calls[known].shown_once = True
            return known
        return self._new(made, shown, symbol)

    def _plain(self, made: CallRecord, symbol: int) -> int:
        """A call whose arguments decide nothing: a few are kept, the rest is counted."""
        known = self._known(made, made.arguments)
        if known is not None:
            if self._trace.calls[known].count > PLAIN_REPEATS:
                self._close(made, symbol, known)
            return known
        kept, last = self._kept.get((symbol, _kind(made)), (0, -1))
        if kept >= KEEP_CALLS or (kept and len(self._trace.calls) > PLAIN_CALLS):
            self._trace.calls[last].shown_once = True
            self._trace.calls[last].count += 1
            self._close(made, symbol, last)
            return last
        number = self._new(made, made.arguments, symbol)
        self._kept[(symbol, _kind(made))] = (kept + 1, number)
        return number

    def _known(self, made: CallRecord, shown: tuple[Expression, ...]) -> int | None:
        number = self._call_numbers.get((made.how, made.callee, shown, made.keywords))
        if number is not None:
            self._trace.calls[number].count += 1
        return number

    def _new(
        self, made: CallRecord, shown: tuple[Expression, ...], symbol: int | None = None
    ) -> int:
        calls = self._trace.calls
        most = min(PLAIN_CALLS + self._budget.limits.calls, layout.RESULT_SLOTS)
        number = len(calls)
        if number >= most:
            return -1
        self._call_numbers[(made.how, made.callee, shown, made.keywords)] = number
        calls.append(made)
        if symbol is not None:
            self._trace.symbols[symbol].kept += 1
        return number

    def _close(self, made: CallRecord, symbol: int, number: int) -> None:
        """Have the opcode loop count further calls of this kind as call `number`."""
        core = self._core
        record = self._trace.symbols[symbol]
        kind = _kind(made)
        if kind and (record.resolved_module, record.resolved_name) not in self._attention.observers:
            self.settle(symbol)
            core.symbol_result[symbol] = number << 4 | layout.RESULT
            core.symbol_mode[symbol] = kind

    def settle(self, symbol: int) -> None:
        """Add what the opcode loop counted to the call that it stands for."""
        core = self._core
        if core.symbol_calls[symbol]:
            self._trace.calls[core.symbol_result[symbol] >> 4].count += core.symbol_calls[symbol]
            core.symbol_calls[symbol] = 0


def _kind(made: CallRecord) -> int:
    """Return the mode of a symbol that closes it for calls like this one, 0 if none does."""
    kinds = {"REDUCE": layout.REDUCE_CLOSED, "NEWOBJ": layout.NEWOBJ_CLOSED}
    kind = kinds.get(made.how, 0)
    return kind + layout.BARE if kind and not made.arguments else kind


def _deciding(
    items: tuple[Expression, ...], telling: tuple[int, ...], symbol: SymbolRecord
) -> tuple[Expression, ...]:
    """Return the arguments by which calls are told apart: those that decide, and long constants.

    A long constant may be a payload for whoever takes the result, so it is never mistaken for
    that of an earlier call.
    """
    shown = tuple(items[i] for i in telling if i < len(items))
    if symbol.kept >= DISTINCT_CALLS:
        return shown
    return shown + tuple(
        item for item in items if isinstance(item, Text | Bytes) and item.size >= LONG_CONSTANT
    )
