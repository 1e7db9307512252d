"""How an event is hashed, and the walk that checks every link."""

from __future__ import annotations

from dataclasses import dataclass

from weighbridge.platform.audit.canonical import canonical, sha256
from weighbridge.platform.audit.models import GENESIS, Event, Head

_HASHED = (
    "seq schema at actor_id actor role action object_kind object_id case_number before after "
    "reason data request_id rules_version prev_hash"
).split()


@dataclass(frozen=True, slots=True)
class HeadExport:
    """The end of the chain at some moment, to be kept where nobody can rewrite it."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class Verification:
    """The answer of a walk along the chain.

    Attributes:
        events: how many were walked.
        first_bad: number of the first event that does not fit, None when all do.
        text: what is wrong with it, for people.
        head: the last event that fits.
    """

    ok: bool
    events: int
    first_bad: int | None
    text: str
    head: HeadExport


def digest(event: Event) -> str:
    """Return the hash of an event: SHA-256 over its canonical JSON with the hash before it."""
    return sha256(canonical({name: getattr(event, name) for name in _HASHED}))


def export_head() -> HeadExport:
    """Return the end of the chain."""
    row = Head.objects.filter(pk=1).values_list("seq", "hash").first()
    return HeadExport(*row) if row else HeadExport(0, GENESIS)


def verify(exported: HeadExport | None = None) -> Verification:
    """Walk the whole chain.

    Args:
        exported: an earlier end, which must be part of the chain.
    """
    end = export_head()
    good = HeadExport(0, GENESIS)
    rows = Event.objects.filter(seq__lte=end.seq).order_by("seq").iterator(chunk_size=1000)
    for count, event in enumerate(rows):
        wrong = _wrong(event, good, exported)
        if wrong:
            return Verification(False, count + 1, good.seq + 1, wrong, good)
        good = HeadExport(event.seq, event.hash)
    missing = _missing(good, end, exported)
    if missing:
        return Verification(False, good.seq, good.seq + 1, missing, good)
    return Verification(True, good.seq, None, f"{good.seq} events, all in order", good)


def _wrong(event: Event, before: HeadExport, exported: HeadExport | None) -> str:
    if event.seq != before.seq + 1:
        return f"event {before.seq + 1} is missing; {event.seq} follows {before.seq}"
    if event.prev_hash != before.hash:
        return f"event {event.seq} does not name the hash of event {before.seq}"
    if digest(event) != event.hash:
        return f"event {event.seq} was changed: its content has another hash"
    if exported is not None and exported.seq == event.seq and exported.hash != event.hash:
        return f"event {event.seq} has another hash than was exported"
    return ""


def _missing(last: HeadExport, end: HeadExport, exported: HeadExport | None) -> str:
    if last != end:
        return f"the chain ends at event {last.seq}, its head says {end.seq}"
    if exported is not None and exported.seq > last.seq:
        return f"the chain ends at event {last.seq}, but event {exported.seq} was exported"
    if not last.seq and Event.objects.exists():
        return "there are events, but the head says that there are none"
    return ""
