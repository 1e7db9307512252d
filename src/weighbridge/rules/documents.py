"""Rules about texts of any kind: credentials in them, and entities of XML."""

from __future__ import annotations

import re
from collections.abc import Iterator

from weighbridge.facts.repository import Reference, Secret
from weighbridge.findings.model import Confidence, Finding, Kind, Severity
from weighbridge.rules.foreign_paths import foreign
from weighbridge.rules.model import FileFacts, Rule
from weighbridge.text.escaping import visible

# Where the document types of HTML, DocBook and the like are kept; a reader may fetch them.
_STANDARD = re.compile(r"https?://(?:[\w-]+\.)*(?:w3\.org|oasis-open\.org|docbook\.org)/")


def _secrets(file: FileFacts) -> Iterator[Finding]:
    found = [fact for fact in file.of(Secret) if isinstance(fact, Secret)]
    issuers: dict[str, list[Secret]] = {}
    for secret in found:
        issuers.setdefault(secret.issuer, []).append(secret)
    for issuer, secrets in issuers.items():
        first = secrets[0]
        yield CREDENTIAL.finding(
            title=f"It holds a credential of {visible(issuer, 60)} ({first.masked})",
            member=first.member,
            evidence={
                "code": first.masked,
                "line": first.line,
                "symbols": [issuer],
                "lines": [one.line for one in secrets],
            },
        )


def _entities(file: FileFacts) -> Iterator[Finding]:
    entities = [
        fact
        for fact in file.of(Reference)
        if isinstance(fact, Reference)
        and fact.kind in ("entity", "external-entity", "growing-entity")
    ]
    named = [one for one in entities if one.kind == "external-entity"]
    outside = [one for one in named if foreign(one.value) and not _STANDARD.match(one.value)]
    # Models declare none that name others; of any other text it was computed how far they grow.
    nested = [
        one
        for one in entities
        if one.kind == "growing-entity" or one.kind == "entity" and one.value.count("&") > 1
    ]
    if not outside and not nested:
        return
    first = (outside or nested)[0]
    what = "reads another file or address" if outside else "grows without bound"
    yield XML_ENTITY.finding(
        title=f"It declares an XML entity that {what}: {visible(first.key, 60)}",
        kind=Kind.MALICIOUS if outside else Kind.SUSPICIOUS,
        member=first.member,
        evidence={
            "code": f"{visible(first.key, 80)}: {visible(first.value, 300)}",
            "line": first.line,
            "symbols": [visible(first.value, 200)],
            "effects": ["file_read"] if outside else [],
        },
        loaders=("an XML parser that resolves entities",),
    )


CREDENTIAL = Rule(
    id="credential",
    title="It holds a credential",
    kind=Kind.WEAKNESS,
    severity=Severity.HIGH,
    confidence=Confidence.MEDIUM,
    since="0.1.0",
    state="stable",
    facts=("Secret",),
    cwe=("CWE-798", "CWE-312"),
    atlas=("AML.T0055",),
    description="The text holds a key or token in the form of the one who issues it. Whoever can "
    "read the model can use it. Reports never show more than its first characters.",
    example="a token of Hugging Face in a notebook",
    remediation="Revoke the credential, and take it out of the history of the repository.",
    references=("https://huggingface.co/docs/hub/security-tokens",),
    apply=_secrets,
)
XML_ENTITY = Rule(
    id="xml-entity",
    title="It declares an XML entity that reads or grows",
    kind=Kind.MALICIOUS,
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    since="0.1.0",
    state="stable",
    facts=("Reference",),
    cwe=("CWE-611", "CWE-776"),
    atlas=("AML.T0011.000",),
    description="No model needs entities. An external one has a parser read a file or an address, "
    "and entities inside each other use up the memory; the latter is suspicious.",
    example='<!ENTITY x SYSTEM "file:///etc/passwd">',
    remediation="Do not parse the file with entities resolved.",
    references=("https://owasp.org/www-community/vulnerabilities/XML_External_Entity",),
    apply=_entities,
)

RULES = (CREDENTIAL, XML_ENTITY)
