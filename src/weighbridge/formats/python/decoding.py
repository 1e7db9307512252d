"""Undoes what hides a string: base64, hexadecimal, rot13, compression, and built-in functions.

Which callable decodes what comes from the table of decoders.
"""

from __future__ import annotations

import base64
import binascii
import bz2
import codecs
import lzma
import zlib
from collections.abc import Callable

from weighbridge.formats.python.values import (
    LONGEST,
    MOST_ITEMS,
    UNKNOWN,
    Const,
    Value,
    items_of,
    plain,
    sequence,
    wrap,
)
from weighbridge.tables.decoders import decoder

# Spelled without `-` and `_`. Codecs are never looked up by a name from the input, because that
# imports the module of that name.
_TEXT_CODECS = {
    "ascii": "ascii",
    "cp1252": "cp1252",
    "iso88591": "latin-1",
    "latin": "latin-1",
    "latin1": "latin-1",
    "rawunicodeescape": "raw_unicode_escape",
    "unicodeescape": "unicode_escape",
    "usascii": "ascii",
    "utf16": "utf-16",
    "utf16be": "utf-16-be",
    "utf16le": "utf-16-le",
    "utf32": "utf-32",
    "utf7": "utf-7",
    "utf8": "utf-8",
    "utf8sig": "utf-8-sig",
}
_ERRORS = (
    TypeError, ValueError, ArithmeticError, LookupError, EOFError, OSError, lzma.LZMAError,
    zlib.error, binascii.Error,
)  # fmt: skip


def by_codec(value: str | bytes, name: str) -> Value:
    """Apply the codec `name` as `codecs.decode` and the methods `decode` and `encode` would."""
    short = name.lower().replace("-", "_").removesuffix("_codec")
    try:
        if short in ("rot13", "rot_13"):
            return wrap(codecs.decode(value, "rot13")) if isinstance(value, str) else UNKNOWN
        if short in ("base64", "base_64", "hex", "zlib", "zip", "bz2"):
            return _transform({"base_64": "base64", "zip": "zlib"}.get(short, short), value)
        codec = _TEXT_CODECS.get(short.replace("_", ""))
        if codec is not None:
            return wrap(value.encode(codec) if isinstance(value, str) else value.decode(codec))
    except _ERRORS:
        pass
    return UNKNOWN


def _inflate(decompressor: object, data: bytes) -> bytes:
    """Decompress at most one byte more than may be kept."""
    produced = decompressor.decompress(data, LONGEST + 1)  # type: ignore[attr-defined]
    return bytes(produced)


_TRANSFORMS: dict[str, Callable[[bytes], bytes]] = {
    "ascii85": base64.a85decode,
    "base16": lambda data: base64.b16decode(data, casefold=True),
    "base32": lambda data: base64.b32decode(data, casefold=True),
    "base64": base64.b64decode,
    "base64url": base64.urlsafe_b64decode,
    "base85": base64.b85decode,
    "hex": lambda data: bytes.fromhex(data.decode("ascii")),
    "uu": binascii.a2b_uu,
    "identity": bytes,
    "bz2": lambda data: _inflate(bz2.BZ2Decompressor(), data),
    "gzip": lambda data: _inflate(zlib.decompressobj(31), data),
    "lzma": lambda data: _inflate(lzma.LZMADecompressor(memlimit=64 << 20), data),
    "zlib": lambda data: _inflate(zlib.decompressobj(), data),
}


def _transform(name: str, value: object) -> Value:
    data = value.encode("latin-1") if isinstance(value, str) else value
    if not isinstance(data, bytes) or name not in _TRANSFORMS:
        return UNKNOWN
    return wrap(_TRANSFORMS[name](data))


def call(path: str, arguments: list[Value]) -> Value:
    """Compute what a function returns for constant arguments, if it only decodes."""
    module, _, name = path.partition(".")
    if module == "builtins" and name in _BUILTINS:
        try:
            return _BUILTINS[name](arguments)
        except (*_ERRORS, OverflowError):
            return UNKNOWN
    row = decoder(module, name)
    if row is None or len(arguments) <= row.position:
        return UNKNOWN
    try:
        value = plain(arguments[row.position])
        if row.transform in ("codec", "text"):
            encoding = plain(arguments[1]) if len(arguments) > 1 else "utf-8"
            usable = isinstance(encoding, str) and isinstance(value, str | bytes)
            return by_codec(value, encoding) if usable else UNKNOWN  # type: ignore[arg-type]
        return _transform(row.transform, value)
    except _ERRORS:
        return UNKNOWN


def _bytes(arguments: list[Value]) -> Value:
    value = plain(arguments[0]) if arguments else b""
    if isinstance(value, str):
        return by_codec(value, str(plain(arguments[1])))
    return wrap(bytes(value)) if isinstance(value, bytes | list) else UNKNOWN  # type: ignore[arg-type]


def _str(arguments: list[Value]) -> Value:
    value = plain(arguments[0]) if arguments else ""
    if isinstance(value, bytes) and len(arguments) > 1:
        return by_codec(value, str(plain(arguments[1])))
    return wrap(str(value)) if isinstance(value, str | int | float) else UNKNOWN


def _int(arguments: list[Value]) -> Value:
    given = [plain(argument) for argument in arguments]
    if isinstance(given[0], str | bytes) and len(given[0]) > 1000:
        return UNKNOWN
    return wrap(int(*given))  # type: ignore[arg-type]


def _list(arguments: list[Value]) -> Value:
    found = items_of(arguments[0]) if arguments else []
    return UNKNOWN if found is None else sequence(found)


def _reversed(arguments: list[Value]) -> Value:
    found = items_of(arguments[0])
    return UNKNOWN if found is None else sequence(found[::-1])


def _range(arguments: list[Value]) -> Value:
    numbers = range(*(plain(argument) for argument in arguments))  # type: ignore[arg-type]
    if numbers[:MOST_ITEMS] != numbers:
        return UNKNOWN
    return sequence([Const(number) for number in numbers])


def _chr(arguments: list[Value]) -> Value:
    return wrap(chr(plain(arguments[0])))  # type: ignore[arg-type]


def _ord(arguments: list[Value]) -> Value:
    return wrap(ord(plain(arguments[0])))  # type: ignore[arg-type]


def _len(arguments: list[Value]) -> Value:
    found = plain(arguments[0])
    return Const(len(found)) if isinstance(found, str | bytes | list) else UNKNOWN


def _zip(arguments: list[Value]) -> Value:
    columns = [items_of(argument) for argument in arguments]
    known = [column for column in columns if column is not None]
    if len(known) != len(columns) or sum(map(len, known)) > MOST_ITEMS:
        return UNKNOWN
    return sequence([sequence(list(row)) for row in zip(*known, strict=False)])


_BUILTINS: dict[str, Callable[[list[Value]], Value]] = {
    "bytearray": _bytes,
    "bytes": _bytes,
    "bytes.fromhex": lambda arguments: _transform("hex", plain(arguments[0])),
    "bytearray.fromhex": lambda arguments: _transform("hex", plain(arguments[0])),
    "chr": _chr,
    "int": _int,
    "len": _len,
    "list": _list,
    "memoryview": _bytes,
    "ord": _ord,
    "range": _range,
    "reversed": _reversed,
    "str": _str,
    "tuple": _list,
    "unichr": _chr,
    "zip": _zip,
}
"""Built-in functions that are computed when their arguments are constant."""
