"""From a package and its version to the vulnerabilities it has, each once with all its ids."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from weighbridge.findings.libraries import Vulnerability
from weighbridge.libraries.impacts import IMPACTS
from weighbridge.libraries.names import PYPI, canonical_name
from weighbridge.libraries.ranges import Range
from weighbridge.libraries.store import Known, Store
from weighbridge.libraries.versions import fixes_for, in_ranges, keys_of

_MOST_IDS = 32
_MOST_ALIASES = 5
"""As osv.dev guards its alias groups: one wrong alias must not weld strangers together."""
_SEVERITIES = ("critical", "high", "medium", "low", "none", "unknown")
_FIXES = 5
_PREFERRED = ("CVE-", "GHSA-", "PYSEC-")


def affecting(store: Store, ecosystem: str, name: str, version: str | None) -> list[Known]:
    """Return what records say about a package in a version; about any version with None.

    Raises:
        StoreError: the records cannot be read.
    """
    wanted = canonical_name(name) if ecosystem == PYPI else name
    known = store.known(ecosystem, wanted)
    if version is None:
        return known
    keys = keys_of(version)
    ranged = ecosystem == PYPI
    return [one for one in known if one.lists(keys) or (ranged and in_ranges(version, one.ranges))]


def vulnerabilities(store: Store, name: str, version: str) -> tuple[Vulnerability, ...]:
    """Return the vulnerabilities of a package on PyPI in an exact version, gravest first.

    Raises:
        StoreError: the records cannot be read.
    """
    groups = grouped(affecting(store, PYPI, name, version))
    found = [_merged(group, version) for group in groups]
    found.sort(key=lambda one: (_SEVERITIES.index(one.severity), IMPACTS.index(one.impact), one.id))
    return tuple(found)


@dataclass(slots=True)
class Group:
    """Records that share an id."""

    ids: dict[str, None]
    records: list[Known]


def grouped(known: Sequence[Known]) -> list[Group]:
    """Put records together that name each other, directly or over others."""
    groups: list[Group] = []
    for record in known:
        aliases = record.aliases if len(record.aliases) <= _MOST_ALIASES else ()
        ids = dict.fromkeys((record.id, *aliases))
        touching = [group for group in groups if not ids.keys().isdisjoint(group.ids)]
        merged = Group(ids, [record])
        for group in touching:
            if len(merged.ids) + len(group.ids) > _MOST_IDS:
                continue
            merged.ids |= group.ids
            merged.records += group.records
            groups.remove(group)
        merged.ids |= dict.fromkeys(record.aliases[:_MOST_IDS])
        groups.append(merged)
    return groups


def _merged(group: Group, version: str) -> Vulnerability:
    ids = sorted(group.ids, key=_preference)
    records = sorted(group.records, key=lambda one: (_SEVERITIES.index(one.severity), one.id))
    gravest = records[0]
    classed = min(records, key=lambda one: (_doubt(one), IMPACTS.index(one.impact)))
    ranges: Iterable[Range] = (one for record in records for one in record.ranges)
    return Vulnerability(
        id=ids[0],
        aliases=tuple(ids[1:]),
        severity=gravest.severity,
        score=gravest.score,
        impact=classed.impact,
        impact_reason=classed.reason,
        fixed_in=tuple(fixes_for(version, ranges)[:_FIXES]),
        summary=gravest.summary,
        formats=tuple(dict.fromkeys(word for record in records for word in record.formats)),
    )


def _preference(identifier: str) -> tuple[int, str, bool]:
    """Return a key by which the best known id comes first, ``WS-…`` before ``x_WS-…``."""
    bare = identifier.removeprefix("x_")
    known = (number for number, prefix in enumerate(_PREFERRED) if bare.startswith(prefix))
    return next(known, len(_PREFERRED)), bare, bare != identifier


def _doubt(record: Known) -> int:
    """How far a class rests on words: not at all, wholly, or on nothing."""
    if record.reason.startswith(("CWE", "CVSS")):
        return 0
    return 1 if record.reason.startswith("text") else 2
