"""Constants of a pickle stream, decoded from the offset of the opcode that pushed them."""

from __future__ import annotations

import codecs
import struct
from typing import Protocol

TEXT_LIMIT = 4096

Literal = str | bytes | int | float | bool | tuple[()] | None


class Peeks(Protocol):
    """What the decoder needs of the machine."""

    def peek(self, offset: int, count: int) -> bytes:
        """Return up to `count` bytes at `offset`."""

    def line_end(self, absolute: int) -> int:
        """Return the offset behind the next newline, or 0."""


# opcode -> (bytes of the length field, is text, is mutable or plain bytes)
_SIZED = {
    0x8C: (1, "text"),  # SHORT_BINUNICODE
    0x58: (4, "text"),  # BINUNICODE
    0x8D: (8, "text"),  # BINUNICODE8
    0x55: (1, "latin"),  # SHORT_BINSTRING
    0x54: (4, "latin"),  # BINSTRING
    0x43: (1, "bytes"),  # SHORT_BINBYTES
    0x42: (4, "bytes"),  # BINBYTES
    0x8E: (8, "bytes"),  # BINBYTES8
    0x96: (8, "bytes"),  # BYTEARRAY8
    0x8A: (1, "long"),  # LONG1
    0x8B: (4, "long"),  # LONG4
}
_TEXT_KINDS = frozenset({"text", "latin"})


def span(core: Peeks, offset: int) -> tuple[str, int, int]:
    """Return kind, offset and size of the constant whose opcode is at `offset`.

    Kinds: `text`, `latin` (Python 2 str), `bytes`, `long`, `line-text` (UNICODE), `line-string`
    (STRING), `number` (its bytes are the operand), `none`, `true`, `false`, `empty-tuple`.
    """
    opcode = core.peek(offset, 1)[0]
    sized = _SIZED.get(opcode)
    if sized is not None:
        width, kind = sized
        raw = core.peek(offset + 1, width)
        return kind, offset + 1 + width, int.from_bytes(raw, "little")
    fixed = {0x4A: 4, 0x4B: 1, 0x4D: 2, 0x47: 8}.get(opcode)
    if fixed is not None:
        return "number", offset + 1, fixed
    bare = {0x4E: "none", 0x88: "true", 0x89: "false", 0x29: "empty-tuple"}.get(opcode)
    if bare is not None:
        return bare, offset, 1
    stop = core.line_end(offset + 1)
    kind = {0x56: "line-text", 0x53: "line-string"}.get(opcode, "number")
    return kind, offset + 1, max(0, stop - 1 - (offset + 1))


def is_text(core: Peeks, offset: int) -> bool:
    """Say whether the constant is a str for the unpickler."""
    return span(core, offset)[0] in ("text", "latin", "line-text", "line-string")


def decode(core: Peeks, offset: int, limit: int = TEXT_LIMIT) -> tuple[Literal, int]:
    """Return the constant's value, at most `limit` bytes of it, and its true size in bytes.

    Bytes that the real machine would refuse to decode are replaced; the machine decides elsewhere
    whether it stops at them.
    """
    kind, start, size = span(core, offset)
    if kind in ("none", "true", "false", "empty-tuple"):
        return {"none": None, "true": True, "false": False, "empty-tuple": ()}[kind], 0
    raw = core.peek(start, min(size, limit))
    if kind == "text":
        return raw.decode("utf-8", "surrogatepass" if len(raw) == size else "replace"), size
    if kind == "latin":
        return raw.decode("latin-1"), size
    if kind == "bytes":
        return raw, size
    if kind == "long":
        return int.from_bytes(raw[:64], "little", signed=True), size
    if kind == "line-text":
        return raw.decode("raw-unicode-escape", "replace"), size
    if kind == "line-string":
        return _unquote(raw), size
    return _number(core.peek(offset, 1)[0], raw), size


def _unquote(raw: bytes) -> str:
    if len(raw) >= 2 and raw[:1] == raw[-1:] and raw[:1] in (b"'", b'"'):
        raw = raw[1:-1]
    try:
        return codecs.escape_decode(raw)[0].decode("latin-1")
    except ValueError:
        return raw.decode("latin-1")


def _number(opcode: int, raw: bytes) -> Literal:
    try:
        if opcode == 0x47:
            return float(struct.unpack(">d", raw)[0])
        if opcode in (0x4B, 0x4D):
            return int.from_bytes(raw, "little")
        if opcode == 0x4A:
            return int.from_bytes(raw, "little", signed=True)
        if opcode == 0x49 and raw in (b"00", b"01"):
            return raw == b"01"
        if opcode == 0x46:
            return float(raw)
        return int(raw.rstrip(b"L")[:64] or b"0", 0)
    except (ValueError, struct.error):
        return 0


def acceptable_line(opcode: int, raw: bytes) -> bool:
    """Say whether a text opcode's line is one that some real unpickler accepts.

    ``load_int`` and friends of ``Lib/pickle.py`` (3.11) are the measure where they accept more
    than ``Modules/_pickle.c``.
    """
    try:
        if opcode == 0x46:  # FLOAT
            float(raw)
        elif opcode == 0x49:  # INT
            int(raw, 0)
        elif opcode == 0x4C:  # LONG
            int(raw[:-1] if raw[-1:] == b"L" else raw, 0)
        elif opcode == 0x53:  # STRING
            return len(raw) >= 2 and raw[:1] == raw[-1:] and raw[:1] in (b"'", b'"')
        elif opcode in (0x67, 0x70):  # GET, PUT
            return int(raw) >= 0
    except ValueError as error:
        # CPython refuses more than 4300 digits; older versions took them.
        return "digits" in str(error)
    return True
