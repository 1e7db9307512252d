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


@dataclass(frozen=True, slots=True)
class Versioned:
    """A model as a bill of materials names it.

    Attributes:
        purl: without version and qualifiers, such as ``pkg:huggingface/org/name``.
        version: commit or number, empty where none is stated.
    """

    purl: str
    version: str = ""


class Advisories(Protocol):
    """A source of advisories."""

    def naming(self, digests: Iterable[str]) -> Mapping[str, tuple[Named, ...]]:
        """Return for each SHA-256 the advisories that name it; those without any are left out.

        Raises:
            LookupFailed: the source does not answer.
        """
        ...

    def about(self, models: Iterable[Versioned]) -> Mapping[Versioned, tuple[Named, ...]]:
        """Return for each model the advisories about it; those without any are left out.

        A model without a version gets those about any version of it.

        Raises:
            LookupFailed: the source does not answer.
        """
        ...
