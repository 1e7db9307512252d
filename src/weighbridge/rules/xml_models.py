"""Rules about models in XML."""

from __future__ import annotations

from collections.abc import Iterable

from weighbridge.facts.repository import Reference
from weighbridge.findings.model import Confidence, Finding, Kind, Severity
from weighbridge.rules.graph_loaders import LOADERS
from weighbridge.rules.model import FileFacts, Rule
from weighbridge.text.escaping import visible


def _document_type(file: FileFacts) -> Iterable[Finding]:
    found = [fact for fact in file.of(Reference) if isinstance(fact, Reference)]
    if any(fact.kind == "external-entity" or fact.value.count("&") > 1 for fact in found):
        return  # Its entities say more, and have the same cause.
    for fact in [fact for fact in found if fact.kind == "document-type"][:1]:
        yield XML_DOCUMENT_TYPE.finding(
            member=fact.member,
            evidence={
                "code": f"<!DOCTYPE {visible(fact.key, 80)} {visible(fact.value, 200)}>",
                "line": fact.line,
                "symbols": [visible(fact.key, 80)],
            },
            loaders=LOADERS.get(file.format or "", ()),
        )


XML_DOCUMENT_TYPE = Rule(
    id="xml-document-type",
    title="The model declares a document type",
    kind=Kind.WEAKNESS,
    severity=Severity.LOW,
    confidence=Confidence.HIGH,
    since="0.2.0",
    state="stable",
    facts=("Reference",),
    cwe=("CWE-611",),
    atlas=("AML.T0011.000",),
    description="Nothing that writes OpenVINO models or PMML 4 declares a document type. A parser "
    "that reads the declaration may fetch what it names, and takes entities from it.",
    example='<!DOCTYPE PMML SYSTEM "pmml.dtd">',
    remediation="Take the declaration out; the model does not need it.",
    references=("https://owasp.org/www-community/vulnerabilities/XML_External_Entity",),
    apply=_document_type,
)

RULES = (XML_DOCUMENT_TYPE,)
