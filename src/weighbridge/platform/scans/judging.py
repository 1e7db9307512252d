"""From facts to what is stored about an artifact: verdict, findings, coverage. Pure functions."""

from __future__ import annotations

import dataclasses
import json
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from weighbridge import __version__
from weighbridge.budget import Limits
from weighbridge.facts import FACTS_VERSION, codec, expressions
from weighbridge.facts.codec import Fact
from weighbridge.facts.pickles import Call, Code, Import
from weighbridge.facts.structure import Excerpt, Format, Gap, Note
from weighbridge.findings.model import Finding, Kind, Verdict
from weighbridge.findings.verdict import of_file
from weighbridge.platform.audit.canonical import canonical, sha256, storable
from weighbridge.platform.cases.opening import FLAGGED, Flag
from weighbridge.platform.cases.vouched import Vouched, version_of, without_vouched
from weighbridge.rules.judge import advise, judge
from weighbridge.rules.registry import RULES_VERSION

PARSERS_VERSION = f"{__version__}/{FACTS_VERSION}"
_MOST_BLOB = 1 << 28
"""Facts of one file never come near this; a blob that does was not written by us."""
_SYMBOL = 200
_MOST_SYMBOLS = 5000


@dataclass(frozen=True, slots=True)
class Judged:
    """What the rules say about one artifact."""

    verdict: Verdict
    complete: bool
    findings: list[dict[str, Any]]
    coverage: dict[str, Any]
    rules: str
    vouched: str

    @property
    def behaviours(self) -> list[tuple[str, str]]:
        """Behaviour and strongest kind, once each."""
        kinds = [kind.value for kind in Kind]
        found: dict[str, str] = {}
        for finding in self.findings:
            behaviour, kind = finding["behaviour"], finding["kind"]
            if kinds.index(kind) <= kinds.index(found.get(behaviour, kinds[-1])):
                found[behaviour] = kind
        return sorted(found.items())

    @property
    def rules_version(self) -> str:
        """The version of everything that judged."""
        return full_version(self.rules, self.vouched)


def full_version(rules: str, vouched: str) -> str:
    """Return the version of rules, tables and vouched symbols in one word."""
    return f"{rules}.v{vouched}" if vouched else rules


def limits_key(limits: Limits) -> str:
    """Return a short digest of the limits that a file was read under."""
    return sha256(canonical(dataclasses.asdict(limits)))[:16]


def judged(facts: Sequence[Fact], vouched: Vouched, bytes_read: int = 0) -> Judged:
    """Judge the facts of one artifact. Paths play no part: they belong to files, not to content."""
    findings = without_vouched(judge(facts, ""), vouched)
    gaps = [fact for fact in facts if isinstance(fact, Gap)]
    notes = [*(fact for fact in facts if isinstance(fact, Note)), *advise(facts, "")]
    return Judged(
        verdict=of_file(findings, complete=not gaps),
        complete=not gaps,
        findings=[stored(finding) for finding in findings],
        coverage={
            "complete": not gaps,
            "bytes_read": bytes_read,
            "notes": [_note(gap) for gap in gaps],
            "remarks": [_note(note) for note in notes],
        },
        rules=RULES_VERSION,
        vouched=version_of(vouched),
    )


def format_of(facts: Iterable[Fact]) -> str:
    """Return the name of the artifact's own format, empty when it is unknown."""
    formats = (f.format for f in facts if isinstance(f, Format) and f.member is None)
    return next(formats, "")[:40]


def flags(findings: Iterable[dict[str, Any]], path: str) -> list[Flag]:
    """Return the findings that belong before a researcher; `path` is where they were met."""
    return [
        Flag(
            behaviour=one["behaviour"],
            family=one["family"],
            rule=one["rule"],
            kind=one["kind"],
            title=one["title"],
            path=path,
            member=one["member"],
            offset=one["offset"],
            fingerprint=one["fingerprint"],
            evidence=one["evidence"],
        )
        for one in findings
        if one["kind"] in FLAGGED
    ]


def packed(facts: Iterable[Fact]) -> bytes:
    """Return facts as they are stored."""
    return zlib.compress(canonical([codec.encode(fact) for fact in facts]).encode("ascii"), 6)


