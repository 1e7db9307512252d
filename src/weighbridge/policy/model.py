"""What a policy can say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from weighbridge.libraries.impacts import IMPACTS
from weighbridge.policy.threshold import FailOn

SEVERITIES = ("critical", "high", "medium", "low", "never")
PROVIDERS = ("huggingface", "kaggle", "local")


@dataclass(frozen=True, slots=True)
class Suppression:
    """An accepted finding: this rule, at this place, in exactly this content.

    Attributes:
        until: the last day on which it holds.
    """

    rule: str
    fingerprint: str
    sha256: str
    reason: str
    owner: str
    until: date


@dataclass(frozen=True, slots=True)
class Acceptance:
    """An accepted vulnerability of a library.

    Attributes:
        version: empty for every version.
    """

    vulnerability: str
    package: str
    version: str
    reason: str
    owner: str
    until: date


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy; None where it says nothing.

    Attributes:
        libraries: severity from which a declared or installed library fails the run.
        impacts: the classes of impact that count for it.
        data_age: days after which what is known of vulnerabilities is too old.
    """

    verdict: FailOn = FailOn.SUSPICIOUS
    libraries: str = "never"
    impacts: tuple[str, ...] = IMPACTS
    data_age: int | None = None
    providers: tuple[str, ...] | None = None
    licences: tuple[str, ...] | None = None
    formats: tuple[str, ...] | None = None
    pinned: bool = False
    suppressions: tuple[Suppression, ...] = ()
    acceptances: tuple[Acceptance, ...] = ()
