"""Formats that are recognised by their first bytes and not parsed yet, so the report can name them.

Such a file is inconclusive: it is known what it is, and it could carry code.
"""

from __future__ import annotations

_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (4, b"TFL3", "tflite"),
    (4, b"ET12", "executorch"),
    (4, b"PTMF", "torch-mobile"),
    (4, b"ORTM", "onnxruntime"),
    (0, b"\x7fELF", "elf-executable"),
    (0, b"\xca\xfe\xba\xbe", "java-class-or-mach-o"),
    (0, b"\xcf\xfa\xed\xfe", "mach-o-executable"),
    (0, b"\xfe\xed\xfa\xcf", "mach-o-executable"),
    (0, b"CBM1", "catboost"),
    (0, b"RKNN", "rknn"),
    (0, b"\0asm", "webassembly"),
)


def name_of(head: bytes) -> str | None:
    """Return the name of a format known by its magic number, or None."""
    if head[:2] == b"MZ" and len(head) >= 64 and b"\0" in head[:64]:
        return "windows-executable"
    return next((name for at, magic, name in _MAGIC if head[at : at + len(magic)] == magic), None)
