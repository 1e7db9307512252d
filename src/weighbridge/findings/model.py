"""The finding, its three axes, and what a report is made of (design: `weighbridge scan`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from weighbridge.findings.libraries import Knowledge, Library, UsedModel
from weighbridge.findings.outcome import Outcome


class Kind(StrEnum):
    """What a finding says about intent."""

    MALICIOUS = "malicious"
    SUSPICIOUS = "suspicious"
    WEAKNESS = "weakness"


class Severity(StrEnum):
    """How bad it is when it happens."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"


class Confidence(StrEnum):
    """How sure the rule is."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Verdict(StrEnum):
    """The answer for a file or a target, weakest last."""

    MALICIOUS = "malicious"
    SUSPICIOUS = "suspicious"
    INCONCLUSIVE = "inconclusive"
    WEAKNESS = "weakness"
    CLEAN = "clean"


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule's statement about one place in one artifact.

    Attributes:
        rule: id of the rule, such as ``dangerous-call``.
        title: one line for people; says what happens.
        path: of the file below the target, filled in by the engine.
        member: place inside the file, None for the file itself.
        offset: in bytes within the member.
        evidence: JSON-able, bounded; ``code`` holds pseudo-Python where there is something to run.
        loaders: load calls that trigger it.
        fingerprint: tells a report line again: rule, path, member, symbol.
        behaviour: hash of what would run, without path or offset.
        advisories: ids of published advisories about it, when they were asked for.
    """

    rule: str
    kind: Kind
    severity: Severity
    confidence: Confidence
    title: str
    remediation: str
    path: str = ""
    member: str | None = None
    offset: int | None = None
    evidence: dict[str, Any] = field(default_factory=dict)
    loaders: tuple[str, ...] = ()
    cwe: tuple[str, ...] = ()
    atlas: tuple[str, ...] = ()
    fingerprint: str = ""
    behaviour: str = ""
    advisories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CoverageNote:
    """Something about what was read, or why something was not."""

    code: str
    text: str
    offset: int | None
    member: str | None = None


@dataclass(frozen=True, slots=True)
class Coverage:
    """Whether every byte range was parsed or declared opaque, and what was not."""

    complete: bool
    bytes_read: int
    notes: tuple[CoverageNote, ...] = ()


class Agreement(StrEnum):
    """What our examination says about a provider's scanner's word on the same file."""

    CONFIRMED = "confirmed"
    REFUTED = "refuted"
    UNSEEN = "unseen"
    AGREED = "agreed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ProviderScan:
    """One of the provider's own scanners on one file; it never changes our verdict.

    Attributes:
        status: the provider's word.
        agreement: ``confirmed``: both flag the file. ``refuted``: they flag it, we examined it to
            the end and found nothing. ``unseen``: we flag it, they call it safe. ``agreed``:
            neither flags it. ``unknown``: one of the two has no answer.
    """

    scanner: str
    status: str
    text: str
    agreement: Agreement = Agreement.UNKNOWN


@dataclass(frozen=True, slots=True)
class BaseModel:
    """A model that another is said to be made from, and how.

    Attributes:
        license: that it states itself, None where nobody asked or it does not say.
    """

    id: str
    relation: str | None
    license: str | None = None


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model at a provider, as the provider tells it; None is what it does not tell.

    Attributes:
        revision: pinned: a full commit, or a version number.
        license, base_models, library: what the author claims.
    """

    provider: str
    id: str
    revision: str | None
    author: str | None = None
    downloads: int | None = None
    likes: int | None = None
    gated: bool | None = None
    private: bool | None = None
    license: str | None = None
    base_models: tuple[BaseModel, ...] = ()
    library: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True)
class FileReport:
    """One file's answer.

    Attributes:
        path: relative to the target, as found (escape it for display).
        sha256: None when it is not known; `sha256_source` is `computed`, `declared` (by the
            provider, for a file that was not read whole) or None.
        format: registry name of what the bytes are, None when unknown.
        role: `weights`, `alternative-weights` (of another framework, or not preferred),
            `training-state`, `code` (a loader runs it), `script` (no loader does),
            `configuration`, `document`, `other`.
        notes: things to know that are no findings (code, text), such as what loads it safely.
        fetched: bytes that came over the network for it.
    """

    path: str
    size: int
    sha256: str | None
    sha256_source: str | None
    format: str | None
    role: str
    verdict: Verdict
    coverage: Coverage
    notes: tuple[CoverageNote, ...] = ()
    provider_scans: tuple[ProviderScan, ...] = ()
    fetched: int = 0


@dataclass(frozen=True, slots=True)
class ScanReport:
    """The answer for one target.

    Attributes:
        complete: False when the scan was interrupted before every file was examined.
        seconds: wall time.
        notes: what was met and not examined because it holds no model; `member` is its path.
        model: what the provider tells about it, for a model of a hub.
        libraries: what the files declare, need and were saved with.
        knowledge: what statements about vulnerabilities rest on; None where nobody looked.
        card: keys and values of the model card at its top, as its author declares them.
        outcome: what the policy says, where there is one.
        uses: models that the code in it fetches by name.
    """

    target: str
    provider: str
    revision: str | None
    complete: bool
    verdict: Verdict
    files: tuple[FileReport, ...]
    findings: tuple[Finding, ...]
    seconds: float
    notes: tuple[CoverageNote, ...] = ()
    model: ModelInfo | None = None
    libraries: tuple[Library, ...] = ()
    knowledge: Knowledge | None = None
    card: tuple[tuple[str, str], ...] = ()
    outcome: Outcome | None = None
    uses: tuple[UsedModel, ...] = ()
