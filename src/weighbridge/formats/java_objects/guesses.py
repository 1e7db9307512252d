"""What could stand at a place of the stream.

A class with a `writeObject` of its own decides whether its fields are written the ordinary way
(`defaultWriteObject`) and after what. The grammar (6.4.1, wrclass) has them at the start; Java
itself asks nobody but the class that reads, and many classes write everything by themselves.
"""

from __future__ import annotations

from weighbridge.formats.java_objects.cursor import Cursor

NULL, REFERENCE, CLASS_DESCRIPTION, OBJECT, STRING, ARRAY, CLASS, BLOCK = range(0x70, 0x78)
END_BLOCK, RESET, LONG_BLOCK, EXCEPTION, LONG_STRING, PROXY_DESCRIPTION, ENUM = range(0x78, 0x7F)
FIRST_HANDLE = 0x7E0000
CODES = range(NULL, ENUM + 1)
DESCRIBED = frozenset({OBJECT, ARRAY, CLASS, ENUM})
_DESCRIPTIONS = frozenset({NULL, REFERENCE, CLASS_DESCRIPTION, PROXY_DESCRIPTION})
TEXTS = {STRING: 2, LONG_STRING: 8}
"""Widths of their lengths."""
_LENGTHS = {BLOCK: 1, LONG_BLOCK: 4, **TEXTS}


def content_at(cursor: Cursor, offset: int, handles: int, fields: int = 0) -> bool:
    """Say whether a content that a `writeObject` writes, or its end, could stand at `offset`.

    Args:
        cursor: gives bytes.
        offset: where.
        handles: how many objects there are to refer to.
        fields: bytes of primitive fields that may come behind it, before the next content.
    """
    code = cursor.byte_at(offset)
    if code == END_BLOCK:
        return True
    if code not in CODES or code == RESET:
        return False
    if code in DESCRIBED:
        return cursor.byte_at(offset + 1) in _DESCRIPTIONS
    behind = offset + 1
    if code == REFERENCE:
        if not 0 <= _number(cursor, offset + 1, 4) - FIRST_HANDLE < handles:
            return False
        behind += 4
    elif code in _LENGTHS:
        behind += _LENGTHS[code] + _number(cursor, offset + 1, _LENGTHS[code])
    elif code != NULL:
        return True
    return cursor.byte_at(behind) in CODES or cursor.byte_at(behind + fields) in CODES


def value_at(cursor: Cursor, offset: int, handles: int) -> bool:
    """Say whether an object could stand at `offset`, which neither data nor an end is."""
    data = cursor.byte_at(offset) in (BLOCK, LONG_BLOCK, END_BLOCK)
    return not data and content_at(cursor, offset, handles)


def _number(cursor: Cursor, offset: int, width: int) -> int:
    value = 0
    for at in range(offset, offset + width):
        value = value << 8 | max(cursor.byte_at(at), 0)
    return value