def raw(blob: bytes | memoryview) -> bytes:
    """Return the JSON of stored facts.

    Raises:
        ValueError: it is not what `packed` wrote.
    """
    inflater = zlib.decompressobj()
    try:
        text = inflater.decompress(bytes(blob), _MOST_BLOB)
    except zlib.error as error:
        raise ValueError("stored facts are damaged") from error
    if not inflater.eof:
        raise ValueError("stored facts are damaged")
    return text


def unpacked(blob: bytes | memoryview) -> tuple[Fact, ...]:
    """Return stored facts.

    Raises:
        ValueError: they are damaged, or of another version of facts.
    """
    return tuple(codec.decode(item) for item in json.loads(raw(blob)))


def settled(facts: Iterable[Fact]) -> bool:
    """Tell whether another reading would say the same: no worker was lost, no byte vanished."""
    codes = (fact.code for fact in facts if isinstance(fact, Gap))
    return not any(
        code.startswith(("worker-", "source-", "changed", "hash-mismatch")) for code in codes
    )


def source_failed(facts: Iterable[Fact]) -> bool:
    """Tell whether bytes could not be fetched."""
    return any(fact.code == "source-error" for fact in facts if isinstance(fact, Gap))


def excerpts_of(facts: Iterable[Fact]) -> list[dict[str, Any]]:
    """Return the bytes around what was found, as they are stored; parsers bound them."""
    shown = (fact for fact in facts if isinstance(fact, Excerpt))
    normal: list[dict[str, Any]] = json.loads(canonical([codec.encode(fact) for fact in shown]))
    return normal


def kinds_of(facts: Iterable[Fact]) -> str:
    """Return the classes of facts that occur, each between blanks so that one can be looked for."""
    return f" {' '.join(sorted({type(fact).__name__ for fact in facts}))} "


def symbols_of(facts: Iterable[Fact]) -> list[tuple[str, str]]:
    """Return kind and name of what hunts look for: what is imported and what is called."""
    found: dict[tuple[str, str], None] = {}
    for fact in facts:
        for kind, name in _symbols(fact):
            if len(found) < _MOST_SYMBOLS:
                found[kind, storable(name, _SYMBOL)] = None
    return list(found)


def _symbols(fact: Fact) -> list[tuple[str, str]]:
    if isinstance(fact, Import):
        names = {f"{fact.module}.{fact.name}", f"{fact.resolved_module}.{fact.resolved_name}"}
        used = [("callee", name) for name in names if "call" in fact.uses]
        return [("import", name) for name in sorted(names)] + used
    if isinstance(fact, Call) and isinstance(fact.callee, expressions.Symbol):
        return [("callee", f"{fact.callee.module}.{fact.callee.name}")]
    if isinstance(fact, Code):
        return [("import", name) for name in fact.imports] + [("callee", n) for n in fact.calls]
    return []


def stored(finding: Finding) -> dict[str, Any]:
    """Return a finding as it is stored: the contract's names, without a path."""
    plain: dict[str, Any] = {
        "rule": finding.rule,
        "kind": finding.kind.value,
        "severity": finding.severity.value,
        "confidence": finding.confidence.value,
        "title": finding.title,
        "member": finding.member,
        "offset": finding.offset,
        "evidence": finding.evidence,
        "loaders": list(finding.loaders),
        "cwe": list(finding.cwe),
        "atlas": list(finding.atlas),
        "fingerprint": finding.fingerprint,
        "behaviour": finding.behaviour,
        "family": family(finding),
        "remediation": finding.remediation,
    }
    normal: dict[str, Any] = json.loads(canonical(plain))
    return normal


def family(finding: Finding) -> str:
    """Return the behaviour without its literals, which groups the queue and nothing else."""
    evidence = finding.evidence
    words = [finding.rule, sorted(evidence.get("symbols", [])), sorted(evidence.get("effects", []))]
    return sha256(canonical(words))[:32]


def _note(fact: Gap | Note) -> dict[str, Any]:
    return {"code": fact.code, "text": fact.text, "offset": fact.offset, "member": fact.member}
