"""Short ways to open bytes in tests."""

from __future__ import annotations

from weighbridge.budget import Budget, Limits
from weighbridge.containers import registry
from weighbridge.containers.base import Archive, Member
from weighbridge.errors import LimitExceeded, MalformedInput, ParseError, Unsupported
from weighbridge.sources.memory import BytesSource

THREE_ERRORS = (MalformedInput, LimitExceeded, Unsupported)


def small_budget() -> Budget:
    """A budget that honest small archives fit into and bombs do not."""
    return Budget(Limits(seconds=20, inflated_bytes=8 << 20, inflation_free_bytes=1 << 20))


def opened(data: bytes, kind: str | None = None, budget: Budget | None = None) -> Archive:
    """Open an archive, as what it is recognised as unless `kind` is given."""
    source = BytesSource(data)
    kind = kind or registry.recognise(source)
    assert kind is not None
    return registry.open_archive(kind, source, budget or Budget())


def codes(archive: Archive) -> set[str]:
    """The codes of all anomalies."""
    return {anomaly.code for anomaly in archive.anomalies}


def gaps(archive: Archive) -> set[str]:
    """The codes of all gaps."""
    return {gap.code for gap in archive.gaps}


def content(member: Member) -> bytes:
    """All decoded bytes of a member."""
    assert member.source is not None
    return member.source.read_at(0, member.source.size)


def contents(archive: Archive) -> dict[str, bytes]:
    """Name to bytes; a later member of the same name wins."""
    return {member.name: content(member) for member in archive.members if member.source}


def by_view(archive: Archive, view: str) -> list[tuple[str, bytes]]:
    """Name and bytes of what one reader sees."""
    return [(one.name, content(one)) for one in archive.members if view in one.views]


def is_honest(archive: Archive, data: bytes) -> bool:
    """No anomaly, no gap, nothing uncovered."""
    found = (archive.anomalies, archive.gaps, archive.uncovered)
    assert found == ((), (), ()), found
    return archive.end <= len(data)


def read_everything(data: bytes, kind: str) -> None:
    """Open and read to the end; only the three errors may come out of it."""
    try:
        archive = opened(data, kind, small_budget())
    except THREE_ERRORS:
        return
    for member in archive.members:
        if member.source is None:
            assert archive.gaps
            continue
        try:
            offset = 0
            while chunk := member.source.read_at(offset, 1 << 16):
                offset += len(chunk)
                if offset > 1 << 22:
                    break
        except ParseError as error:
            assert isinstance(error, THREE_ERRORS)
