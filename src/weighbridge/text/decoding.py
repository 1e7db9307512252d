"""Decides whether bytes are text, reading them in windows."""

from __future__ import annotations

import codecs

from weighbridge.sources.base import Source

_WINDOW = 1 << 20
_BOMS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig"))
# Control characters that ordinary text files hold: tab, newlines, form feed, escape, backspace.
_ALLOWED = frozenset("\t\n\r\f\x1b\x08\x0b\x1a")

_CONTROLS = "".join(sorted({chr(code) for code in range(32)} - _ALLOWED))
_STRAY = 2_000

_TEXT_BYTES = bytes(n for n in range(256) if n >= 32 or chr(n) in _ALLOWED)


def encoding_of(head: bytes) -> str:
    """Return the encoding that a byte order mark announces, else UTF-8."""
    return next((name for mark, name in _BOMS if head.startswith(mark)), "utf-8")


def is_text(source: Source, check: object = None) -> bool:
    """Say whether every byte of `source` is part of a text in its encoding.

    Args:
        source: what to read, in windows.
        check: called for each window, may raise to stop; None to leave it out.
    """
    decoder = codecs.getincrementaldecoder(encoding_of(source.read_at(0, 4)))()
    offset = 0
    try:
        while offset < source.size:
            if callable(check):
                check()
            chunk = source.read_at(offset, _WINDOW)
            offset += len(chunk)
            text = decoder.decode(chunk, final=offset >= source.size)
            if not _printable(text):
                return False
    except UnicodeDecodeError:
        return _is_single_byte_text(source, check)
    return True


def _is_single_byte_text(source: Source, check: object) -> bool:
    """Say whether nothing in the bytes contradicts Latin-1 and its relatives.

    They give every byte a meaning, so what tells is that binary data has control characters.
    """
    offset = 0
    while offset < source.size:
        if callable(check):
            check()
        chunk = source.read_at(offset, _WINDOW)
        if not chunk or chunk.translate(None, _TEXT_BYTES):
            return False
        offset += len(chunk)
    return True


def control_share(source: Source, check: object = None) -> float:
    """Return which part of the bytes are control characters that ordinary texts do not hold."""
    found = 0
    for offset in range(0, source.size, _WINDOW):
        if callable(check):
            check()
        found += len(source.read_at(offset, _WINDOW).translate(None, _TEXT_BYTES))
    return found / max(source.size, 1)


def _printable(text: str) -> bool:
    """Allow a stray control character in a long text, as in tables of a program; never a NUL."""
    found = sum(text.count(char) for char in _CONTROLS)
    return found == 0 or ("\0" not in text and found * _STRAY <= len(text))


def text_of(source: Source, limit: int) -> str | None:
    """Return the whole text, or None when it is none or longer than `limit` bytes."""
    if source.size > limit:
        return None
    data = source.read_at(0, limit)
    try:
        return data.decode(encoding_of(data))
    except UnicodeDecodeError:
        return None
