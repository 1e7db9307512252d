"""What a rule states about itself, and the view of facts it gets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from weighbridge.facts.codec import Fact
from weighbridge.facts.pickles import AttributeWrite, Call, Code, Import, Payload, Stream
from weighbridge.facts.structure import Anomaly, Format, Metadata
from weighbridge.findings.model import Confidence, Finding, Kind, Severity


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule with its documentation.

    Attributes:
        id: stable, kebab-case; "allow <id>" reads as English.
        kind, severity, confidence: of its usual finding; a finding may differ where the
            description says so.
        since: version of Weighbridge that introduced it.
        state: `stable` or `preview`.
        facts: classes of facts it reads.
        example: what triggers it, one line.
        references: CVE, GHSA, specification.
        apply: the logic.
    """

    id: str
    title: str
    kind: Kind
    severity: Severity
    confidence: Confidence
    since: str
    state: str
    facts: tuple[str, ...]
    cwe: tuple[str, ...]
    atlas: tuple[str, ...]
    description: str
    example: str
    remediation: str
    references: tuple[str, ...]
    apply: Callable[[FileFacts], Iterable[Finding]] = field(repr=False)

    def finding(self, **changes: object) -> Finding:
        """Return a finding of this rule; `changes` override what its metadata says."""
        fields: dict[str, object] = {
            "rule": self.id,
            "kind": self.kind,
            "severity": self.severity,
            "confidence": self.confidence,
            "title": self.title,
            "remediation": self.remediation,
            "cwe": self.cwe,
            "atlas": self.atlas,
        }
        return Finding(**{**fields, **changes})  # type: ignore[arg-type]


@dataclass(slots=True)
class StreamFacts:
    """Everything known about one pickle stream."""

    stream: Stream
    imports: dict[tuple[str, str], Import] = field(default_factory=dict)
    calls: dict[int, Call] = field(default_factory=dict)
    writes: list[AttributeWrite] = field(default_factory=list)
    payloads: list[Payload] = field(default_factory=list)
    codes: list[Code] = field(default_factory=list)
    groups: list[Any] | None = None


class FileFacts:
    """The facts of one file, grouped the way rules ask for them."""

    def __init__(self, facts: Sequence[Fact], path: str) -> None:
        self.facts = facts
        self.path = path
        self.spoken: frozenset[int] | None = None

    @cached_property
    def format(self) -> str | None:
        """Name of the file's own format."""
        return next(
            (f.format for f in self.facts if isinstance(f, Format) and f.member is None), None
        )

    @cached_property
    def streams(self) -> dict[int, StreamFacts]:
        """Pickle streams by number."""
        found: dict[int, StreamFacts] = {}
        for fact in self.facts:
            if isinstance(fact, Stream):
                found[fact.stream] = StreamFacts(fact)
        for fact in self.facts:
            if isinstance(fact, Import | Call | AttributeWrite | Payload | Code):
                stream = found.get(fact.stream) if fact.stream is not None else None
                if stream is not None:
                    _sort_in(stream, fact)
        return found

    def of(self, kind: type) -> Iterator[Fact]:
        """Yield the facts of one class."""
        return (fact for fact in self.facts if isinstance(fact, kind))

    @cached_property
    def anomalies(self) -> dict[str, list[Anomaly]]:
        """Structural anomalies by code."""
        found: dict[str, list[Anomaly]] = defaultdict(list)
        for fact in self.facts:
            if isinstance(fact, Anomaly):
                found[fact.code].append(fact)
        return found

    @cached_property
    def free_code(self) -> list[Code]:
        """Code that is a file of its own rather than part of a stream."""
        return [f for f in self.facts if isinstance(f, Code) and f.stream is None]

    @cached_property
    def metadata(self) -> list[Metadata]:
        """Texts that the file declares about itself."""
        return [fact for fact in self.facts if isinstance(fact, Metadata)]


def _sort_in(stream: StreamFacts, fact: Import | Call | AttributeWrite | Payload | Code) -> None:
    if isinstance(fact, Import):
        stream.imports.setdefault((fact.module, fact.name), fact)
    elif isinstance(fact, Call):
        stream.calls[fact.call] = fact
    elif isinstance(fact, AttributeWrite):
        stream.writes.append(fact)
    elif isinstance(fact, Payload):
        stream.payloads.append(fact)
    else:
        stream.codes.append(fact)
