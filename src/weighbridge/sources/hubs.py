"""What every hub tells about a model: its files, where they come from, and what scanners said."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, urlsplit

from weighbridge.errors import TargetError
from weighbridge.sources.http_ranges import Address

MOST_FILES = 100_000
"""The largest repositories on hubs hold some ten thousand files."""
LISTING_BYTES = 64 << 20
"""One page of an answer about a model."""
_TEXT = 300


@dataclass(frozen=True, slots=True)
class ScannerResult:
    """What one scanner of the provider says about a file.

    Attributes:
        scanner: its name as the provider spells it.
        status: the provider's word, such as ``safe``, ``suspicious``, ``unsafe``, ``queued``.
        text: more about it, if there is more.
    """

    scanner: str
    status: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class HubFile:
    """One file of a model at a hub.

    Attributes:
        path: below the model; not checked yet.
        size: in bytes.
        address: where its bytes are.
        sha256: of its content, as the provider declares it.
        blob: SHA-1 of its content as Git computes it, if the provider keeps it in Git itself.
        etag: the provider's other name for this content.
        scans: what the provider's scanners say.
    """

    path: str
    size: int
    address: Address
    sha256: str | None = None
    blob: str | None = None
    etag: str | None = None
    scans: tuple[ScannerResult, ...] = ()


@dataclass(frozen=True, slots=True)
class Listing:
    """A model at one revision.

    Attributes:
        name: the model's identifier at the provider.
        revision: pinned: a full commit, or a version number.
        endpoint: whose word the declared hashes are.
        about: what the provider tells, by the names that the report uses; JSON-able and bounded.
    """

    provider: str
    name: str
    revision: str
    endpoint: str
    files: tuple[HubFile, ...]
    about: Mapping[str, Any] = field(default_factory=dict)


def flaw_of(path: str) -> str | None:
    """Return why a file's name cannot be an honest one below a model, None when it can."""
    if not path or len(path) > 4096:
        return "it has no usable name"
    if any(unicodedata.category(one) in ("Cc", "Cs") for one in path):
        return "its name holds control characters"
    parts = path.split("/")
    if path.startswith(("/", "\\")) or (path[1:2] == ":" and path[0].isalpha()):
        return "its name is an absolute path"
    if ".." in parts or ".." in path.split("\\"):
        return "its name leads out of the model"
    if "" in parts or "." in parts:
        return "its name is no ordinary path"
    return None


def web_address(text: str) -> SplitResult | None:
    """Return the parts of an address of the web, None for anything else.

    Raises:
        TargetError: it begins like one and is none.
    """
    if not text.lower().startswith(("http://", "https://")):
        return None
    try:
        return urlsplit(text)
    except ValueError as error:
        raise TargetError(f"{text}: not an address") from error


def parsed(body: bytes, cut: bool, what: str) -> Any:
    """Return the JSON in an answer.

    Raises:
        TargetError: it is none, or too long.
    """
    if cut:
        raise TargetError(f"{what}: the server's answer is too long")
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise TargetError(f"{what}: the server's answer is not JSON") from error


def text_of(value: object, most: int = _TEXT) -> str | None:
    """Return a bounded text; None for anything that is no text."""
    return value[:most] if isinstance(value, str) and value else None


def count_of(value: object) -> int | None:
    """Return a number that counts something; None for anything else."""
    return value if type(value) is int and 0 <= value < 1 << 63 else None


def mapping_of(value: object) -> Mapping[str, Any]:
    """Return an object's fields; none for anything that is no object."""
    return value if isinstance(value, dict) else {}


def list_of(value: object) -> list[Any]:
    """Return a list; an empty one for anything that is none."""
    return value if isinstance(value, list) else []
