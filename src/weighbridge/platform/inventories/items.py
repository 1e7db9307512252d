"""What can stand in an inventory: everything that OSV can be asked for, and bills of materials."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from weighbridge.boms.reading import BomError, Named, components
from weighbridge.platform.audit.errors import Refused
from weighbridge.platform.publications.osv_queries import BadQuery, parsed

MOST_ITEMS = 20_000
_LABEL = 500
_FIELDS = ("commit", "sha256", "package", "version")
_PURLS = ("pypi", "huggingface", "generic", "npm", "cargo", "gem", "nuget")

Plain = dict[str, Any]


def checked(listed: Iterable[object]) -> list[tuple[Plain, str]]:
    """Return queries with their labels, each once.

    Raises:
        Refused: one of them asks for nothing, or there are too many.
    """
    found: dict[str, tuple[Plain, str]] = {}
    for number, one in enumerate(listed, 1):
        try:
            parsed(one)
        except BadQuery as error:
            raise Refused(f"item {number}: {error}") from error
        assert isinstance(one, dict)
        query = {name: one[name] for name in _FIELDS if name in one}
        label = _label(query)
        found.setdefault(label, (query, label))
        if len(found) > MOST_ITEMS:
            raise Refused(f"an inventory holds {MOST_ITEMS:,} items at most")
    return list(found.values())


def of_bom(data: bytes) -> list[tuple[Plain, str]]:
    """Return what a bill of materials in CycloneDX names, as queries with labels.

    Raises:
        Refused: it is none.
    """
    try:
        named = components(data)
    except BomError as error:
        raise Refused(str(error)) from error
    return checked(query for one in named for query in _queries(one))


def _queries(one: Named) -> Iterator[Plain]:
    if one.purl is not None and one.purl.type in _PURLS:
        if one.purl.version or not one.version or one.purl.type == "generic":
            yield {"package": {"purl": one.purl.to_string()}}
        else:
            yield {"package": {"purl": one.purl.to_string()}, "version": one.version}
    if one.sha256:
        yield {"sha256": one.sha256}


def _label(query: Plain) -> str:
    package = query.get("package")
    if isinstance(package, dict):
        name = package.get("purl") or f"{package.get('ecosystem', '')} {package.get('name', '')}"
        version = f" {query['version']}" if query.get("version") else ""
        return f"{name.strip()}{version}"[:_LABEL]
    return f"commit {query['commit']}" if "commit" in query else f"sha256 {query['sha256']}"
