"""What a file is, what is odd about its structure, and what could not be read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Format:
    """These bytes were recognised and parsed as `format`.

    Attributes:
        member: place inside the file, None for the file itself.
        format: registry name, such as `pytorch-zip`.
        size: in bytes.
        detail: things worth knowing (versions, counts), short.
    """

    member: str | None
    format: str
    size: int
    detail: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Anomaly:
    """A structure that no honest writer produces, or on which readers disagree.

    `code` is stable kebab-case; the rules decide what it means.
    """

    member: str | None
    offset: int | None
    format: str
    code: str
    text: str


UNKNOWN = "unsupported-unknown-format"
"""The code of a gap: bytes of no format that is known."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Bytes that were not examined, and why. A file with a gap is never clean.

    Attributes:
        code: `limit-...`, `malformed-...`, `unsupported-...`, `worker-...`, kebab-case.
        carries_code: False when the bytes could not be code in any loader (damaged image, say).
    """

    member: str | None
    offset: int | None
    format: str
    code: str
    text: str
    carries_code: bool = True


@dataclass(frozen=True, slots=True)
class Note:
    """Something a user should know that is neither a finding nor a gap."""

    member: str | None
    offset: int | None
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The bytes around a place, for people who look at what was found there.

    Attributes:
        offset: that it is about, in bytes from the start of the member.
        kind: how it was read: `pickle` with an opcode on each line, `bytes` with sixteen.
        lines: offset, length in bytes, the first bytes as hex (fewer where they hold a credential),
            and what they mean. At most 17 of them.
    """

    member: str | None
    offset: int
    kind: str
    lines: tuple[tuple[int, int, str, str], ...]


@dataclass(frozen=True, slots=True)
class Metadata:
    """Names and texts that a file declares about itself (safetensors metadata, manifests)."""

    member: str | None
    format: str
    key: str
    value: str
