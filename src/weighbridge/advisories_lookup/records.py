"""Advisories from OSV JSON: one record, a list, or a zip of records.

Records are foreign data: what does not have the form of OSV is passed over, and only strings with
the form of a SHA-256 become keys. Withdrawn records name nothing.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from weighbridge.advisories_lookup.model import LookupFailed, Named, Versioned

MOST_BYTES = 256 << 20
_MOST_RECORDS = 1_000_000
_RECORD_BYTES = 4 << 20
_SHA256 = re.compile(r"[0-9a-f]{64}")
_OWN = re.compile(r"(WS|MSC)-\d{4}-\d{4,}")
_MODELS = ("pkg:huggingface/", "pkg:generic/")
_MALICIOUS = ("MSC-", "MAL-")


class Records:
    """Advisories held in memory, by the hashes and the models that they name."""

    def __init__(self, records: Iterable[Any]) -> None:
        found: dict[str, dict[str, Named]] = defaultdict(dict)
        self._models: dict[str, list[tuple[frozenset[str], Named]]] = defaultdict(list)
        for record in records:
            named = _named(record)
            if named is None:
                continue
            for digest in _digests(record):
                found[digest][named.id] = named
            for purl, versions in _models(record):
                self._models[purl.casefold()].append((versions, named))
        self._found = {digest: tuple(by_id.values()) for digest, by_id in found.items()}

    def naming(self, digests: Iterable[str]) -> Mapping[str, tuple[Named, ...]]:
        """Return for each SHA-256 the advisories that name it."""
        return {digest: self._found[digest] for digest in digests if digest in self._found}

    def about(self, models: Iterable[Versioned]) -> Mapping[Versioned, tuple[Named, ...]]:
        """Return for each model the advisories about it."""
        found = {}
        for model in models:
            some = {
                named.id: named
                for versions, named in self._models.get(model.purl.casefold(), ())
                if not model.version or not versions or model.version in versions
            }
            if some:
                found[model] = tuple(some.values())
        return found


def parse(data: bytes, place: str) -> Records:
    """Return the advisories in `data`, which is JSON or a zip of JSON; `place` is for errors.

    Raises:
        LookupFailed: it is neither.
    """
    try:
        if data[:4] == b"PK\x03\x04":
            return Records(_members(data))
        return Records(_listed(json.loads(data)))
    except (ValueError, RecursionError, zipfile.BadZipFile, NotImplementedError, EOFError) as error:
        raise LookupFailed(f"{place}: this is no OSV record and no zip of them") from error


def _members(data: bytes) -> Iterator[Any]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        left = 4 * MOST_BYTES
        for entry in archive.infolist()[:_MOST_RECORDS]:
            if not entry.filename.endswith(".json") or entry.file_size > _RECORD_BYTES:
                continue
            left -= entry.file_size
            if left < 0:
                raise ValueError("too much in the archive")
            with archive.open(entry) as member:
                yield from _listed(json.loads(member.read(_RECORD_BYTES)))


def _listed(value: Any) -> Iterator[Any]:
    if isinstance(value, dict) and isinstance(value.get("vulns"), list):
        value = value["vulns"]
    yield from value if isinstance(value, list) else [value]


def _named(record: Any) -> Named | None:
    if not isinstance(record, dict) or record.get("withdrawn") is not None:
        return None
    identifier = shown_id(record)
    if identifier is None:
        return None
    summary = record.get("summary")
    return Named(
        identifier,
        identifier.startswith(_MALICIOUS) or _own(record).get("kind") == "MSC",
        summary[:200] if isinstance(summary, str) else "",
    )


def _digests(record: dict[str, Any]) -> Iterator[str]:
    for affected in _list(record.get("affected")):
        for file in _list(_own(affected).get("files")):
            digest = file.get("sha256") if isinstance(file, dict) else None
            if isinstance(digest, str) and _SHA256.fullmatch(digest):
                yield digest


def _models(record: dict[str, Any]) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield purls of models, and the versions that are affected; none of them means all."""
    for affected in _list(record.get("affected")):
        package = affected.get("package") if isinstance(affected, dict) else None
        purl = package.get("purl") if isinstance(package, dict) else None
        if isinstance(purl, str) and purl.startswith(_MODELS):
            versions = _list(affected.get("versions"))
            bare = purl.partition("?")[0].partition("@")[0]
            yield bare, frozenset(one for one in versions if isinstance(one, str))


def shown_id(record: dict[str, Any]) -> str | None:
    """Return the record's id as people write it: ``x_MSC-…`` is shown as its alias ``MSC-…``."""
    identifier = record.get("id")
    if not isinstance(identifier, str) or not 0 < len(identifier) <= 100:
        return None
    bare = identifier.removeprefix("x_")
    if bare != identifier and _OWN.fullmatch(bare) and bare in _list(record.get("aliases")):
        return bare
    return identifier


def _own(value: Any) -> dict[str, Any]:
    specific = value.get("database_specific") if isinstance(value, dict) else None
    return specific if isinstance(specific, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
