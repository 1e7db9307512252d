"""Turns the groups of a stream into findings, with evidence a person can check."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from weighbridge.facts.pickles import Code, Payload
from weighbridge.findings.model import Confidence, Finding, Kind, Severity
from weighbridge.findings.pseudocode import Renderer, symbol_name
from weighbridge.rules.effects import effects_of
from weighbridge.rules.model import FileFacts, Rule, StreamFacts
from weighbridge.rules.pickles.calls import Group, StreamJudge
from weighbridge.tables.effects import effect as effect_row
from weighbridge.text.escaping import visible

# When one finding has several effects, the gravest names it.
_GRAVEST = (
    "process_exec",
    "native_code",
    "code_exec",
    "network",
    "file_delete",
    "file_write",
    "deserialize",
    "file_read",
    "tamper",
    "debugger_test",
    "import_resolve",
    "object_graph",
)
_SHOWN = 12


def findings_of(rule: Rule, file: FileFacts) -> Iterator[Finding]:
    """Yield the findings that `rule` has about the streams of a file."""
    for stream in file.streams.values():
        for group in groups_of(stream):
            if group.rule == rule.id:
                yield _finding(rule, stream, group)


def groups_of(stream: StreamFacts) -> list[Group]:
    """Return the judged groups of a stream, computed once."""
    if stream.groups is None:
        stream.groups = StreamJudge(stream).groups()
    return stream.groups


def gravest(effects: Iterable[str]) -> str:
    """Return the effect that names a finding, or an empty string."""
    found = set(effects)
    return next((name for name in _GRAVEST if name in found), "")


def _finding(rule: Rule, stream: StreamFacts, group: Group) -> Finding:
    codes = [code for code in stream.codes if code.call in group.members]
    payloads = [payload for payload in stream.payloads if payload.call in group.members]
    effects = list(dict.fromkeys([*group.effects, *(e for c in codes for e in effects_of(c))]))
    evidence = _evidence(stream, group, codes, payloads)
    effect = gravest(effects)
    if effects:
        evidence["effects"] = sorted(effects, key=_GRAVEST.index)
    dormant = stream.stream.origin in ("hidden", "dormant-literal")
    changes: dict[str, Any] = {
        "kind": group.kind,
        "title": _title(rule, group, effect),
        "member": stream.stream.member,
        "offset": group.offset,
        "evidence": evidence,
        "loaders": stream.stream.loaders,
    }
    if effect:
        row = effect_row(effect)
        changes |= {
            "cwe": row.cwe,
            "atlas": row.atlas,
            "remediation": row.remediation,
        }
    if group.kind is Kind.MALICIOUS:
        changes["severity"] = Severity.HIGH if dormant else rule.severity
        changes["confidence"] = Confidence.MEDIUM if dormant else rule.confidence
    elif group.kind is Kind.SUSPICIOUS and rule.kind is Kind.MALICIOUS:
        changes["severity"], changes["confidence"] = Severity.HIGH, Confidence.MEDIUM
    return rule.finding(**changes)


def _title(rule: Rule, group: Group, effect: str) -> str:
    names = [symbol_name(*name) for name in group.symbols[:3]]
    if effect and group.kind is Kind.MALICIOUS:
        return f"Loading it {effect_row(effect).phrase} ({', '.join(names) or 'computed'})"
    more = f" and {len(group.symbols) - 3} more" if len(group.symbols) > 3 else ""
    return f"{rule.title}: {', '.join(names)}{more}" if names else rule.title


def _evidence(
    stream: StreamFacts, group: Group, codes: list[Code], payloads: list[Payload]
) -> dict[str, Any]:
    evidence: dict[str, Any] = {}
    if group.root is not None:
        evidence["code"] = Renderer(stream.calls).call(group.root)
    else:
        lines = [f"import {symbol_name(*name)}" for name in group.symbols[:_SHOWN]]
        if len(group.symbols) > _SHOWN:
            lines.append(f"… {len(group.symbols) - _SHOWN} more")
        evidence["code"] = "\n".join(lines)
    evidence["symbols"] = [visible(f"{m}.{n}", 300) for m, n in group.symbols[:_SHOWN]]
    evidence["why"] = [visible(reason, 300) for reason in group.reasons[:4]]
    if group.count > 1:
        evidence["count"] = group.count
    if payloads:
        evidence["payloads"] = [_payload(payload) for payload in payloads[:4]]
    if codes:
        evidence["carried"] = [visible(code.text, 600) for code in codes[:3]]
    if stream.stream.error is not None:
        evidence["breaks_off"] = f"the stream ends with an error after this ({stream.stream.error})"
    return evidence


def _payload(payload: Payload) -> dict[str, Any]:
    return {
        "kind": payload.kind,
        "size": payload.size,
        "sha256": payload.sha256,
        "decoded_with": list(payload.stages),
    }
