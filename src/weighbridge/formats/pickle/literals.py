"""Constants of a pickle stream, decoded from the offset of the opcode that pushed them."""

from __future__ import annotations

import codecs
import re
import struct
import warnings
from collections.abc import Callable
from typing import Protocol

TEXT_LIMIT = 4096
# Longer numbers are taken for valid without a look; see acceptable_number.
NUMBER_LIMIT = 1 << 16

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
    (STRING), `line-id` (PERSID), `number` (its bytes are the operand), `none`, `true`,
    `false`, `empty-tuple`.
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
    kind = {0x56: "line-text", 0x53: "line-string", 0x50: "line-id"}.get(opcode, "number")
    stop = core.line_end(offset + 1)
    if stop == 0:  # the last line of a file without its newline
        stop = offset + 1 + len(core.peek(offset + 1, TEXT_LIMIT))
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
        return _utf8(raw), size
    if kind == "latin":
        return raw.decode("latin-1"), size
    if kind == "bytes":
        return raw, size
    if kind == "long":
        return int.from_bytes(raw[:64], "little", signed=True), size
    if kind in _LINES:
        value = _LINES[kind](raw)
        # What the escapes and quotes take up is no part of the text.
        return value, len(value.encode("utf-8", "replace")) if len(raw) == size else size
    return _number(core.peek(offset, 1)[0], raw), size


def _utf8(raw: bytes) -> str:
    try:
        return raw.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:  # cut inside a character, or not what any unpickler takes
        return raw.decode("utf-8", "replace")


def _unquote(raw: bytes) -> str:
    if len(raw) >= 2 and raw[:1] == raw[-1:] and raw[:1] in (b"'", b'"'):
        raw = raw[1:-1]
    if b"\\" not in raw:
        return raw.decode("latin-1")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about escapes that stand for themselves
        try:
            return codecs.escape_decode(raw)[0].decode("latin-1")
        except ValueError:
            return raw.decode("latin-1")


_LINES: dict[str, Callable[[bytes], str]] = {
    "line-text": lambda raw: raw.decode("raw-unicode-escape", "replace"),
    "line-string": _unquote,
    "line-id": lambda raw: raw.decode("ascii", "replace"),
}


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
            return float(raw.partition(b"\0")[0])
        digits = raw.partition(b"\0")[0].rstrip(b"L")[:64] or b"0"
        return int(_c_octal(digits) if opcode == 0x49 else digits, 0)
    except (ValueError, struct.error):
        return 0


def _c_octal(raw: bytes) -> bytes:
    """Respell a number that starts with 0 as C's ``strtol`` reads it, which INT uses."""
    return re.sub(rb"(?<![0-9A-Za-z])0+(?=[1-7][0-7]*\s*$)", b"0o", raw)


def acceptable_number(opcode: int, raw: bytes) -> bool:
    """Say whether the line of INT, LONG or FLOAT is one that some real unpickler accepts.

    ``Lib/pickle.py`` (3.11) takes what ``int`` and ``float`` take. ``Modules/_pickle.c`` reads C
    strings, which end at a NUL, and INT as ``strtol`` does.
    """
    return _python_takes(opcode, raw) or _python_takes(opcode, _c_octal(raw.partition(b"\0")[0]))


def _python_takes(opcode: int, raw: bytes) -> bool:
    try:
        if opcode == 0x46:  # FLOAT
            float(raw)
        elif opcode == 0x4C:  # LONG
            int(raw[:-1] if raw[-1:] == b"L" else raw, 0)
        else:
            int(raw, 0)
    except ValueError as error:
        # CPython refuses more than 4300 digits; older versions took them.
        return "digits" in str(error)
    return True


def index_of(raw: bytes) -> int | None:
    """Return the memo index that a line of GET or PUT names to some real unpickler, or None."""
    digits = raw.partition(b"\0")[0].strip().replace(b"_", b"").lstrip(b"+0")
    if digits.isdigit() and len(digits) <= TEXT_LIMIT:
        return int(digits)
    return 0 if not digits and b"0" in raw else None
