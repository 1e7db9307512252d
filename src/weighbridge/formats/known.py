"""Formats that are recognised by their first bytes and not parsed, so the report can name them.

Such a file is inconclusive: it is known what it is, and it could carry code. The report says what a
judgement would need. Signatures stand in a table, and are asked for where the bytes are no text,
for words can begin like one; two are those of texts that nobody can read.
"""

from __future__ import annotations

from weighbridge.sources.base import Source
from weighbridge.tables.known_formats import known_formats

# What has a reader, which refused it: it breaks off, or is damaged.
_DAMAGED = (
    (4, b"TFL3", "tflite"),
    (4, b"ET12", "executorch"),
    (0, b"\x7fELF", "elf-executable"),
    (0, b"\xca\xfe\xba\xbe", "java-class-or-mach-o"),
    (0, b"\xcf\xfa\xed\xfe", "mach-o-executable"),
    (0, b"\xfe\xed\xfa\xcf", "mach-o-executable"),
    (0, b"\0asm", "webassembly"),
)
_SEALED = (b"age-encryption.org/v1\n", b"-----BEGIN PGP MESSAGE-----")


def sealed(head: bytes) -> tuple[str, str] | None:
    """Return the name of a text that is encrypted, and what its judgement would need."""
    return ("encrypted", "the key") if head.startswith(_SEALED) else None


def beside(source: Source, head: bytes) -> tuple[str, str] | None:
    """Return the name of a kind of file that is no text, and what its judgement would need."""
    if head[:2] == b"MZ" and len(head) >= 64 and b"\0" in head[:64]:
        return "windows-executable", "a whole file"
    for at, magic, name in _DAMAGED:
        if head[at : at + len(magic)] == magic:
            return name, "a whole file"
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
