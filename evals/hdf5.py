"""HDF5 files of one group, written byte by byte: attributes of fixed strings, and links."""

from __future__ import annotations

import struct

_NONE = (1 << 64) - 1


def _message(kind: int, data: bytes) -> bytes:
    data += bytes(-len(data) % 8)
    return struct.pack("<HHB3x", kind, len(data), 0) + data


def attribute(name: str, value: bytes) -> bytes:
    """Return an attribute message, version 1."""
    label = name.encode() + b"\0"
    kind = struct.pack("<B3BL", 0x13, 0, 0, 0, len(value))
    space = struct.pack("<BBB5x", 1, 0, 0)
    head = struct.pack("<BBHHH", 1, 0, len(label), len(kind), len(space))
    padded = b"".join(part + bytes(-len(part) % 8) for part in (label, kind, space))
    return _message(0x0C, head + padded + value)


def external_link(name: str, file: str, path: str = "/") -> bytes:
    """Return a link message to another file."""
    target = b"\0" + file.encode() + b"\0" + path.encode() + b"\0"
    label = name.encode()
    head = bytes((1, 0x08, 64, len(label))) + label
    return _message(0x06, head + struct.pack("<H", len(target)) + target)


def file_of(*messages: bytes) -> bytes:
    """Return a file with a superblock of version 2 and a root group of these messages."""
    body = b"".join(messages)
    header = struct.pack("<BxHLL4x", 1, len(messages), 1, len(body)) + body
    sizes = struct.pack("<QQQQL", 0, _NONE, 48 + len(header), 48, 0)
    return b"\x89HDF\r\n\x1a\n" + bytes((2, 8, 8, 0)) + sizes + header
