"""Files as a hub keeps them: bytes, or a (sparse) file on disk."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path


@dataclass
class Content:
    """One file's bytes.

    Attributes:
        lfs: kept in the storage and known by SHA-256; otherwise in Git, known by blob id.
        declared: the SHA-256 that the hub declares, when it is not to be computed.
    """

    data: bytes | Path
    lfs: bool = False
    declared: str | None = None
    generation: int = field(default=0)

    @property
    def size(self) -> int:
        return len(self.data) if isinstance(self.data, bytes) else self.data.stat().st_size

    def read(self, offset: int, count: int) -> bytes:
        if isinstance(self.data, bytes):
            return self.data[offset : offset + count]
        with self.data.open("rb") as file:
            file.seek(offset)
            return file.read(count)

    @cached_property
    def sha256(self) -> str:
        return self.declared or hashlib.sha256(self.read(0, self.size)).hexdigest()

    @cached_property
    def blob(self) -> str:
        """The Git blob id, for an LFS file that of its pointer."""
        data = self.pointer if self.lfs else self.read(0, self.size)
        return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()

    @property
    def pointer(self) -> bytes:
        lines = ("version https://git-lfs.github.com/spec/v1", f"oid sha256:{self.sha256}",
                 f"size {self.size}", "")  # fmt: skip
        return "\n".join(lines).encode()


@dataclass
class Repository:
    """A model or dataset: its files by path, and what the hub tells about it."""

    name: str
    files: dict[str, Content]
    kind: str = "models"
    about: dict[str, object] = field(default_factory=dict)
    security: dict[str, object] = field(default_factory=dict)
    revisions: dict[str, str] = field(default_factory=dict)

    @cached_property
    def commit(self) -> str:
        ids = "".join(f"{path}{one.size}" for path, one in sorted(self.files.items()))
        return hashlib.sha1(f"{self.name}{ids}".encode("utf-8", "replace")).hexdigest()

    def commit_of(self, revision: str) -> str | None:
        known = {"main": self.commit, self.commit: self.commit, **self.revisions}
        return known.get(revision)
