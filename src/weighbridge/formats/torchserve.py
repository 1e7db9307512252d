"""TorchServe archives ``.mar``: a zip with ``MAR-INF/MANIFEST.json`` (model-archiver README).

The manifest names the Python handler that the server runs; the handler's source is examined like
any code in the archive.
"""

from __future__ import annotations

from weighbridge.containers.base import Archive
from weighbridge.errors import ParseError
from weighbridge.formats.context import Context, Place
from weighbridge.formats.python.source import source_fact
from weighbridge.text.decoding import text_of
from weighbridge.text.json_text import loads

NAME = "torchserve"
LOADERS = ("torchserve --models",)
_MANIFEST = "MAR-INF/MANIFEST.json"
_KEYS = ("handler", "serializedFile", "modelFile", "requirementsFile", "extraFiles")
_SOURCE_LIMIT = 1 << 20


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
    for member in archive.members:
        code = None
        if member.name.endswith(".py") and member.source is not None:
            code = text_of(member.source, _SOURCE_LIMIT)
        if code is not None:
            inner = place.inside(member.name, LOADERS)
            context.add(
                source_fact(
                    code,
                    stream=None,
                    member=inner.member,
                    offset=0,
                    call=None,
                    name=member.name,
                    budget=context.budget,
                )
            )
