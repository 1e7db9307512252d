"""Puts what is known of its libraries into a report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from posixpath import basename

from weighbridge.findings.libraries import Knowledge, Library, Vulnerability
from weighbridge.findings.model import ScanReport
from weighbridge.libraries.collecting import NEEDS, SAVED_WITH
from weighbridge.libraries.names import PYPI
from weighbridge.libraries.store import Store
from weighbridge.tables.vector_formats import formats_of_word

_FILES = 5
_ANYBODYS = frozenset({"pickle", "joblib", "pytorch", "hdf5", "numpy"})
"""Formats that many libraries open, each only its own files."""


def knowledge(store: Store) -> Knowledge:
    """Return what the file of vulnerabilities holds, and how old it is.

    Raises:
        StoreError: it cannot be read.
    """
    about = store.about()
    age = about.age_days(datetime.now(UTC))
    return Knowledge(about.records, about.newest, about.imported, age)


def with_vulnerabilities(report: ScanReport, store: Store, more: Iterable[Library]) -> ScanReport:
    """Return `report` with the vulnerabilities of its libraries, and of `more`.

    The verdict stays as it is: a library's vulnerability is the library's.

    Raises:
        StoreError: the file of vulnerabilities cannot be read.
    """
    formats = [(file.path, file.format) for file in report.files]
    libraries = matched((*report.libraries, *more), store, formats)
    return replace(report, libraries=libraries, knowledge=knowledge(store))


def matched(
    libraries: Sequence[Library], store: Store, files: Iterable[tuple[str, str | None]]
) -> tuple[Library, ...]:
    """Return libraries with their vulnerabilities.

    Args:
        libraries: all of one target.
        store: known vulnerabilities.
        files: path and format of each file of the target, which may carry an attack.

    Raises:
        StoreError: the known vulnerabilities cannot be read.
    """
    by_format: dict[str, list[str]] = {}
    for path, form in files:
        name = "mlmodel" if basename(path) == "MLmodel" else form
        by_format.setdefault(name or "", []).append(path)
    needed = {one.name for one in libraries if one.relation == NEEDS}
    known: dict[tuple[str, str], tuple[Vulnerability, ...]] = {}
    result = []
    for library in libraries:
        if library.version is None or library.ecosystem != PYPI:
            result.append(library)
            continue
        from weighbridge.libraries.matching import vulnerabilities

        key = (library.name, library.version)
        if key not in known:
            known[key] = vulnerabilities(store, *key)
        found = known[key]
        # The version that saved a file says nothing about the one that will load it.
        if library.relation != SAVED_WITH:
            needs = library.name in needed
            found = tuple(_carried(one, by_format, needs) for one in found)
        result.append(replace(library, vulnerabilities=found))
    return tuple(result)


def _carried(one: Vulnerability, by_format: dict[str, list[str]], needed: bool) -> Vulnerability:
    """Name the files that can carry an attack; a pickle only to a library that it is of."""
    words = formats_of_word()
    files = [
        path
        for word in one.formats
        if needed or word not in _ANYBODYS
        for name in words.get(word, ())
        for path in by_format.get(name, ())
    ]
    return replace(one, carried_by=tuple(dict.fromkeys(files))[:_FILES]) if files else one
