"""The rule about bytes of known payloads."""

from __future__ import annotations

from collections.abc import Iterator

from weighbridge.facts.patterns import PatternMatch
from weighbridge.findings.model import Confidence, Finding, Kind, Severity
from weighbridge.rules.model import FileFacts, Rule
from weighbridge.rules.pickles.nesting import groups_of


def _known(file: FileFacts) -> Iterator[Finding]:
    for fact in file.of(PatternMatch):
        if isinstance(fact, PatternMatch) and not _told_already(file, fact):
            yield KNOWN_PAYLOAD.finding(
                title=f"It holds bytes of {fact.description}",
                member=fact.member,
                offset=fact.offset,
                evidence={
                    "symbols": [fact.pattern],
                    "details": [f"documented in {fact.source}"],
                    "effects": [fact.effect],
                },
            )


def _told_already(file: FileFacts, fact: PatternMatch) -> bool:
    """Tell whether it lies in a pickle that does harm, whose finding shows what it runs."""
    return any(
        stream.stream.member == fact.member
        and stream.stream.offset <= fact.offset < stream.stream.end
        and any(group.kind is Kind.MALICIOUS for group in groups_of(stream))
        for stream in file.streams.values()
    )


KNOWN_PAYLOAD = Rule(
    id="known-payload",
    title="It holds bytes of a known payload",
    kind=Kind.MALICIOUS,
    severity=Severity.CRITICAL,
    confidence=Confidence.HIGH,
    since="0.1.0",
    state="stable",
    facts=("PatternMatch",),
    cwe=("CWE-506",),
    atlas=("AML.T0010.003", "AML.T0018.002"),
    description="Bytes that a known payload, or what fetches one, has, and no model: shellcode, "
    "implants, miners, texts of reverse shells. Programs and unknown bytes are searched in "
    "every scan, all others, tensors too, with `--deep`. Needs `weighbridge[patterns]`.",
    example="weights that end in a beacon of Cobalt Strike",
    remediation="Do not use the model, and do not run anything that came with it.",
    references=(),
    apply=_known,
)

RULES = (KNOWN_PAYLOAD,)
