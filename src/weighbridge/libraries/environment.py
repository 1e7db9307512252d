"""Packages installed where the scan runs (``--environment``)."""

from __future__ import annotations

import sys
from importlib.metadata import distributions

from weighbridge.findings.libraries import Library
from weighbridge.libraries.collecting import INSTALLED
from weighbridge.libraries.names import PYPI, canonical_name

_MOST = 20_000


def installed(path: list[str] | None = None) -> tuple[Library, ...]:
    """Return the installed packages, from their metadata; nothing of them is imported.

    Args:
        path: folders to look into; by default those of the running Python, without the folder that
            the command was started in.
    """
    folders = [one for one in sys.path if one] if path is None else path
    found: dict[str, Library] = {}
    for number, one in enumerate(distributions(path=folders)):
        if number >= _MOST:
            break
        name, version = one.metadata["Name"], one.version
        if isinstance(name, str) and name and isinstance(version, str):
            key = canonical_name(name)
            found.setdefault(key, Library(key, version, PYPI, INSTALLED, ""))
    return tuple(found[key] for key in sorted(found))
