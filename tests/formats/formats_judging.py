"""Short ways to examine bytes and to judge what was found."""

from __future__ import annotations

import json

from weighbridge.budget import Budget, Limits
from weighbridge.facts import codec
from weighbridge.facts.codec import Fact
from weighbridge.facts.pickles import Call, Code, Import, Payload
from weighbridge.facts.structure import Format, Gap
from weighbridge.formats.examine import examine
from weighbridge.rules.judge import judge
from weighbridge.sources.memory import BytesSource


def facts_of(data: bytes, limits: Limits | None = None) -> list[Fact]:
    """Examine bytes; every fact must survive its way through JSON."""
    facts = examine(BytesSource(data), Budget(limits or Limits()))
    for fact in facts:
        assert codec.decode(json.loads(json.dumps(codec.encode(fact)))) == fact
    return facts


def imports(facts: list[Fact]) -> set[str]:
    """What is imported, as `module.name`."""
    return {f"{f.module}.{f.name}" for f in facts if isinstance(f, Import)}


def calls(facts: list[Fact]) -> list[Call]:
    """All calls."""
    return [fact for fact in facts if isinstance(fact, Call)]


def called(facts: list[Fact]) -> set[str]:
    """What is called by its name, as `module.name`."""
    return {
        f"{fact.callee.module}.{fact.callee.name}"
        for fact in calls(facts)
        if hasattr(fact.callee, "module")
    }


def payloads(facts: list[Fact]) -> list[Payload]:
    """All payloads."""
    return [fact for fact in facts if isinstance(fact, Payload)]


def code(facts: list[Fact]) -> list[Code]:
    """All carried code."""
    return [fact for fact in facts if isinstance(fact, Code)]


def gaps(facts: list[Fact]) -> set[str]:
    """The codes of all gaps."""
    return {fact.code for fact in facts if isinstance(fact, Gap)}


def formats(facts: list[Fact]) -> list[str]:
    """What the file itself was recognised as."""
    return [fact.format for fact in facts if isinstance(fact, Format) and fact.member is None]


def verdict(data: bytes, limits: Limits | None = None) -> str:
    """Judge bytes: the word that a user reads."""
    facts = facts_of(data, limits)
    kinds = {finding.kind.value for finding in judge(facts, "file")}
    for kind in ("malicious", "suspicious"):
        if kind in kinds:
            return kind
    return "inconclusive" if gaps(facts) else "weakness" if kinds else "clean"
