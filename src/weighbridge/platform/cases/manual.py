"""What a case that a person opens is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from weighbridge.libraries.names import PYPI, canonical_name
from weighbridge.platform.audit.canonical import canonical, sha256
from weighbridge.platform.audit.errors import Refused
from weighbridge.platform.cases.models import RANKS
from weighbridge.platform.cases.opening import Flag
from weighbridge.platform.catalog.models import Artifact, ModelVersion
from weighbridge.platform.scans.models import ArtifactReport


@dataclass(frozen=True, slots=True)
class Manual:
    """A model version, an artifact, or a package on PyPI.

    Attributes:
        behaviour: one finding of the artifact's current report.
        package: by its name, with every affected version.
    """

    title: str
    reason: str
    version: ModelVersion | None = None
    artifact: Artifact | None = None
    behaviour: str = ""
    verdict: str = "weakness"
    package: str = ""
    versions: tuple[str, ...] = ()


def flags_for(manual: Manual) -> list[Flag]:
    """Return what is flagged by hand, with the finding's own evidence where there is one.

    Raises:
        Refused: the verdict is none that a case can have, or there is no such finding.
    """
    if manual.verdict not in RANKS:
        raise Refused(f"a case is {', '.join(RANKS)}, not {manual.verdict}")
    if manual.behaviour and manual.artifact is not None:
        return [_of_finding(one) for one in _findings(manual.artifact, manual.behaviour)]
    version = manual.version.pk if manual.version else ""
    subject = manual.artifact.key if manual.artifact else f"version {version}"
    if manual.package:
        subject = f"{PYPI} {canonical_name(manual.package)}"
    key = sha256(canonical(["manual", subject, manual.title]))[:32]
    family = sha256("manual")[:32]
    return [Flag(key, family, "manual", manual.verdict, manual.title)]


def _findings(artifact: Artifact, behaviour: str) -> list[dict[str, Any]]:
    report = ArtifactReport.objects.filter(artifact=artifact, current=True).first()
    found = [one for one in report.findings if one["behaviour"] == behaviour] if report else []
    if not found:
        raise Refused("the artifact's report has no such finding")
    return found


def _of_finding(one: dict[str, Any]) -> Flag:
    return Flag(
        behaviour=one["behaviour"],
        family=one["family"],
        rule=one["rule"],
        kind=one["kind"],
        title=one["title"],
        member=one["member"],
        offset=one["offset"],
        fingerprint=one["fingerprint"],
        evidence=one["evidence"],
    )
