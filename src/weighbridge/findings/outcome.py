"""What a policy says about a report (``weighbridge scan --policy``)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that the policy does not allow.

    Attributes:
        code: `verdict`, `library`, `provider`, `licence`, `format`, `pin`, `data-age`.
        path: of the file it is about, empty for the target as a whole.
    """

    code: str
    text: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class Suppressed:
    """A finding, or a vulnerability of a library, that somebody has accepted.

    Attributes:
        subject: fingerprint of the finding, or package and id of the vulnerability.
        until: the last day, as ISO 8601.
    """

    subject: str
    rule: str
    reason: str
    owner: str
    until: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a policy says about one report.

    Attributes:
        notes: suppressions that have expired or fit nothing any more, for whoever keeps the policy.
    """

    passed: bool
    violations: tuple[Violation, ...] = ()
    suppressed: tuple[Suppressed, ...] = ()
    notes: tuple[str, ...] = ()
