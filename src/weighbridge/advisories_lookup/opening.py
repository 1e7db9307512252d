"""From what the user named, a file or an address, to a source of advisories."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from weighbridge.advisories_lookup import records
from weighbridge.advisories_lookup.model import Advisories, LookupFailed
from weighbridge.advisories_lookup.platform import Platform, fetch


def open_advisories(place: str, token: str | None = None) -> Advisories:
    """Return the advisories at `place`.

    Args:
        place: a file of OSV JSON, a zip of such files, the address of either, or the address of a
            platform, which is then asked by hash.
        token: for a platform.

    Raises:
        LookupFailed: there are none.
    """
    if place.startswith(("http://", "https://")):
        if urlsplit(place).path.endswith((".json", ".zip")):
            return records.parse(fetch(place), place)
        return Platform(place, token)
    path = Path(place)
    try:
        if path.stat().st_size > records.MOST_BYTES:
            raise LookupFailed(f"{place} is larger than {records.MOST_BYTES >> 20} MiB")
        data = path.read_bytes()
    except OSError as error:
        raise LookupFailed(f"cannot read {place}: {error.strerror}") from error
    return records.parse(data, place)
