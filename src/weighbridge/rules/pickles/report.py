"""Turns the groups of a stream into findings, with evidence a person can check."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from weighbridge.facts.pickles import Code, Payload
from weighbridge.findings.model import Confidence, Finding, Kind, Severity
from weighbridge.findings.pseudocode import Renderer, symbol_name
from weighbridge.rules.effects import dangerous_names, effects_of
from weighbridge.rules.model import FileFacts, Rule, StreamFacts
from weighbridge.rules.pickles.calls import Group
from weighbridge.rules.pickles.nesting import groups_of, inner_streams, spoken_for
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
_FOLDED = 2000


def findings_of(rule: Rule, file: FileFacts) -> Iterator[Finding]:
    """Yield the findings that `rule` has about the streams of a file."""
    for number, stream in file.streams.items():
        if number in spoken_for(file):
            continue
        for group in groups_of(stream):
            if group.rule == rule.id:
                yield _finding(rule, file, stream, group)


def gravest(effects: Iterable[str]) -> str:
    """Return the effect that names a finding, or an empty string."""
    found = set(effects)
    return next((name for name in _GRAVEST if name in found), "")


def _finding(rule: Rule, file: FileFacts, stream: StreamFacts, group: Group) -> Finding:
    codes = [code for code in stream.codes if code.call in group.members]
    if group.rule == "own-code-called" and any(map(dangerous_names, codes)):
        # Carrying such code is malicious already (hostile-code), and this runs it.
        group = replace(group, kind=Kind.MALICIOUS)
    inner = inner_streams(file, stream, group) if group.kind is Kind.MALICIOUS else []
    codes += [code for nested in inner for code in nested.codes]
    payloads = [payload for payload in stream.payloads if payload.call in group.members]
    effects = list(dict.fromkeys([*group.effects, *(e for c in codes for e in effects_of(c))]))
    effects += [e for nested in inner for g in groups_of(nested) for e in g.effects]
    evidence = _evidence(stream, group, codes, payloads)
    runs = _runs(inner)
    if runs:
        evidence["inside"] = runs
    effect = gravest(effects)
    if effects:
        evidence["effects"] = sorted(set(effects), key=_GRAVEST.index)
    dormant = stream.stream.origin in ("hidden", "dormant-literal")
    changes: dict[str, Any] = {
        "kind": group.kind,
        "title": _title(rule, group, effect, inner),
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


def _runs(inner: list[StreamFacts]) -> list[str]:
    """Return what the streams inside would run, as pseudo-Python."""
    lines = [
        Renderer(nested.calls, 400).call(group.root)
        for nested in inner
        for group in groups_of(nested)
        if group.root is not None and group.kind is not Kind.WEAKNESS
    ]
    return list(dict.fromkeys(lines))[:4]


def _title(rule: Rule, group: Group, effect: str, inner: list[StreamFacts]) -> str:
    names = [symbol_name(*name) for name in group.symbols[:3]]
    within = [g for nested in inner for g in groups_of(nested) if g.kind is Kind.MALICIOUS]
    if within and within[-1].symbols:
        names = [*names[:2], f"inside: {symbol_name(*within[-1].symbols[0])}"]
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
    if group.also:
        evidence["also"] = _also(stream, group)
    if payloads:
        evidence["payloads"] = [_payload(payload) for payload in payloads[:4]]
    if codes:
        evidence["carried"] = [_lines(code.text) for code in codes[:3]]
        if decoded := _decoded(codes):
            evidence["decoded"] = decoded
    if stream.stream.error is not None:
        evidence["breaks_off"] = f"the stream ends with an error after this ({stream.stream.error})"
    return evidence


def _lines(text: str) -> str:
    """Return the beginning of code, line by line, with what hides in them as escapes."""
    shown = "\n".join(map(visible, text[:600].split("\n")))
    return shown if len(text) <= 600 else f"{shown}…"


def _decoded(codes: list[Code]) -> list[str]:
    """Return what code decodes and runs in its turn: constants that do not stand in its text."""
    texts = [
        _lines(constant)
        for code in codes[:3]
        if code.origin == "python-source" and len(code.text) < 600
        for constant in code.constants
        if len(constant) > 12 and constant not in code.text
    ]
    inner = [one for one in texts if not any(one != other and one in other for other in texts)]
    return list(dict.fromkeys(inner))[:3]


def _also(stream: StreamFacts, group: Group) -> dict[str, Any]:
    """Return what the calls folded into this finding run.

    The digest covers all of them, so that a decision about this finding never covers a call with
    other literals.
    """
    lines = sorted({Renderer(stream.calls).call(call) for call in group.also[:_FOLDED]})
    digest = hashlib.sha256("\n".join([*lines, str(len(group.also))]).encode("utf-8", "replace"))
    return {"shown": lines[:_SHOWN], "sha256": digest.hexdigest()}


def _payload(payload: Payload) -> dict[str, Any]:
    return {
        "kind": payload.kind,
        "size": payload.size,
        "sha256": payload.sha256,
        "decoded_with": list(payload.stages),
    }
