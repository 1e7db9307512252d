"""The rule about pickles that lie in the data of another."""

from __future__ import annotations

from collections.abc import Iterator

from weighbridge.facts.pickles import DormantPickle
from weighbridge.findings.model import Confidence, Finding, Kind, Severity
from weighbridge.findings.pseudocode import symbol_name
from weighbridge.rules.effects import EVERYDAY
from weighbridge.rules.model import FileFacts, Rule
from weighbridge.rules.pickles.report import gravest
from weighbridge.tables.callables import dangerous
from weighbridge.tables.effects import effect as effect_row
from weighbridge.text.escaping import visible

# A pickle that holds another is no more than that: what the inner one calls is looked at as well.
_ORDINARY = EVERYDAY | {"deserialize"}
_SHOWN = 12


def _dormant(file: FileFacts) -> Iterator[Finding]:
    for fact in file.of(DormantPickle):
        if not isinstance(fact, DormantPickle):
            continue
        effects: dict[tuple[str, str], str] = {}
        for name in fact.calls:
            row = dangerous(*name)
            if row is not None and row.judge == "always" and row.effect not in _ORDINARY:
                effects[name] = row.effect
        if effects:
            yield _finding(fact, effects)


def _finding(fact: DormantPickle, effects: dict[tuple[str, str], str]) -> Finding:
    worst = gravest(effects.values())
    names = ", ".join(symbol_name(*name) for name in list(effects)[:3])
    form = f"{fact.encoding} of a pickle" if fact.encoding else "a pickle"
    return DORMANT_PICKLE.finding(
        title=f"Its data holds a pickle that {effect_row(worst).phrase} when loaded ({names})",
        member=fact.member,
        offset=fact.offset,
        evidence={
            "symbols": [visible(f"{m}.{n}", 300) for m, n in list(effects)[:_SHOWN]],
            "effects": sorted(set(effects.values())),
            "details": [f"{form} of {fact.size} bytes, SHA-256 {fact.sha256}"],
        },
    )


DORMANT_PICKLE = Rule(
    id="dormant-pickle",
    title="Its data holds a pickle that does harm when loaded",
    kind=Kind.SUSPICIOUS,
    severity=Severity.HIGH,
    confidence=Confidence.MEDIUM,
    since="0.1.0",
    state="stable",
    facts=("DormantPickle",),
    cwe=("CWE-502", "CWE-506"),
    atlas=("AML.T0010.003", "AML.T0018.002"),
    description="A constant of the pickle is a whole pickle itself, as it is or in base64, that "
    "calls something no model needs. Loading the file leaves it alone; code that comes with the "
    "model, or a second loader, may unpickle it. What a call of the file itself takes is reported "
    "with that call.",
    example="{'data': pickle.dumps(...)} whose inner pickle calls os.system",
    remediation="Find out what unpickles it, and do not use the model with code that does.",
    references=(),
    apply=_dormant,
)

RULES = (DORMANT_PICKLE,)
