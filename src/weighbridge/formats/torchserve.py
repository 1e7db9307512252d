"""TorchServe archives ``.mar``: a zip with ``MAR-INF/MANIFEST.json`` (model-archiver README).

The manifest names the Python handler that the server runs; like all members, its source is
examined as the script that it is.
"""

from __future__ import annotations

import re

from weighbridge.containers.base import Archive
from weighbridge.errors import ParseError
from weighbridge.formats.context import Context, Place
from weighbridge.text.decoding import text_of
from weighbridge.text.json_text import loads

NAME = "torchserve"
_MANIFEST = "MAR-INF/MANIFEST.json"
_KEYS = ("handler", "serializedFile", "modelFile", "requirementsFile", "extraFiles")
_SOURCE_LIMIT = 1 << 20
# Options that make pip look elsewhere or trust what it should not, and addresses without TLS.
_FOREIGN = re.compile(
    r"(?:^|\s)(?:-i|-f|--index-url|--extra-index-url|--find-links|--trusted-host)(?:\s|=)|http://"
)


def read_manifest(context: Context, archive: Archive, place: Place) -> None:
    """Add the manifest's entries and the code that the server would run."""
    members = {member.name: member for member in archive.members}
    source = members[_MANIFEST].source
    inner = place.inside(_MANIFEST)
    try:
        manifest = loads(b"" if source is None else source.read_at(0, _SOURCE_LIMIT), "manifest")
    except ParseError as error:
        context.gap_from(inner, NAME, error)
        return
    model = manifest.get("model") if isinstance(manifest, dict) else None
    if not isinstance(model, dict):
        context.gap(inner, NAME, "malformed-manifest", "the manifest names no model")
        return
    entries = {key: model[key] for key in _KEYS if isinstance(model.get(key), str)}
    for key, value in entries.items():
        context.metadata(place, NAME, key, value[:500])
    _requirements(context, archive, place, entries.get("requirementsFile"))


def _requirements(context: Context, archive: Archive, place: Place, name: str | None) -> None:
    """The server installs what this file names, from wherever the file says."""
    member = next((m for m in archive.members if name is not None and m.name == name), None)
    if member is None or member.source is None:
        return
    for line in (text_of(member.source, _SOURCE_LIMIT) or "").splitlines():
        wanted = line.split(" #")[0].strip()
        shown = f"{member.name[:80]}: {wanted[:200]}"
        if not wanted or wanted.startswith("#"):
            continue
        if _FOREIGN.search(wanted):
            context.anomaly(place, NAME, "requirements-foreign-index", shown)
        elif "://" in wanted:
            context.anomaly(place, NAME, "requirements-address", shown)
