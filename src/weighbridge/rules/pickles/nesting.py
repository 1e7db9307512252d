"""Streams inside constants of other streams, and which call hands them to a loader."""

from __future__ import annotations

from weighbridge.findings.model import Kind
from weighbridge.rules.model import FileFacts, StreamFacts
from weighbridge.rules.pickles.calls import Group, StreamJudge


def groups_of(stream: StreamFacts) -> list[Group]:
    """Return the judged groups of a stream, computed once."""
    if stream.groups is None:
        stream.groups = StreamJudge(stream).groups()
    return stream.groups


def inner_streams(file: FileFacts, stream: StreamFacts, group: Group) -> list[StreamFacts]:
    """Return the streams that lie in what the calls of `group` take, at any depth."""
    found: list[StreamFacts] = []
    pending = [(stream, group.members)]
    while pending and len(found) < 100:
        current, members = pending.pop()
        for payload in current.payloads:
            if payload.call not in members:
                continue
            for inner in _streams_of(file, payload.inner_stream):
                if inner not in found:
                    found.append(inner)
                    pending.append((inner, set(inner.calls)))
    return found


def _streams_of(file: FileFacts, first: int | None) -> list[StreamFacts]:
    """Return the stream with this number and those that follow it in the same member."""
    head = file.streams.get(first) if first is not None else None
    if head is None or first is None:
        return []
    member = head.stream.member
    found = [head]
    number = first + 1
    while (following := file.streams.get(number)) is not None:
        inside = following.stream.member or ""
        if following.stream.member != member and not inside.startswith(f"{member}!"):
            break
        found.append(following)
        number += 1
    return found


def spoken_for(file: FileFacts) -> frozenset[int]:
    """Return the numbers of the streams that a malicious call of an outer stream reports."""
    cached = file.spoken
    if cached is None:
        numbers = {
            inner.stream.stream
            for stream in file.streams.values()
            if stream.payloads
            for group in groups_of(stream)
            if group.kind is Kind.MALICIOUS and group.root is not None
            for inner in inner_streams(file, stream, group)
        }
        cached = file.spoken = frozenset(numbers)
    return cached
