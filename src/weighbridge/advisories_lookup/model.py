"""What is known about one file, and where such knowledge can come from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from weighbridge.errors import WeighbridgeError


class LookupFailed(WeighbridgeError):
    """The advisories could not be read; says where, why and what to try."""


@dataclass(frozen=True, slots=True)
class Named:
    """One advisory that names a file.

    Attributes:
        id: in the bare form, such as ``MSC-2026-0001``.
        malicious: it says that the file is malicious, rather than weak.
        summary: one line for people.
    """

    id: str
    malicious: bool
    summary: str


class Advisories(Protocol):
    """A source of advisories."""

    def naming(self, digests: Iterable[str]) -> Mapping[str, tuple[Named, ...]]:
        """Return for each SHA-256 the advisories that name it; those without any are left out.

        Raises:
            LookupFailed: the source does not answer.
        """
        ...
