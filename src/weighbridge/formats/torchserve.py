"""TorchServe archives ``.mar``: a zip with ``MAR-INF/MANIFEST.json`` (model-archiver README).

The manifest names the Python handler that the server runs; the handler's source is examined like
any code in the archive.
"""

from __future__ import annotations

import json

from weighbridge.containers.base import Archive
from weighbridge.formats.context import Context, Place
from weighbridge.formats.python.source import source_fact
from weighbridge.text.decoding import text_of

NAME = "torchserve"
LOADERS = ("torchserve --models",)
_MANIFEST = "MAR-INF/MANIFEST.json"
_KEYS = ("handler", "serializedFile", "modelFile", "requirementsFile", "extraFiles")
_SOURCE_LIMIT = 1 << 20


def read_manifest(context: Context, archive: Archive, place: Place) -> None:
    """Add the manifest's entries and the code that the server would run."""
    members = {member.name: member for member in archive.members}
    source = members[_MANIFEST].source
    text = None if source is None else text_of(source, _SOURCE_LIMIT)
    try:
        model = json.loads(text or "")["model"]
        entries = {key: model[key] for key in _KEYS if isinstance(model.get(key), str)}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        inner = place.inside(_MANIFEST)
        context.gap(inner, NAME, "malformed-manifest", "the manifest cannot be read")
        return
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
