"""Whether a version is affected, exactly as OSV defines it for PyPI (PEP 440 through `packaging`).

Affected is a version that a record lists, or that lies in any of its ranges (OSV schema,
"Evaluation of a version"). Plain comparison decides, not ``packaging.specifiers.SpecifierSet``,
which leaves pre-releases out of ``<2.0``. A local version such as ``2.0+cu118`` is a build of
``2.0``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from packaging.utils import canonicalize_version
from packaging.version import InvalidVersion, Version

from weighbridge.libraries.ranges import Event, Range

LONGEST = 200
"""Characters of a version; nobody writes longer ones."""
_ORDER = {"fixed": 0, "introduced": 1, "last_affected": 2}


@lru_cache(1 << 16)
def parsed(text: str) -> Version | None:
    """Return the version that `text` is, None when it is none by PEP 440."""
    if len(text) > LONGEST:
        return None
    try:
        return Version(text)
    except InvalidVersion:
        return None


@lru_cache(1 << 16)
def key(text: str) -> str:
    """Return what two spellings of one version have in common: ``1.0`` and ``1.0.0`` are one."""
    version = parsed(text)
    return text.strip() if version is None else canonicalize_version(version)


def keys_of(text: str) -> frozenset[str]:
    """Return the keys under which a record may list the version that a user has."""
    version = parsed(text)
    return frozenset([key(text)] if version is None else [key(text), key(version.public)])


def in_ranges(text: str, ranges: Iterable[Range]) -> bool:
    """Tell whether a version lies in one of the ranges; what is no version lies in none."""
    version = _public(text)
    return version is not None and any(_within(version, one.events) for one in ranges)


@lru_cache(1 << 12)
def _public(text: str) -> Version | None:
    version = parsed(text)
    return None if version is None else parsed(version.public)


def _within(version: Version, events: Sequence[Event]) -> bool:
    ordered = _sorted(tuple(events))
    if ordered is None:
        return False
    bounds, limits = ordered
    if limits and not any(version < limit for limit in limits):
        return False
    inside = False
    for at, order, kind in bounds:
        if at is None:  # introduced "0": from the start, before every pre-release
            inside = True
        elif kind == "last_affected":
            inside = inside and version <= at
        elif version >= at:
            inside = order == _ORDER["introduced"]
        else:
            break
    return inside


Bound = tuple[Version | None, int, str]


@lru_cache(1 << 16)
def _sorted(events: tuple[Event, ...]) -> tuple[list[Bound], list[Version]] | None:
    """Return the events by version, and the limits; None when one of them is no version."""
    bounds: list[Bound] = []
    limits: list[Version] = []
    for kind, text in events:
        if kind == "limit":
            limit = None if text == "*" else parsed(text)
            limits += [limit] if limit is not None else []
            continue
        at = None if kind == "introduced" and text == "0" else parsed(text)
        if at is None and not (kind == "introduced" and text == "0"):
            return None
        bounds.append((at, _ORDER.get(kind, 2), kind))
    first = Version("0.dev0")
    bounds.sort(key=lambda bound: (bound[0] is not None, bound[0] or first, bound[1]))
    return bounds, limits


def fixes_for(text: str | None, ranges: Iterable[Range]) -> list[str]:
    """Return the versions that fix what a version has: the next one of each range, lowest first.

    Without a version (or with one that is none), all fixed versions.
    """
    version = None if text is None else _public(text)
    fixes: set[Version] = set()
    for one in ranges:
        found = sorted(
            at for kind, fixed in one.events if kind == "fixed" and (at := parsed(fixed))
        )
        if version is None:
            fixes.update(found)
        else:
            fixes.update([at for at in found if at > version][:1])
    return [str(at) for at in sorted(fixes)]
