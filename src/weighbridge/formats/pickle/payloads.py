"""Finds and decodes payloads inside the constants of a pickle stream.

Nothing is called: a decoder named in :mod:`weighbridge.tables.decoders` is applied to a constant by
us, within the budget, when the stream would apply it.
"""

from __future__ import annotations

import base64
import binascii
import bz2
import codecs
import lzma
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from weighbridge.budget import Budget
from weighbridge.errors import LimitExceeded
from weighbridge.facts.expressions import Bytes, Expression, Number, Result, Sequence, Symbol, Text
from weighbridge.formats.pickle import literals
from weighbridge.formats.pickle.trace import Trace
from weighbridge.sources.base import Source
from weighbridge.tables.decoders import decoder

STAGES = 8
# Only these codecs of Python's registry turn bytes into bytes or text without side effects.
_CODECS = frozenset(
    "rot13 rot_13 hex hex_codec base64 base64_codec zip zlib zlib_codec bz2 bz2_codec uu uu_codec "
    "quopri quopri_codec utf-8 utf8 latin-1 latin1 ascii utf-16 utf-32 utf-7 cp1252 "
    "raw_unicode_escape unicode_escape punycode idna".split()
)
_BASE64 = re.compile(r"[A-Za-z0-9+/_\-\s]{24,}={0,2}\s*")
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2}){16,}")


@dataclass(frozen=True, slots=True)
class Constant:
    """A value known in full, and the decoders it went through, outermost first."""

    value: bytes | str
    stages: tuple[str, ...]


