"""Runs one pickle stream over abstract values and keeps what it would import and call.

The opcode loop is in :mod:`weighbridge.formats.pickle.machine`; this module does what the loop
hands over: imports, calls, BUILD and the rare text opcodes. It follows ``Modules/_pickle.c`` and,
where ``Lib/pickle.py`` goes on while C stops, ``Lib/pickle.py``, because either may be the loader.
What ran before an error still ran: everything recorded stands.
"""

from __future__ import annotations

from collections.abc import Callable

from weighbridge.budget import Budget
from weighbridge.errors import LimitExceeded, MalformedInput
from weighbridge.facts.expressions import Symbol
from weighbridge.formats.pickle import layout, literals
from weighbridge.formats.pickle.ledger import Ledger
from weighbridge.formats.pickle.lift import Lifter
from weighbridge.formats.pickle.lines import LineOpcodes
from weighbridge.formats.pickle.machine import Core
from weighbridge.formats.pickle.states import keep_state
from weighbridge.formats.pickle.trace import Attention, CallRecord, Trace, WriteRecord
from weighbridge.sources.base import Source

KEEP_WRITES = 16
NAME_LIMIT = 2048


class Interpreter:
    """Runs streams one after another on one :class:`Core`.

    Args:
        share: the machine gets this fraction of the full capacities.
        core: the class of the machine; the one that is compiled, unless a test wants the other.
    """

    def __init__(self, share: int = 1, core: type[Core] = Core) -> None:
        self._core = core(share)
        self._budget = Budget()
        self._attention = Attention()
        self._reset(0, 0)

    def _reset(self, offset: int, end: int) -> None:
        self._trace = Trace(offset)
        self._ledger = Ledger(self._core, self._trace, self._attention, self._budget)
        self._lines = LineOpcodes(self._core, self._trace, end, self._push)
        self._lifter = Lifter(self._core, self._trace.symbols, self._feeds)

    def run(
        self,
        source: Source,
        offset: int,
        budget: Budget,
        attention: Attention,
        end: int | None = None,
    ) -> Trace:
        """Execute the stream at `offset` and return its trace.

        Raises:
            SourceError: bytes could not be fetched.
        """
        core = self._core
        end = source.size if end is None else end
        core.start(source, offset, end, budget.check_time)
        core.watch_persistent = attention.persistent is not None
        self._budget = budget
        self._attention = attention
        self._reset(offset, end)
        try:
            self._execute()
        except LimitExceeded as error:
            self._trace.limit = error.code
        except MalformedInput:
            # The bytes exist only behind a decoder, and that failed: the loader sees an end here.
            self._trace.error = "truncated"
        finally:
            self._finish()
        return self._trace

    def _execute(self) -> None:
        core, trace = self._core, self._trace
        steps = 0
        while True:
            outcome = core.run()
            if outcome == layout.NEEDS_OWNER:
                steps += 1
                if steps & 0x3FF == 0:
                    self._budget.check_time()
                trouble = self._step(core.opcode)
                if trouble is None:
                    continue
                if trace.limit is None:
                    trace.error = trouble
            elif outcome == layout.LIMITED:
                trace.limit = core.reason
            elif outcome == layout.BROKEN:
                trace.error = core.reason
            elif outcome == layout.STOPPED:
                trace.texts = self._lifter.texts(core.pop())
            if trace.error is not None:
                core.note_failure()
            return

    def _finish(self) -> None:
        core, trace = self._core, self._trace
        trace.end = core.position
        trace.protocol = core.max_protocol
        trace.opcodes = core.opcodes
        trace.oddities = tuple(sorted(core.oddities))
        trace.tempting = tuple(core.tempting)
        for number, symbol in enumerate(trace.symbols):
            if core.symbol_methods[number]:
                symbol.uses.add("method")
                core.symbol_methods[number] = 0
            self._ledger.settle(number)
            core.symbol_mode[number] = layout.OPEN
        for number in range(len(trace.calls)):
            if core.result_methods[number]:
                trace.methods[number] = core.result_methods[number]
                core.result_methods[number] = 0
            core.result_mode[number] = layout.OPEN

    # -- single opcodes; each returns None, or why the real machine stops here ---------------

    def _step(self, opcode: int) -> str | None:
        handler = _HANDLERS.get(opcode)
        if handler is None:
            return self._lines.constant(opcode)
        return handler(self)

    def _push(self, value: int, next_offset: int) -> str | None:
        if not self._core.push(value):
            self._trace.limit = "limit-stack"
            return "limit-stack"
        self._core.resume_at(next_offset)
        return None

    def _global(self) -> str | None:
        pair = self._two_lines()
        if isinstance(pair, str):
            return pair
        module, name, stop = pair
        return self._push_symbol(module, name, "GLOBAL", stop)

    def _two_lines(self) -> tuple[str, str, int] | str:
        module, middle = self._lines.line(self._core.operand)
        name, stop = self._lines.line(middle)
        try:
            return _name(module), _name(name), stop
        except UnicodeDecodeError:
            return "bad-name"

    def _stack_global(self) -> str | None:
        name, module = self._core.pop(), self._core.pop()
        if not name or not module:
            return "stack-underflow"
        known = [self._name_part(value) for value in (module, name)]
        if known[0] is None or known[1] is None:
            return "name-not-text"
        (module_text, fixed_module), (name_text, fixed_name) = known[0], known[1]
        return self._push_symbol(
            module_text,
            name_text,
            "STACK_GLOBAL",
            self._core.operand,
            computed=not (fixed_module and fixed_name),
        )

    def _name_part(self, value: int) -> tuple[str, bool] | None:
        """Return the text of a STACK_GLOBAL operand and whether it is a constant."""
        tag = value & 15
        if tag == layout.LITERAL:
            if not literals.is_text(self._core, value >> 4):
                return None
            text, _size = literals.decode(self._core, value >> 4, NAME_LIMIT)
            return str(text), True
        if tag == layout.NODE and self._core.describe(value)[0] != layout.PERSISTENT:
            return None
        # The result of a call, an imported string, a persistent id: text at run time, perhaps.
        return self._lifter.text(value), False

    def _extension(self) -> str | None:
        width = {0x82: 1, 0x83: 2, 0x84: 4}[self._core.opcode]
        raw = self._core.peek(self._core.operand, width)
        if len(raw) < width:
            return "truncated"
        code = int.from_bytes(raw, "little", signed=width == 4)
        if code <= 0:
            return "bad-extension"
        return self._push_symbol(
            "copyreg", f"extension {code}", "EXT", self._core.operand + width, computed=True
        )

    def _push_symbol(
        self, module: str, name: str, how: str, next_offset: int, computed: bool = False
    ) -> str | None:
        number = self._ledger.symbol(module, name, how, computed)
        if number < 0:
            self._trace.limit = "limit-imports"
            return "limit-imports"
        return self._push(number << 4 | layout.SYMBOL, next_offset)

    def _persistent_text(self) -> str | None:
        stop = self._lines.line(self._core.operand)[1]
        return self._push_persistent(self._core.position << 4 | layout.LITERAL, stop)

    def _persistent(self) -> str | None:
        value = self._core.pop()
        if not value:
            return "stack-underflow"
        return self._push_persistent(value, self._core.operand)

    def _push_persistent(self, value: int, next_offset: int) -> str | None:
        self._trace.persistent_count += 1
        watch = self._attention.persistent
        if watch is not None or len(self._trace.persistent) < KEEP_WRITES:
            lifted = self._lifter.lift(value)
            if len(self._trace.persistent) < KEEP_WRITES:
                self._trace.persistent.append(lifted)
            if watch is not None:
                watch(self._core.position, lifted)
        return self._push(self._core.new_persistent(value), next_offset)

    def _buffer(self) -> str | None:
        # Out-of-band buffers exist only when the caller hands them over; plain loads stop here.
        self._core.oddities.add("out-of-band-buffer")
        if self._core.opcode == 0x97:
            return self._push(self._core.position << 4 | layout.LOST, self._core.operand)
        value = self._core.pop()
        return self._push(value, self._core.operand) if value else "stack-underflow"

    # -- calls -----------------------------------------------------------------------------

    def _reduce(self) -> str | None:
        how = "REDUCE" if self._core.opcode == 0x52 else "NEWOBJ"
        arguments, callee = self._core.pop(), self._core.pop()
        return self._call(how, callee, arguments, None, self._core.operand)

    def _newobj_ex(self) -> str | None:
        keywords, arguments, callee = self._core.pop(), self._core.pop(), self._core.pop()
        if not (keywords and arguments and callee):
            return "stack-underflow"
        return self._call("NEWOBJ_EX", callee, arguments, keywords, self._core.operand)

    def _obj(self) -> str | None:
        arguments = self._core.pop_mark(1)
        callee = self._core.pop() if arguments else 0
        if not callee:
            return "no-mark"
        return self._call("OBJ", callee, arguments, None, self._core.operand)

    def _inst(self) -> str | None:
        pair = self._two_lines()
        if isinstance(pair, str):
            return pair
        # The Python machine imports before it looks for the mark.
        number = self._ledger.symbol(pair[0], pair[1], "INST", False)
        if number < 0:
            self._trace.limit = "limit-imports"
            return "limit-imports"
        arguments = self._core.pop_mark(0)
        if not arguments:
            return "no-mark"
        return self._call("INST", number << 4 | layout.SYMBOL, arguments, None, pair[2])

    def _call(
        self, how: str, callee: int, arguments: int, keywords: int | None, next_offset: int
    ) -> str | None:
        if not callee or not arguments:
            return "stack-underflow"
        if not self._callable(callee):
            return "not-callable"
        items = self._lifter.arguments(arguments)
        if items is None:
            return "bad-arguments"
        target = self._lifter.lift(callee)
        words = self._lifter.lift(keywords) if keywords is not None else None
        if callee & 15 == layout.SYMBOL:
            rebuilds = how.startswith("NEWOBJ")
            self._trace.symbols[callee >> 4].uses.add("rebuild" if rebuilds else "call")
        made = CallRecord(how, target, items, words, self._core.position)
        number = self._ledger.call(made, callee)
        if number < 0:
            self._trace.limit = "limit-calls"
            return "limit-calls"
        return self._push(number << 4 | layout.RESULT, next_offset)

    def _callable(self, value: int) -> bool:
        if value & 15 == layout.NODE:
            return bool(self._core.describe(value)[0] == layout.PERSISTENT)
        return value & 15 != layout.LITERAL

    def _feeds(self, number: int) -> None:
        self._trace.calls[number].feeds = True

    def _build(self) -> str | None:
        core = self._core
        state, target = core.pop(), core.pop()
        if target & 15 == layout.SYMBOL:
            symbol = self._trace.symbols[target >> 4]
            if "attributes" not in symbol.uses or len(self._trace.writes) < KEEP_WRITES:
                symbol.uses.add("attributes")
                self._trace.writes.append(
                    WriteRecord(
                        Symbol(symbol.module, symbol.name), self._lifter.lift(state), core.position
                    )
                )
        elif target & 15 == layout.RESULT:
            return self._build_result(target, state)
        return self._push(target, core.operand)

    def _build_result(self, target: int, state: int) -> str | None:
        core, trace = self._core, self._trace
        call = trace.calls[target >> 4]
        builder = None
        if self._attention.builders and isinstance(call.callee, Symbol):
            builder = self._attention.builders.get((call.callee.module, call.callee.name))
        lifted = self._lifter.lift(state)
        enough = keep_state(call, lifted)
        if builder is not None:
            core.leave_frame()
            return self._push(target, builder(lifted, trace, core.operand))
        if enough:
            core.result_mode[target >> 4] = layout.CLOSED
        return self._push(target, core.operand)


def _name(raw: bytes) -> str:
    """Decode a name; one that is cut may end inside a character."""
    return raw.decode("utf-8", "strict" if len(raw) < literals.TEXT_LIMIT else "replace")


_HANDLERS: dict[int, Callable[[Interpreter], str | None]] = {
    0x63: Interpreter._global,
    0x93: Interpreter._stack_global,
    0x69: Interpreter._inst,
    0x6F: Interpreter._obj,
    0x92: Interpreter._newobj_ex,
    0x82: Interpreter._extension,
    0x83: Interpreter._extension,
    0x84: Interpreter._extension,
    0x50: Interpreter._persistent_text,
    0x51: Interpreter._persistent,
    0x97: Interpreter._buffer,
    0x98: Interpreter._buffer,
    0x52: Interpreter._reduce,
    0x81: Interpreter._reduce,
    0x62: Interpreter._build,
}
