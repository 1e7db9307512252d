"""What a set of vouched symbols silences, as a pure function over findings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from weighbridge.findings.model import Finding, Kind
from weighbridge.platform.audit.canonical import canonical, sha256
from weighbridge.platform.cases.models import Vouch
from weighbridge.rules.pickles.symbols import Standing, judge_name
from weighbridge.tables.callables import dangerous, dangerous_through
from weighbridge.text.escaping import visible

REBUILDING = frozenset({"third-party-class", "unvouched-import"})
CALLING = frozenset({"third-party-call", "unvouched-call"})
_MOST_SHOWN = 12
"""Evidence names no more symbols than this, so a finding with as many may have further ones."""

Vouched = Mapping[str, str]
"""Scope by symbol, spelled as evidence spells it."""


def spelled(module: str, name: str) -> str:
    """Return a symbol as the evidence of findings spells it."""
    return visible(f"{module}.{name}", 300)


def in_force() -> dict[str, str]:
    """Return the symbols that are vouched for now."""
    rows = Vouch.objects.filter(state=Vouch.State.ACTIVE).values_list("module", "name", "scope")
    return {spelled(module, name): scope for module, name, scope in rows}


def version_of(vouched: Vouched) -> str:
    """Return the version of a set; empty for the empty set."""
    return sha256(canonical(sorted(vouched.items())))[:12] if vouched else ""


def critical(module: str, name: str) -> bool:
    """Tell whether the tables call a symbol critical, so that nobody can vouch for it."""
    rows = (dangerous(module, name), dangerous_through(module, name) if "." in name else None)
    return any(row is not None and row.severity == "critical" for row in rows)


def without_vouched(findings: Iterable[Finding], vouched: Vouched) -> list[Finding]:
    """Return the findings that remain when the vouched symbols are ordinary."""
    if not vouched:
        return list(findings)
    return [finding for finding in findings if not _silenced(finding, vouched)]


def _silenced(finding: Finding, vouched: Vouched) -> bool:
    calling = finding.rule in CALLING
    if finding.kind is Kind.MALICIOUS or not (calling or finding.rule in REBUILDING):
        return False
    evidence = finding.evidence
    if evidence.get("payloads") or evidence.get("carried"):
        return False
    symbols: Sequence[str] = evidence.get("symbols", [])
    if not symbols or len(symbols) >= _MOST_SHOWN:
        return False
    named = [vouched.get(symbol) for symbol in symbols]
    if not any(named):
        return False
    return all(
        _covers(scope, calling) if scope else _good(symbol)
        for symbol, scope in zip(symbols, named, strict=True)
    )


def _covers(scope: str, calling: bool) -> bool:
    return scope == Vouch.Scope.ANY or not calling


def _good(symbol: str) -> bool:
    module, _, name = symbol.rpartition(".")
    judgement = judge_name(module, name, False)
    return judgement.standing is Standing.GOOD and judgement.use == "any"
