"""A zip that is an operand of a pickle, so near the end of the file that zip readers find it.

Keras pickles a model as ``_unpickle_model(BytesIO(...))`` of its own archive. Whoever opens the
file as a zip gets the members, so they are examined; the bytes around them are the pickle's.
"""

from __future__ import annotations

from dataclasses import replace

from weighbridge.containers.base import Archive
from weighbridge.formats.context import Context
from weighbridge.formats.pickle import analysis
from weighbridge.sources.base import Source

_AROUND = frozenset({"zip-prepended", "zip-appended"})


def alone_in_pickle(context: Context, archive: Archive, source: Source) -> Archive:
    """Return an archive that lies in a pickle as if it stood alone, and any other as it is.

    The bytes around it are examined by the reader of pickles, if they are one from end to end.
    """
    inside = any(item.code in _AROUND for item in archive.anomalies)
    if not inside or source.read_at(0, 1) != b"\x80":
        return archive
    trace = context.interpreter().run(source, 0, context.budget, analysis.attention())
    if not trace.stopped or trace.end != source.size:
        return archive
    anomalies = tuple(item for item in archive.anomalies if item.code not in _AROUND)
    return replace(archive, anomalies=anomalies, uncovered=())
