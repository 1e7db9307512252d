"""Answers to queries of OSV: imported records on libraries, and our own WS and MSC.

What is published never changes, so our own records are indexed once for each state of the dump. The
imported ones stay in their file, which is opened anew when an import has put another in its place.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from packageurl import PackageURL

from weighbridge.libraries.matching import affecting
from weighbridge.libraries.names import PYPI
from weighbridge.libraries.store import Store
from weighbridge.libraries.versions import keys_of
from weighbridge.platform.advisories.numbers import parsed as numbered
from weighbridge.platform.advisories.numbers import spelled
from weighbridge.platform.imported import imported
from weighbridge.platform.publications.dumps import Dump, dump
from weighbridge.platform.publications.osv_queries import GIT, Query, bare_purl

PAGE = 1_000
Osv = dict[str, Any]


@dataclass(slots=True)
class _Index:
    """Our own records by what they can be asked for; withdrawn ones by id only."""

    dump: Dump
    by_id: dict[str, Osv] = field(default_factory=dict)
    by_package: dict[tuple[str, str], list[Osv]] = field(default_factory=lambda: defaultdict(list))
    by_purl: dict[str, list[Osv]] = field(default_factory=lambda: defaultdict(list))
    by_commit: dict[str, list[Osv]] = field(default_factory=lambda: defaultdict(list))
    by_sha256: dict[str, list[Osv]] = field(default_factory=lambda: defaultdict(list))
    called: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))


_index: _Index | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """Where the answer to one query is: ids with times, and the records behind them."""

    own: tuple[Osv, ...]
    imported: tuple[tuple[str, str], ...]

    def brief(self) -> list[dict[str, str]]:
        """Return id and time of each, as a batch is answered."""
        mine = [{"id": one["id"], "modified": one["modified"]} for one in self.own]
        return mine + [{"id": name, "modified": at} for name, at in self.imported]


def _find(query: Query, index: _Index, store: Store | None) -> Found:
    if query.nothing:
        return Found((), ())
    if query.commit:
        return Found(tuple(index.by_commit.get(query.commit, ())), ())
    if query.sha256:
        return Found(tuple(index.by_sha256.get(query.sha256, ())), ())
    if query.purl:
        return Found(tuple(_of_version(index.by_purl.get(query.purl, ()), query)), ())
    named = [query.ecosystem] if query.ecosystem else [PYPI, GIT]
    own = [one for name in named for one in index.by_package.get((name, query.name), ())]
    known = (
        [one for name in named for one in affecting(store, name, query.name, query.version)]
        if store is not None
        else []
    )
    taken = {one["id"] for one in own}
    return Found(
        tuple(_of_version(own, query)),
        tuple((one.id, one.modified) for one in known if one.id not in taken),
    )


def page(query: Query) -> dict[str, Any]:
    """Return the answer to one query: whole records, a page at a time.

    Raises:
        StoreError: the imported records cannot be read.
    """
    store = imported()
    found = _find(query, _own(), store)
    listed: list[Osv | str] = [*found.own, *(name for name, _at in found.imported)]
    part = listed[query.offset : query.offset + PAGE]
    if not part:
        return {}
    whole = (one if isinstance(one, dict) else store and store.body(one) for one in part)
    answer: dict[str, Any] = {"vulns": [_served(one, query) for one in whole if one]}
    if len(listed) > query.offset + PAGE:
        answer["next_page_token"] = str(query.offset + PAGE)
    return answer


def brief_pages(queries: Iterable[Query]) -> list[dict[str, Any]]:
    """Return the answers to the queries of a batch: ids and times.

    Raises:
        StoreError: the imported records cannot be read.
    """
    index, store = _own(), imported()
    return [_brief_page(query, _find(query, index, store)) for query in queries]


def _brief_page(query: Query, found: Found) -> dict[str, Any]:
    listed = found.brief()
    part = listed[query.offset : query.offset + PAGE]
    if not part:
        return {}
    answer: dict[str, Any] = {"vulns": part}
    if len(listed) > query.offset + PAGE:
        answer["next_page_token"] = str(query.offset + PAGE)
    return answer


def by_id(identifier: str) -> Osv | None:
    """Return the record with an id, withdrawn ones too; ours also by the bare number."""
    named = numbered(identifier)
    if named is not None:
        return _own().by_id.get(f"x_{spelled(*named)}")
    store = imported()
    return None if store is None else store.body(identifier)


def called(alias: str) -> list[str]:
    """Return the ids of records that give this alias."""
    store = imported()
    return [*_own().called.get(alias, ()), *(store.called(alias) if store is not None else ())]


def _served(one: Osv, query: Query) -> Osv:
    """Answer about a package with packages only: pip-audit reads `package` of every item."""
    affected = one.get("affected", ())
    if query.ecosystem != PYPI or all("package" in item for item in affected):
        return one
    return {**one, "affected": [item for item in affected if "package" in item]}


def _of_version(records: Iterable[Osv], query: Query) -> Iterator[Osv]:
    """Yield the records that list the version; ours always list all of them."""
    if query.version is None:
        yield from records
        return
    keys = keys_of(query.version) if query.ecosystem == PYPI else {query.version.lower()}
    for one in records:
        listed = {text for item in one["affected"] for text in item.get("versions", ())}
        if query.ecosystem == PYPI:
            listed = {key for text in listed for key in keys_of(text)}
        if listed & keys:
            yield one


def _own() -> _Index:
    global _index
    current = dump()
    if _index is None or _index.dump is not current:
        _index = _indexed(current)
    return _index


def _indexed(current: Dump) -> _Index:
    index = _Index(current)
    for one in current.records:
        index.by_id[one["id"]] = one
        for alias in one.get("aliases", ()):
            index.called[alias].append(one["id"])
        if "withdrawn" in one:
            continue
        for item in one["affected"]:
            package = item["package"]
            index.by_package[package["ecosystem"], package["name"]].append(one)
            if package["ecosystem"] != PYPI:
                purl = bare_purl(PackageURL.from_string(package["purl"]))
                index.by_purl[purl].append(one)
                for version in item.get("versions", ()):
                    index.by_commit[version.lower()].append(one)
            for file in item.get("database_specific", {}).get("files", ()):
                if "sha256" in file:
                    index.by_sha256[file["sha256"]].append(one)
    return index
