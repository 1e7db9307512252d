"""Issuing MSC: one for each model that a case decided as malicious concerns."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from weighbridge.platform.accounts.models import User
from weighbridge.platform.accounts.permissions import Action, require
from weighbridge.platform.advisories import numbers, revisions, targets
from weighbridge.platform.advisories.content import (
    AdvisoryContent,
    Credit,
    File,
    Kin,
    Moment,
    Reference,
    Target,
)
from weighbridge.platform.advisories.models import Advisory, AdvisoryState, Kind
from weighbridge.platform.advisories.transitions import act
from weighbridge.platform.audit.errors import Conflict, NotFound, Refused
from weighbridge.platform.audit.services import record_all
from weighbridge.platform.cases.models import Case, Decision, Occurrence
from weighbridge.platform.cases.places import files_of
from weighbridge.platform.cases.ruling import hold_alone
from weighbridge.platform.cases.transitions import locked
from weighbridge.platform.catalog.models import Model
from weighbridge.platform.catalog.selectors import derived_from
from weighbridge.rules.registry import rule
from weighbridge.text.escaping import visible

MALICE = "CWE-506"
SOURCES = {"report": "report", "manual": "manual-analysis", "incident": "incident-response"}
_MOST_EVIDENCE = 10
_MOST_FILES = 5000


def affected_models(case: Case) -> list[Model]:
    """Return the models that hold an artifact of a case, most downloaded first."""
    models = Model.objects.filter(versions__in=files_of(case.pk).values("version_id")).distinct()
    if case.subject is not None:
        models = models.union(Model.objects.filter(pk=case.subject.model_id))
    return sorted(models, key=lambda model: (-model.downloads, model.provider, model.name))


def issue_msc(case: Case, approver: User) -> list[Advisory]:
    """Issue an MSC for each affected model or package that has none from this case.

    Part of the caller's transaction, which holds the ruling alone and has locked the case.
    """
    done = set(
        Advisory.objects.filter(case=case, kind=Kind.MSC, state=AdvisoryState.ISSUED).values_list(
            "model_id", flat=True
        )
    )
    models = [model for model in affected_models(case) if model.pk not in done]
    issued = [_issue(case, model, approver) for model in models]
    if case.package and None not in done:
        issued.append(_issue(case, None, approver))
    record_all(approver, [act(advisory, "msc-issue") for advisory in issued])
    for advisory in issued:
        revisions.refresh_model(advisory.model, numbers.bare(advisory))
    return issued


def issue_for_model(user: User, case_number: int, model_number: int) -> Advisory:
    """Issue the MSC for a model in which a decided case occurred later: one click.

    Raises:
        PermissionDenied: they may not approve.
        NotFound: there is no such case, or the model holds nothing of it.
        Conflict: the case is not decided as malicious, or the model has its MSC.
        Refused: the proposer of the case asks, and two people are needed.
    """
    require(user, Action.APPROVE_CASE)
    with transaction.atomic():
        hold_alone()
        case = locked(case_number)
        if case.decision != Decision.MALICIOUS:
            raise Conflict(f"case {case.pk} is not decided as malicious")
        if case.proposer_id == user.pk and getattr(settings, "WEIGHBRIDGE_FOUR_EYES", True):
            raise Refused("whoever proposed the decision cannot issue by it; ask somebody else")
        model = next((one for one in affected_models(case) if one.pk == model_number), None)
        if model is None:
            raise NotFound(f"case {case.pk} does not occur in that model")
        if Advisory.objects.filter(
            case=case, kind=Kind.MSC, model=model, state=AdvisoryState.ISSUED
        ).exists():
            raise Conflict(f"{model.name} has its MSC from this case")
        advisory = _issue(case, model, user)
        record_all(user, [act(advisory, "msc-issue")])
        revisions.refresh_model(model, numbers.bare(advisory))
        return advisory


def preview(case: Case, model: Model | None) -> AdvisoryContent:
    """Return what the MSC of a case would say about a model, or about its package, if issued now.

    Nothing is stored and no number is taken.

    Raises:
        Refused: the package or its versions cannot be named.
    """
    versions = tuple(case.package_versions)
    target = targets.of_model(model) if model else targets.of_package(case.package, versions)
    advisory = Advisory(kind=Kind.MSC, year=timezone.now().year, number=0)
    content = replace(_content(advisory, case, target), id=f"MSC-{advisory.year}-…")
    return content if model is None else _of_model(content, case, model)


def _issue(case: Case, model: Model | None, approver: User) -> Advisory:
    year, number = numbers.take(Kind.MSC)
    versions = tuple(case.package_versions)
    target = targets.of_model(model) if model else targets.of_package(case.package, versions)
    advisory = Advisory.objects.create(
        kind=Kind.MSC,
        year=year,
        number=number,
        state=AdvisoryState.ISSUED,
        case=case,
        model=model,
        ecosystem=target.ecosystem,
        name=target.name,
        purl=target.purl,
        created_by=approver,
    )
    named = _content(advisory, case, target)
    revisions.write(advisory, named if model is None else _of_model(named, case, model), approver)
    return advisory


def _content(advisory: Advisory, case: Case, target: Target) -> AdvisoryContent:
    """Return what an MSC says of any target."""
    rules = [one for one in map(rule, _rules(case)) if one is not None]
    return AdvisoryContent(
        kind=Kind.MSC.value,
        id=numbers.bare(advisory),
        revision=1,
        title=f"Malicious code in {_cut(visible(target.name), 90)} ({target.ecosystem})",
        description=(
            f"Installing {target.name} has an effect that no package needs: {case.title}. "
            "Do not install it. The affected versions are listed."
        ),
        target=target,
        source=SOURCES.get(case.origin, "defender"),
        trigger=case.title,
        cwe=tuple(sorted({MALICE, *(word for one in rules for word in one.cwe)})),
        atlas=tuple(sorted({word for one in rules for word in one.atlas})),
        credits=_credits(case),
        references=(Reference("PACKAGE", target.url),) if target.url else (),
        timeline=(
            Moment(utc(case.opened_at), "flagged"),
            Moment(utc(timezone.now()), "confirmed by two researchers and issued")
            if not case.four_eyes_waived
            else Moment(utc(timezone.now()), "confirmed by a researcher and issued"),
        ),
    )


def _of_model(content: AdvisoryContent, case: Case, model: Model) -> AdvisoryContent:
    """Return the content with what is known of a model: its files, its kin, and evidence."""
    files = _files(case, model)
    named = sorted({file.revision for file in files})
    if case.subject is not None and case.subject.model_id == model.pk:
        named = sorted({*named, case.subject.revision})
    shown = not model.restricted
    return replace(
        content,
        description=_description(case, model, shown),
        target=replace(content.target, revisions=tuple(named), files=files),
        trigger=content.trigger if shown else f"rule {case.rule}",
        evidence=tuple(_evidence(case, model)) if shown else (),
        derived=tuple(Kin(one.provider, one.name, one.relation) for one in derived_from(model)),
    )


def _files(case: Case, model: Model) -> tuple[File, ...]:
    rows = (
        files_of(case.pk)
        .filter(version__model=model)
        .order_by("version_id", "path")
        .values_list(
            "version__revision",
            "path",
            "artifact__sha256",
            "artifact__sha256_source",
            "artifact__size",
        )[:_MOST_FILES]
    )
    return tuple(
        File(revision, path, sha256 if source == "computed" else None, size)
        for revision, path, sha256, source, size in rows
    )


def _rules(case: Case) -> list[str]:
    rows = Occurrence.objects.filter(case=case).values_list("rule", flat=True).distinct()
    return sorted({case.rule, *rows})


def _description(case: Case, model: Model, shown: bool) -> str:
    said = f": {case.title}" if shown else ""
    return (
        f"Loading a file of {model.name} has an effect that no model needs{said}. "
        "Do not load it. The affected revisions and files are listed with their hashes."
    )


def _evidence(case: Case, model: Model) -> list[dict[str, object]]:
    rows = (
        Occurrence.objects.filter(case=case, artifact__files__version__model=model)
        .filter(Q(version=None) | Q(version__model=model))
        .distinct()
        .order_by("pk")[:_MOST_EVIDENCE]
    )
    return [
        {
            "rule": row.rule,
            "title": row.title,
            "sha256": row.artifact.sha256 if row.artifact.sha256_source == "computed" else None,
            "member": row.member,
            "offset": row.offset,
            "code": row.evidence.get("code"),
            "symbols": row.evidence.get("symbols", []),
        }
        for row in rows.select_related("artifact")
    ]


def _credits(case: Case) -> tuple[Credit, ...]:
    issuer = getattr(settings, "WEIGHBRIDGE_ISSUER", "Weighbridge")
    return (Credit(f"{issuer} Defender", "TOOL"),)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def utc(at: datetime) -> str:
    """Return a time as records spell it: RFC 3339, UTC, whole seconds, ending in Z."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
