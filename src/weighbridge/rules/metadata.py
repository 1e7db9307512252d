"""Rules about what a file declares about itself."""

from __future__ import annotations

from collections.abc import Iterable

from weighbridge.findings.model import Confidence, Finding, Kind, Severity
from weighbridge.findings.pseudocode import symbol_name
from weighbridge.rules.model import FileFacts, Rule
from weighbridge.rules.pickles.symbols import Standing, judge_name
from weighbridge.tables.effects import effect as effect_row

_LOADERS = ("hydra.utils.instantiate on the metadata",)


def _targets(file: FileFacts) -> Iterable[Finding]:
    for fact in file.metadata:
        if fact.key != "_target_":
            continue
        module, _, name = fact.value.rpartition(".")
        judgement = judge_name(module, name, True)
        shown = symbol_name(module, name)
        changes: dict[str, object] = {"title": f"Its metadata names {shown} to be instantiated"}
        if judgement.standing is Standing.DANGEROUS:
            changes |= {
                "kind": Kind.MALICIOUS,
                "severity": Severity.HIGH,
                "title": f"Its metadata has Hydra call {shown}: {_phrase(judgement.effect)}",
            }
        elif judgement.standing is Standing.UNVOUCHED:
            changes |= {"kind": Kind.SUSPICIOUS}
        yield METADATA_TARGET.finding(
            member=fact.member,
            evidence={
                "code": f"_target_: {shown}",
                "symbols": [shown],
                "effects": [judgement.effect] if judgement.effect else [],
            },
            loaders=_LOADERS,
            **changes,
        )


def _phrase(effect: str) -> str:
    return f"it {effect_row(effect).phrase}"


METADATA_TARGET = Rule(
    id="metadata-target",
    title="Its metadata names a callable to be instantiated",
    kind=Kind.WEAKNESS,
    severity=Severity.MEDIUM,
    confidence=Confidence.MEDIUM,
    since="0.1.0",
    state="stable",
    facts=("Metadata",),
    cwe=("CWE-470", "CWE-502"),
    atlas=("AML.T0011.000",),
    description="The metadata holds a Hydra-style configuration with `_target_`. Libraries that "
    "instantiate it call whatever it names; malicious when that has an effect no model needs.",
    example='"config": "{\\"_target_\\": \\"os.system\\"}"',
    remediation="Use the tensors only, and never instantiate a configuration out of a model file.",
    references=("CVE-2026-22584", "CVE-2026-68508"),
    apply=_targets,
)

RULES = (METADATA_TARGET,)
