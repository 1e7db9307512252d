"""Writes small GGUF files, with a chat template or with a number that lies."""

from __future__ import annotations

import struct

_TEXT, _COUNT = 8, 4


def text(value: str) -> bytes:
    """A string behind its length."""
    raw = value.encode()
    return struct.pack("<Q", len(raw)) + raw


def pair(key: str, value: str | int) -> bytes:
    """A key with a text or a number."""
    if isinstance(value, str):
        return text(key) + struct.pack("<I", _TEXT) + text(value)
    return text(key) + struct.pack("<II", _COUNT, value)


def tensor(name: str, shape: tuple[int, ...], kind: int = 0, begin: int = 0) -> bytes:
    """The entry of a tensor."""
    head = text(name) + struct.pack("<I", len(shape)) + struct.pack(f"<{len(shape)}Q", *shape)
    return head + struct.pack("<IQ", kind, begin)


def gguf(
    pairs: dict[str, str | int],
    tensors: tuple[bytes, ...] = (),
    data: bytes = b"",
    counts: tuple[int, int] | None = None,
) -> bytes:
    """A file; `counts` replaces the counts of tensors and pairs."""
    head = b"GGUF" + struct.pack("<IQQ", 3, *(counts or (len(tensors), len(pairs))))
    head += b"".join(pair(key, value) for key, value in pairs.items()) + b"".join(tensors)
    return head + bytes(-len(head) % 32) + data