class ConstantReader:
    """Gives :mod:`literals` its window onto a source that the machine has left."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def peek(self, offset: int, count: int) -> bytes:
        """Return up to `count` bytes at `offset`."""
        return self._source.read_at(offset, count)

    def line_end(self, absolute: int) -> int:
        """Return the offset behind the next newline, or 0."""
        while data := self._source.read_at(absolute, 1 << 16):
            found = data.find(b"\n")
            if found >= 0:
                return absolute + found + 1
            absolute += len(data)
        return 0


def evaluate(
    expression: Expression, trace: Trace, source: Source, budget: Budget, depth: int = 0
) -> Constant | None:
    """Return the constant that `expression` comes to, if it is one or decodes to one.

    Raises:
        LimitExceeded: it is larger than the budget allows.
    """
    if isinstance(expression, Text) and expression.offset < 0:
        return Constant(expression.value, ())
    if isinstance(expression, Text | Bytes):
        budget.take_payload(expression.size)
        value, _size = literals.decode(
            ConstantReader(source), expression.offset, budget.limits.payload_bytes
        )
        return Constant(value, ()) if isinstance(value, str | bytes) else None
    if isinstance(expression, Sequence):
        return _from_numbers(expression)
    if isinstance(expression, Result) and depth < STAGES:
        call = trace.calls[expression.call]
        if not isinstance(call.callee, Symbol) or call.shown_once:
            return None
        row = decoder(call.callee.module, call.callee.name)
        if row is None or row.position >= len(call.arguments):
            return None
        inner = evaluate(call.arguments[row.position], trace, source, budget, depth + 1)
        if inner is None:
            return None
        decoded = _apply(row.transform, inner.value, call.arguments, budget)
        return None if decoded is None else Constant(decoded, (row.transform, *inner.stages))
    return None


def unwrap(constant: Constant, budget: Budget) -> list[Constant]:
    """Return what a constant might hold if it is base64, hex or compressed text, best first."""
    found: list[Constant] = []
    value = constant.value
    text = value if isinstance(value, str) else _ascii(value)
    if text is not None:
        stripped = text.strip()
        if _HEX.fullmatch(stripped):
            found += _decoded("hex", constant, budget)
        if _BASE64.fullmatch(stripped):
            found += _decoded("base64", constant, budget)
    else:
        raw = value if isinstance(value, bytes) else value.encode("latin-1", "ignore")
        for magic, transform in ((b"\x1f\x8b", "gzip"), (b"BZh", "bz2"), (b"\xfd7zXZ", "lzma")):
            if raw.startswith(magic):
                found += _decoded(transform, constant, budget)
        if raw[:1] == b"\x78" and len(raw) > 2 and (raw[0] << 8 | raw[1]) % 31 == 0:
            found += _decoded("zlib", constant, budget)
    return found


def _decoded(transform: str, constant: Constant, budget: Budget) -> list[Constant]:
    value = _apply(transform, constant.value, (), budget)
    return [] if value is None else [Constant(value, (transform, *constant.stages))]


def _ascii(value: bytes) -> str | None:
    return value.decode("ascii") if value.isascii() else None


def _from_numbers(sequence: Sequence) -> Constant | None:
    """``bytes([104, 105])``: a complete list of small numbers is bytes in disguise."""
    if not sequence.items or sequence.total != len(sequence.items):
        return None
    numbers = [item.value for item in sequence.items if isinstance(item, Number)]
    if len(numbers) != sequence.total or not all(n.isdigit() and int(n) < 256 for n in numbers):
        return None
    return Constant(bytes(int(n) for n in numbers), ())


def _as_bytes(value: bytes | str) -> bytes:
    return value if isinstance(value, bytes) else value.encode("latin-1", "ignore")


def _inflate(make: Callable[[], object], data: bytes, budget: Budget) -> bytes:
    decoder_object = make()
    output = decoder_object.decompress(data, budget.limits.payload_bytes)  # type: ignore[attr-defined]
    budget.take_inflated(len(output), len(output), len(data))
    return bytes(output)


def _apply(
    transform: str, value: bytes | str, arguments: tuple[Expression, ...], budget: Budget
) -> bytes | str | None:
    try:
        return _TRANSFORMS[transform](value, arguments, budget)
    except LimitExceeded:
        raise
    except (ValueError, LookupError, zlib.error, OSError, lzma.LZMAError, EOFError):
        return None


def _codec(value: bytes | str, arguments: tuple[Expression, ...], budget: Budget) -> bytes | str:
    names = [item.value.lower() for item in arguments[1:2] if isinstance(item, Text)]
    name = names[0] if names else "utf-8"
    if name.replace("-", "_") not in _CODECS and name not in _CODECS:
        raise LookupError(name)
    if name.startswith(("zip", "zlib")):
        return _inflate(zlib.decompressobj, _as_bytes(value), budget)
    if name.startswith("bz2"):
        return _inflate(bz2.BZ2Decompressor, _as_bytes(value), budget)
    if name.replace("-", "_") in ("rot13", "rot_13"):
        text = value if isinstance(value, str) else value.decode("latin-1")
        return codecs.encode(text, "rot13")
    if name.startswith(("latin", "ascii", "utf", "cp")):
        return value.encode(name) if isinstance(value, str) else value.decode(name)
    decoded = codecs.decode(_as_bytes(value), name)
    return decoded if isinstance(decoded, bytes | str) else str(decoded)


def _text(value: bytes | str, _arguments: tuple[Expression, ...], _budget: Budget) -> bytes | str:
    return value.encode("utf-8") if isinstance(value, str) else value.decode("utf-8", "replace")


def _base64(value: bytes | str, _arguments: object, _budget: object) -> bytes:
    data = _as_bytes(value).translate(bytes.maketrans(b"-_", b"+/"))
    return base64.b64decode(data + b"=" * (-len(data.strip()) % 4))


_TRANSFORMS: dict[str, Callable[..., bytes | str]] = {
    "base64": _base64,
    "base64url": _base64,
    "base32": lambda value, _a, _b: base64.b32decode(_as_bytes(value), casefold=True),
    "base16": lambda value, _a, _b: base64.b16decode(_as_bytes(value), casefold=True),
    "ascii85": lambda value, _a, _b: base64.a85decode(_as_bytes(value)),
    "base85": lambda value, _a, _b: base64.b85decode(_as_bytes(value)),
    "hex": lambda value, _a, _b: bytes.fromhex(_as_bytes(value).decode("ascii")),
    "uu": lambda value, _a, _b: binascii.a2b_uu(_as_bytes(value)),
    "zlib": lambda value, _a, budget: _inflate(zlib.decompressobj, _as_bytes(value), budget),
    "gzip": lambda value, _a, budget: _inflate(
        lambda: zlib.decompressobj(31), _as_bytes(value), budget
    ),
    "bz2": lambda value, _a, budget: _inflate(bz2.BZ2Decompressor, _as_bytes(value), budget),
    "lzma": lambda value, _a, budget: _inflate(
        lambda: lzma.LZMADecompressor(memlimit=64 << 20), _as_bytes(value), budget
    ),
    "codec": _codec,
    "text": _text,
    "identity": lambda value, _a, _b: value,
}
