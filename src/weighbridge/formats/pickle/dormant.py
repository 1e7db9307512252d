"""Whole pickles that a stream holds as data: no call of it takes them, but whoever reads it may.

They are followed and nothing is kept of them but what they would call; a constant that turns out to
be something else says nothing, and what is not followed here is no gap: loading does not run it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence

from weighbridge.errors import ParseError
from weighbridge.facts.codec import Fact
from weighbridge.facts.pickles import DormantPickle, Import, Stream
from weighbridge.facts.structure import Gap
from weighbridge.formats.context import Context, Place
from weighbridge.formats.pickle import literals
from weighbridge.formats.pickle.payloads import Constant, ConstantReader, unwrap
from weighbridge.formats.pickle.trace import Trace
from weighbridge.sources.base import Source
from weighbridge.sources.memory import BytesSource

_MOST = 32
_BYTES = 1 << 20
_SMALLEST = 6
_CALLS = 40


def add_dormant(
    context: Context, trace: Trace, source: Source, place: Place, stream: int, seen: Collection[str]
) -> None:
    """Add a fact for each constant that is a pickle which calls something.

    Args:
        context: that the facts go to.
        trace: of the stream that holds the constants.
        source: of its bytes.
        place: where the stream stands.
        stream: its number.
        seen: SHA-256 of what calls take, which is examined already.
    """
    reader = ConstantReader(source)
    for offset in trace.tempting[-_MOST:]:
        kind, _start, size = literals.span(reader, offset)
        if kind in ("text", "latin", "bytes") and _SMALLEST <= size <= _BYTES:
            value, _size = literals.decode(reader, offset, _BYTES)
            if not isinstance(value, str | bytes):
                continue
            try:
                encoding, data = _decoded(value, context)
                digest = hashlib.sha256(data).hexdigest()
                if data[:1] != b"\x80" or digest in seen:
                    continue
                inner = place.inside(f"constant-{offset}", origin="dormant")
                calls = _calls_of(context, inner, data)
            except ParseError:
                continue
            if calls:
                found = (stream, place.member, offset, encoding, calls, digest, len(data))
                context.add(DormantPickle(*found))


def _decoded(value: str | bytes, context: Context) -> tuple[str, bytes]:
    """Return the bytes that a constant stands for, and what had to be decoded."""
    if isinstance(value, str) and value.startswith("\x80"):
        # Up to protocol 2 bytes are ``_codecs.encode(text, "latin1")`` (Lib/pickle.py, save_bytes).
        return "", value.encode("latin-1", "replace")
    if isinstance(value, bytes) and value.startswith(b"\x80"):
        return "", value
    for one in unwrap(Constant(value, ()), context.budget):
        if one.stages == ("base64",) and isinstance(one.value, bytes):
            return "base64", one.value
    return "", b""


def _calls_of(context: Context, place: Place, data: bytes) -> tuple[tuple[str, str], ...]:
    """Return what unpickling `data` would call; nothing where it is no whole pickle."""
    before = len(context.facts)
    try:
        child = context.child()
        found = child.walk(child, BytesSource(data), place)
        facts = context.facts[before:]
    finally:
        del context.facts[before:]
    if found != "pickle" or not _whole(facts):
        return ()
    called = {
        (fact.resolved_module, fact.resolved_name): None
        for fact in facts
        if isinstance(fact, Import) and "call" in fact.uses
    }
    called |= {name: None for f in facts if isinstance(f, DormantPickle) for name in f.calls}
    return tuple(called)[:_CALLS]


def _whole(facts: Sequence[Fact]) -> bool:
    return not any(
        isinstance(fact, Gap) or (isinstance(fact, Stream) and fact.error is not None)
        for fact in facts
    )
