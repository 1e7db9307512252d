"""The rule about streams that the unpicklers of Python read in different ways."""

from __future__ import annotations

from collections.abc import Iterable

from weighbridge.findings.model import Confidence, Finding, Kind, Severity
from weighbridge.rules.model import FileFacts, Rule

_MEANINGS = {
    "frame-crossed": "an opcode reaches out of its frame; unpicklers go on at different bytes",
    "frame-nested": "a frame begins inside another, which the Python unpickler refuses",
    "frame-overrun": "a frame is longer than the stream, which the C unpickler refuses",
    "unterminated-line": "a line has no end; the Python unpickler cuts its last byte and goes on",
}


def _odd_streams(file: FileFacts) -> Iterable[Finding]:
    for stream in file.streams.values():
        codes = [code for code in stream.stream.oddities if code in _MEANINGS]
        if codes:
            yield UNPICKLERS_DISAGREE.finding(
                member=stream.stream.member,
                offset=stream.stream.offset,
                evidence={"symbols": codes, "why": [_MEANINGS[code] for code in codes]},
                loaders=stream.stream.loaders,
            )


UNPICKLERS_DISAGREE = Rule(
    id="unpicklers-disagree",
    title="Unpicklers read this stream in different ways",
    kind=Kind.SUSPICIOUS,
    severity=Severity.MEDIUM,
    confidence=Confidence.HIGH,
    since="0.1.0",
    state="stable",
    facts=("Stream",),
    cwe=("CWE-436", "CWE-693"),
    atlas=("AML.T0076",),
    description="The stream is built so that Python's two unpicklers do not agree on it: lying "
    "frames, lines without an end. No pickler writes this; it serves to show a scanner something "
    "else than the loader sees.",
    example="a FRAME that is longer than the rest of the stream",
    remediation="Do not load the file; ask its author to write it again.",
    references=("PEP 3154",),
    apply=_odd_streams,
)

RULES = (UNPICKLERS_DISAGREE,)
