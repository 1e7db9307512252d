"""Cases open by themselves, in the transaction that stores what was flagged."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max, QuerySet

from weighbridge.platform.audit.canonical import canonical, sha256, storable
from weighbridge.platform.audit.services import Act
from weighbridge.platform.cases.models import RANKS, Case, Decision, Occurrence
from weighbridge.platform.cases.places import files_of
from weighbridge.platform.cases.ruling import case_for
from weighbridge.platform.catalog.models import PATH_LENGTH, Artifact, Model, ModelVersion

FLAGGED = ("malicious", "suspicious")


@dataclass(frozen=True, slots=True)
class Flag:
    """One finding that belongs before a researcher."""

    behaviour: str
    family: str
    rule: str
    kind: str
    title: str
    path: str = ""
    member: str | None = None
    offset: int | None = None
    fingerprint: str = ""
    evidence: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Origin:
    """Who flags, and by which rules."""

    name: str = "defender"
    rules: str = ""


@dataclass(slots=True)
class Opened:
    """Cases that a report belongs to, and the events still to be written, after all locks."""

    cases: list[Case] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)
    fresh: int = 0


@dataclass(frozen=True, slots=True)
class Subject:
    """What is flagged: an artifact wherever it is held, or in one version beside its neighbours."""

    artifact: Artifact
    version: ModelVersion | None = None


def open_cases(subject: Subject, flags: Sequence[Flag], origin: Origin) -> Opened:
    """Put what is flagged into its cases, opening those that are missing.

    Part of the caller's transaction, which holds the ruling (`ruling.hold_shared`) and records
    `acts` at its end. Doing it again changes nothing.
    """
    opened = Opened()
    by_behaviour: dict[str, list[Flag]] = {}
    for flag in flags:
        by_behaviour.setdefault(flag.behaviour, []).append(flag)
    for behaviour in sorted(by_behaviour):
        some = by_behaviour[behaviour]
        case, fresh = case_of(some[0], origin)
        added = _occur(case, subject, some, origin)
        _follow(case, subject, fresh)
        opened.cases.append(case)
        opened.fresh += fresh
        act = _act(case, fresh, added, subject.artifact, origin)
        if act is not None:
            opened.acts.append(act)
    return opened


def occur_in_many(case: Case, artifacts: Sequence[int], flag: Flag, origin: Origin) -> int:
    """Put many artifacts into one case under one flag, as a hunt does; returns how many are new.

    Part of the caller's transaction, which holds the ruling.
    """
    before = Occurrence.objects.filter(case=case).count()
    for start in range(0, len(artifacts), 500):
        some = artifacts[start : start + 500]
        keys = Artifact.objects.filter(pk__in=some).values_list("pk", "key")
        Occurrence.objects.bulk_create(
            (
                _row(case, Subject(Artifact(pk=number, key=key)), flag, origin)
                for number, key in keys
            ),
            ignore_conflicts=True,
        )
        _follow_models(case, some)
    return Occurrence.objects.filter(case=case).count() - before


def case_of(flag: Flag, origin: Origin) -> tuple[Case, bool]:
    """Return the case of a behaviour and whether it was opened just now."""
    case = case_for(flag.behaviour)
    if case is not None:
        return _raised(case, flag), False
    try:
        with transaction.atomic():
            return Case.objects.create(**_columns(flag, origin)), True
    except IntegrityError:
        case = case_for(flag.behaviour)
        if case is None:
            raise
        return _raised(case, flag), False


def _columns(flag: Flag, origin: Origin) -> dict[str, Any]:
    return {
        "behaviour": flag.behaviour,
        "family": flag.family,
        "rule": flag.rule,
        "verdict": flag.kind,
        "rank": RANKS[flag.kind],
        "title": storable(flag.title, 300),
        "effect": str(next(iter(flag.evidence.get("effects", ())), ""))[:40],
        "origin": origin.name[:20],
        "restricted": True,
    }


def _raised(case: Case, flag: Flag) -> Case:
    """A rule that changed its mind for the worse moves an open case up the queue."""
    if case.decision == "" and RANKS[flag.kind] < case.rank:
        case.verdict, case.rank = flag.kind, RANKS[flag.kind]
        case.save(update_fields=["verdict", "rank"])
    return case


def _occur(case: Case, subject: Subject, flags: Iterable[Flag], origin: Origin) -> int:
    rows = {}
    for flag in flags:
        row = _row(case, subject, flag, origin)
        rows[row.place] = row
    known = dict(Occurrence.objects.filter(place__in=rows).values_list("place", "live"))
    if not all(known.values()):
        Occurrence.objects.filter(place__in=rows, live=False).update(live=True)
    fresh = [row for place, row in rows.items() if place not in known]
    Occurrence.objects.bulk_create(fresh, ignore_conflicts=True)
    return len(fresh)


def _row(case: Case, subject: Subject, flag: Flag, origin: Origin) -> Occurrence:
    artifact, version = subject.artifact, subject.version
    words = [artifact.key, flag.behaviour, flag.rule, flag.member, flag.offset]
    place = sha256(canonical(words if version is None else [*words, version.pk, flag.path]))
    return Occurrence(
        case=case,
        artifact=artifact,
        version=version,
        behaviour=flag.behaviour,
        place=place,
        rule=flag.rule,
        kind=flag.kind,
        title=storable(flag.title, 300),
        path=storable(flag.path, PATH_LENGTH),
        member=None if flag.member is None else storable(flag.member, PATH_LENGTH),
        offset=flag.offset,
        fingerprint=flag.fingerprint,
        evidence=flag.evidence,
        rules_version=origin.rules,
    )


def _follow(case: Case, subject: Subject, fresh: bool) -> None:
    if subject.version is None:
        _follow_models(case, [subject.artifact.pk])
        return
    if fresh:
        case.subject = subject.version
        case.save(update_fields=["subject"])
    _follow_some(case, Model.objects.filter(pk=subject.version.model_id))


def _follow_models(case: Case, artifacts: Sequence[int]) -> None:
    """Follow the models that hold these artifacts."""
    _follow_some(case, Model.objects.filter(versions__files__artifact_id__in=artifacts))


def _follow_some(case: Case, models: QuerySet[Model]) -> None:
    """Bring popularity and restriction up to date with models.

    A case is restricted as long as every model concerned is.
    """
    popularity = max(models.aggregate(most=Max("downloads"))["most"] or 0, case.popularity)
    restricted = case.restricted and not models.filter(restricted=False).exists()
    if (popularity, restricted) != (case.popularity, case.restricted):
        case.popularity, case.restricted = popularity, restricted
        case.save(update_fields=["popularity", "restricted"])


def follow_models(case: Case) -> None:
    """Bring a case up to date with all models that it concerns, after occurrences moved."""
    case.popularity, case.restricted = 0, True
    case.save(update_fields=["popularity", "restricted"])
    versions = files_of(case.pk).values("version_id")
    _follow_some(case, Model.objects.filter(versions__in=versions))


def _act(case: Case, fresh: bool, added: int, artifact: Artifact, origin: Origin) -> Act | None:
    if not fresh and (not added or case.decision == Decision.FALSE_POSITIVE):
        return None
    return Act(
        action="case-open" if fresh else "case-occurrence",
        object_kind="case",
        object_id=case.pk,
        case=case.pk,
        before="" if fresh else case.state,
        after=case.state,
        data={
            "artifact": artifact.pk,
            "sha256": artifact.sha256,
            "occurrences": added,
            "rule": case.rule,
            "verdict": case.verdict,
        },
        rules_version=origin.rules,
    )
