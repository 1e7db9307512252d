"""What an advisory says, as plain data; the OSV record is made from this and nothing else."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from typing import Any

from cvss import CVSS3, CVSS4, CVSSError

from weighbridge.platform.audit.canonical import canonical, sha256
from weighbridge.platform.audit.errors import Refused

SCHEMA = 1
SOURCES = ("defender", "manual-analysis", "incident-response", "report")
REFERENCES = frozenset(
    "ADVISORY ARTICLE DETECTION DISCUSSION REPORT FIX INTRODUCED GIT PACKAGE EVIDENCE WEB".split()
)
CREDITS = frozenset(
    "FINDER REPORTER ANALYST COORDINATOR REMEDIATION_DEVELOPER REMEDIATION_REVIEWER "
    "REMEDIATION_VERIFIER TOOL SPONSOR OTHER".split()
)
_TITLE = 120


@dataclass(frozen=True, slots=True)
class File:
    """A file of the target: in which revision, where, and with what content."""

    revision: str
    path: str
    sha256: str | None
    size: int | None


@dataclass(frozen=True, slots=True)
class Target:
    """The one model or package that an advisory is about.

    Attributes:
        ecosystem: `huggingface`, `kaggle`, `local` or `PyPI`.
        url: of its page; empty where it has none.
        revisions: every affected commit, or version of a package or variation.
    """

    ecosystem: str
    name: str
    purl: str
    url: str = ""
    revisions: tuple[str, ...] = ()
    files: tuple[File, ...] = ()


@dataclass(frozen=True, slots=True)
class Credit:
    """Who is thanked, for what (types of OSV)."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Reference:
    """Where more can be read (types of OSV)."""

    type: str
    url: str


@dataclass(frozen=True, slots=True)
class Moment:
    """One entry of the timeline, in UTC."""

    at: str
    text: str


@dataclass(frozen=True, slots=True)
class Kin:
    """A model made from the target, possibly affected."""

    provider: str
    name: str
    relation: str


@dataclass(frozen=True, slots=True)
class AdvisoryContent:
    """One revision of an advisory.

    Attributes:
        id: in the bare form, such as MSC-2026-0001.
        trigger: what led to it, one line.
        cvss: vectors, at most one of each version; none for an MSC.
        evidence: bounded plain data; empty where the model is restricted.
        aliases: the same flaw under other names; never a CVE for an MSC.
        upstream: flaws of libraries that the model inherits.
        superseded_by: the CVE that took over, empty while none has.
    """

    kind: str
    id: str
    revision: int
    title: str
    description: str
    target: Target
    source: str
    trigger: str
    cwe: tuple[str, ...] = ()
    atlas: tuple[str, ...] = ()
    cvss: tuple[str, ...] = ()
    evidence: tuple[dict[str, Any], ...] = ()
    credits: tuple[Credit, ...] = ()
    references: tuple[Reference, ...] = ()
    timeline: tuple[Moment, ...] = ()
    derived: tuple[Kin, ...] = ()
    aliases: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    upstream: tuple[str, ...] = ()
    superseded_by: str = ""
    schema: int = field(default=SCHEMA)

    def to_json(self) -> str:
        """Return the canonical JSON, which is what is kept and hashed."""
        return canonical(dataclasses.asdict(self))

    @property
    def sha256(self) -> str:
        """The digest of the canonical JSON."""
        return sha256(self.to_json())

    @classmethod
    def from_json(cls, text: str) -> AdvisoryContent:
        """Return the content that a stored revision spells.

        Raises:
            ValueError: it is of another schema, or none.
        """
        return cls.from_plain(json.loads(text))

    @classmethod
    def from_plain(cls, value: dict[str, Any]) -> AdvisoryContent:
        """Return the content from plain data, such as a form sends.

        Raises:
            ValueError: it is of another schema, or a field is unknown or missing.
        """
        value = dict(value)
        if value.get("schema", SCHEMA) != SCHEMA:
            raise ValueError(f"advisory content of schema {value.get('schema')}")
        try:
            target = dict(value.pop("target"))
            target["files"] = tuple(File(**one) for one in target.get("files", ()))
            target["revisions"] = tuple(target.get("revisions", ()))
            for name, kind in _PARTS.items():
                value[name] = tuple(kind(**one) for one in value.get(name, ()))
            for name in _LISTS:
                value[name] = tuple(value.get(name, ()))
            return cls(target=Target(**target), **value)
        except (KeyError, TypeError) as error:
            raise ValueError(f"not the content of an advisory: {error}") from error


_PARTS: dict[str, type] = {
    "credits": Credit,
    "references": Reference,
    "timeline": Moment,
    "derived": Kin,
}
_LISTS = ("cwe", "atlas", "cvss", "evidence", "aliases", "related", "upstream")


def checked(content: AdvisoryContent) -> AdvisoryContent:
    """Return the content with its CVSS vectors in canonical order.

    Raises:
        Refused: it breaks a rule of its kind, or a word is not known.
    """
    _check_words(content)
    if not content.target.revisions and content.target.ecosystem != "local":
        raise Refused("an advisory names the affected revisions or versions")
    if content.kind == "MSC":
        if content.cvss:
            raise Refused("an MSC has no CVSS: malice is an incident, not a score")
        if any(alias.startswith("CVE-") for alias in content.aliases) or content.superseded_by:
            raise Refused("an MSC may refer to a CVE but is never the same as one")
    return dataclasses.replace(content, cvss=_vectors(content.cvss))


def _check_words(content: AdvisoryContent) -> None:
    if not content.title or len(content.title) > _TITLE or "\n" in content.title:
        raise Refused(f"the title is one line of at most {_TITLE} characters")
    if not content.description.strip():
        raise Refused("an advisory needs a description")
    if content.source not in SOURCES:
        raise Refused(f"the source is one of {', '.join(SOURCES)}")
    for reference in content.references:
        if reference.type not in REFERENCES or not reference.url.startswith(
            ("https://", "http://")
        ):
            raise Refused(f"not a reference: {reference.type} {reference.url}")
    for credit in content.credits:
        if credit.type not in CREDITS or not credit.name:
            raise Refused(f"not a credit: {credit.type} {credit.name}")
    for word in content.cwe:
        if not (word.startswith("CWE-") and word[4:].isdigit()):
            raise Refused(f"not a CWE: {word}")


def _vectors(vectors: tuple[str, ...]) -> tuple[str, ...]:
    clean: dict[str, str] = {}
    for vector in vectors:
        try:
            parsed = CVSS4(vector) if vector.startswith("CVSS:4") else CVSS3(vector)
        except CVSSError as error:
            raise Refused(f"not a CVSS vector: {error}") from error
        version = "4" if isinstance(parsed, CVSS4) else "3"
        if version in clean:
            raise Refused(f"two CVSS vectors of version {version}")
        clean[version] = parsed.clean_vector()
    return tuple(clean[version] for version in sorted(clean))


def severity(content: AdvisoryContent) -> str:
    """Return LOW, MODERATE, HIGH or CRITICAL; an MSC is always critical; empty without a score."""
    if content.kind == "MSC":
        return "CRITICAL"
    words = {"Low": "LOW", "Medium": "MODERATE", "High": "HIGH", "Critical": "CRITICAL"}
    for vector in reversed(content.cvss):
        if vector.startswith("CVSS:4"):
            return words.get(CVSS4(vector).severity, "")
        return words.get(CVSS3(vector).severities()[0], "")
    return ""
