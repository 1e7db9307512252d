"""Opcodes of protocol 0 whose operand is a line of text, as far as the loop leaves them over."""

from __future__ import annotations

from collections.abc import Callable

from weighbridge.formats.pickle import layout, literals
from weighbridge.formats.pickle.machine import Core
from weighbridge.formats.pickle.trace import Trace

Push = Callable[[int, int], str | None]


class LineOpcodes:
    """Reads lines of one stream that ends at `end`; `push` puts a value on the machine's stack."""

    def __init__(self, core: Core, trace: Trace, end: int, push: Push) -> None:
        self._core = core
        self._trace = trace
        self._end = end
        self._push = push
        self._far_indices: dict[int, int] = {}

    def line(self, start: int) -> tuple[bytes, int]:
        """Return the bytes of a line and the offset behind its newline.

        At the end of the file the Python machine takes what there is without its last byte for a
        line, newline or not, and imports and calls by it; the C machine stops.
        """
        stop = self._core.line_end(start)
        if stop == 0:
            self._core.oddities.add("unterminated-line")
            stop = max(start, self._end)
        return self._core.peek(start, min(max(0, stop - 1 - start), literals.TEXT_LIMIT)), stop

    def constant(self, opcode: int) -> str | None:
        """Do INT, LONG, FLOAT, STRING, GET or PUT; return why the real machine stops here."""
        core = self._core
        start = core.operand
        stop = core.line_end(start)
        if stop == 0:
            return "truncated"
        size = stop - 1 - start
        if opcode == 0x53:  # STRING
            ends = core.peek(start, 1) + core.peek(stop - 2, 1) if size >= 2 else b""
            if ends not in (b"''", b'""'):
                return "bad-string"
        else:
            raw = core.peek(start, min(size, literals.NUMBER_LIMIT))
            if opcode in (0x67, 0x70):
                return self._far_memo(opcode, raw, size, stop)
            if size <= len(raw) and not literals.acceptable_number(opcode, raw):
                return "bad-number"
        return self._push(core.position << 4 | layout.LITERAL, stop)

    def _far_memo(self, opcode: int, raw: bytes, size: int, stop: int) -> str | None:
        """GET and PUT whose index is written in a way that no pickler writes it."""
        if size > len(raw):
            self._trace.limit = "limit-line"
            return "limit-line"
        index = literals.index_of(raw)
        if index is None:
            return "bad-number"
        if index >> 63:
            # The Python machine's memo is a dict, so that any number does.
            index = 1 << 63 | self._far_indices.setdefault(index, len(self._far_indices))
        if opcode == 0x67:
            value = self._core.recall(index)
            return self._push(value, stop) if value else "memo-unset"
        done = self._core.remember(index)
        if done == 0:
            return "stack-underflow"
        if done == 2:
            self._trace.limit = "limit-memo"
            return "limit-memo"
        self._core.resume_at(stop)
        return None
