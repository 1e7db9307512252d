"""Formats that are recognised by their first bytes and not parsed, so the report can name them.

Such a file is inconclusive: it is known what it is, and it could carry code. The report says what a
judgement would need. Signatures that words of a text can begin with stand in a table, and are asked
for only where the bytes are no text.
"""

from __future__ import annotations

from weighbridge.sources.base import Source
from weighbridge.tables.known_formats import known_formats

_MAGIC: tuple[tuple[int, bytes, str, str], ...] = (
    (4, b"TFL3", "tflite", "a whole file"),
    (4, b"ET12", "executorch", "a whole file"),
    (4, b"PTMF", "torch-mobile", "the checkpoint that it was made from"),
    (4, b"ORTM", "onnxruntime", "the ONNX model that it was made from"),
    (0, b"\x7fELF", "elf-executable", "a whole file"),
    (0, b"\xca\xfe\xba\xbe", "java-class-or-mach-o", "a whole file"),
    (0, b"\xcf\xfa\xed\xfe", "mach-o-executable", "a whole file"),
    (0, b"\xfe\xed\xfa\xcf", "mach-o-executable", "a whole file"),
    (0, b"ftrt", "tensorrt", "the ONNX model that the engine was built from"),
    (0, b"ptrt", "tensorrt", "the ONNX model that the engine was built from"),
    (0, b"RKNN", "rknn", "the model that it was converted from"),
    (0, b"RR_UPCVO", "openvino-blob", "the model that was compiled"),
    (0, b"B\0C\0N\0", "cntk-1", "a reader for models of CNTK before version 2"),
    (0, b"\xd5\x0a\x02\0", "dlc", "the model that it was converted from"),
    (0, b"dex\n03", "dalvik-bytecode", "a reader for code of Android"),
    (0, b"\0asm", "webassembly", "a whole file"),
    (0, b"Salted__", "encrypted", "the password"),
    (0, b"age-encryption.org/v1\n", "encrypted", "the key"),
    (0, b"-----BEGIN PGP MESSAGE-----", "encrypted", "the key"),
)


def name_of(head: bytes) -> str | None:
    """Return the name of a format known by its magic number, or None."""
    known = _known(head)
    return None if known is None else known[0]


def needed(head: bytes) -> str:
    """Return what a judgement of such a file would need."""
    known = _known(head)
    return "" if known is None else known[1]


def beside(source: Source, head: bytes) -> tuple[str, str] | None:
    """Return the name of a kind of file that is no text, and what its judgement would need."""
    for one in known_formats():
        at = one.offset if one.offset >= 0 else source.size + one.offset
        end = at + len(one.magic)
        if one.offset >= 0 and end <= len(head):
            found = head[at:end]
        else:
            found = source.read_at(at, len(one.magic)) if at >= 0 and end <= source.size else b""
        if found == one.magic:
            return one.name, one.need
    return None


def _known(head: bytes) -> tuple[str, str] | None:
    if head[:2] == b"MZ" and len(head) >= 64 and b"\0" in head[:64]:
        return "windows-executable", "a whole file"
    for at, magic, name, need in _MAGIC:
        if head[at : at + len(magic)] == magic:
            return name, need
    return None
