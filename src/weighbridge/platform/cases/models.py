"""Cases: what is flagged, where it occurs, who decides it, and what was decided."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from weighbridge.platform.audit.canonical import CanonicalJSONField
from weighbridge.platform.catalog.models import (
    NAME_LENGTH,
    PATH_LENGTH,
    Artifact,
    Model,
    ModelVersion,
)

User = settings.AUTH_USER_MODEL


class CaseState(models.TextChoices):
    """Where a case stands."""

    QUEUED = "queued"
    CLAIMED = "claimed"
    IN_ANALYSIS = "in-analysis"
    PROPOSED = "proposed"
    DECIDED = "decided"


OPEN = [state.value for state in CaseState if state is not CaseState.DECIDED]


class Decision(models.TextChoices):
    """What a case can be decided to be."""

    MALICIOUS = "malicious"
    WEAKNESS = "weakness"
    FALSE_POSITIVE = "false-positive"
    DUPLICATE = "duplicate"


RANKS = {"malicious": 0, "suspicious": 1, "weakness": 2}
"""The order of the queue by verdict."""


class Case(models.Model):
    """One behaviour under review, with everything it occurs in.

    `revision` grows with every step, so that of two people who decide at once one is told.
    `emergency` says for ever that a lead decided alone; `package` is one on PyPI that it is about;
    `effect` is the gravest of what it does, as the table of effects names it.
    """

    behaviour = models.CharField(max_length=64)
    family = models.CharField(max_length=64, db_index=True)
    rule = models.CharField(max_length=60)
    verdict = models.CharField(max_length=12, choices=[(word, word) for word in RANKS])
    rank = models.SmallIntegerField()
    title = models.CharField(max_length=300)
    effect = models.CharField(max_length=40, default="")
    origin = models.CharField(max_length=20, default="defender")
    subject = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, null=True)
    state = models.CharField(max_length=12, choices=CaseState.choices, default=CaseState.QUEUED)
    revision = models.IntegerField(default=1)
    popularity = models.BigIntegerField(default=0)
    restricted = models.BooleanField(default=False)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="cases")
    claim_expires_at = models.DateTimeField(null=True)
    question = models.TextField(default="")
    awaiting_until = models.DateTimeField(null=True)
    proposal = models.CharField(max_length=15, choices=Decision.choices, default="")
    decision = models.CharField(max_length=15, choices=Decision.choices, default="")
    reason = models.TextField(default="")
    proposer = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    approver = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    four_eyes_waived = models.BooleanField(default=False)
    emergency = models.BooleanField(default=False)
    package = models.CharField(max_length=NAME_LENGTH, default="")
    package_versions = CanonicalJSONField(default=list)
    duplicate_of = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="duplicates"
    )
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="splits")
    opened_at = models.DateTimeField(auto_now_add=True)
    claimed_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    reopened = models.IntegerField(default=0)

    class Meta:
        """The rules that hold whoever writes."""

        indexes: ClassVar = [
            models.Index(
                fields=["rank", "-popularity", "opened_at", "id"],
                condition=~Q(state="decided"),
                name="cases_case_queue",
            ),
            models.Index(fields=["state", "rank", "-popularity", "id"], name="cases_case_state"),
            models.Index(fields=["behaviour", "-id"], name="cases_case_behaviour"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["behaviour"], condition=~Q(state="decided"), name="cases_case_one_open"
            ),
            models.CheckConstraint(
                condition=Q(state="decided", decision__gt="")
                | (~Q(state="decided") & Q(decision="")),
                name="cases_case_decision",
            ),
            models.CheckConstraint(
                condition=Q(four_eyes_waived=True)
                | Q(proposer__isnull=True)
                | Q(approver__isnull=True)
                | ~Q(approver=F("proposer")),
                name="cases_case_four_eyes",
            ),
            models.CheckConstraint(
                condition=Q(emergency=False) | Q(four_eyes_waived=True),
                name="cases_case_emergency",
            ),
            models.CheckConstraint(
                condition=~Q(decision="malicious")
                | Q(proposer__isnull=False, approver__isnull=False),
                name="cases_case_malice_approved",
            ),
            models.CheckConstraint(
                condition=Q(four_eyes_waived=True)
                | ~Q(decision="false-positive", verdict="malicious")
                | Q(proposer__isnull=False, approver__isnull=False),
                name="cases_case_lowering_approved",
            ),
            models.CheckConstraint(
                condition=Q(decision="duplicate", duplicate_of__isnull=False)
                | (~Q(decision="duplicate") & Q(duplicate_of__isnull=True)),
                name="cases_case_duplicate",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["queued", "decided"]) | Q(owner__isnull=False),
                name="cases_case_owner",
            ),
        ]


class Occurrence(models.Model):
    """A place in an artifact where a case's behaviour stands.

    The models concerned follow from the files that hold the artifact. With `version` it is that
    version alone, because its files together show it. `live` turns false when today's rules no
    longer report it.
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="occurrences")
    artifact = models.ForeignKey(Artifact, on_delete=models.PROTECT, related_name="occurrences")
    version = models.ForeignKey(
        ModelVersion, on_delete=models.PROTECT, null=True, related_name="occurrences"
    )
    behaviour = models.CharField(max_length=64, db_index=True)
    place = models.CharField(max_length=64, unique=True)
    rule = models.CharField(max_length=60)
    kind = models.CharField(max_length=12)
    title = models.CharField(max_length=300)
    path = models.CharField(max_length=PATH_LENGTH)
    member = models.CharField(max_length=PATH_LENGTH, null=True)
    offset = models.BigIntegerField(null=True)
    fingerprint = models.CharField(max_length=64)
    schema = models.SmallIntegerField(default=1)
    evidence = CanonicalJSONField()
    rules_version = models.CharField(max_length=100)
    live = models.BooleanField(default=True)
    seen_at = models.DateTimeField(auto_now_add=True)


class Note(models.Model):
    """Something a person wrote about a case; a correction is another note."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="notes")
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    text = models.TextField()
    at = models.DateTimeField(auto_now_add=True)


class Report(models.Model):
    """What somebody outside tells about a model, or its owner's answer; kept as received.

    The target's name stands beside the key, so a report outlives the model.
    """

    kind = models.CharField(
        max_length=12,
        choices=[(word, word) for word in ("malicious", "weakness", "appeal", "other")],
    )
    target = models.CharField(max_length=600)
    model = models.ForeignKey(Model, on_delete=models.PROTECT, null=True, related_name="reports")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, null=True, related_name="reports")
    text = models.TextField()
    contact = models.CharField(max_length=300, default="")
    reporter = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="reports")
    at = models.DateTimeField(auto_now_add=True)


class FalsePositive(models.Model):
    """A behaviour that people found harmless. It silences exactly that."""

    behaviour = models.CharField(max_length=64)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="false_positives")
    reason = models.TextField()
    at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        """One in force for each behaviour."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["behaviour"],
                condition=Q(revoked_at__isnull=True),
                name="cases_false_positive_once",
            )
        ]


class Vouch(models.Model):
    """A symbol that a researcher vouches for, with reason and scope, confirmed by a second one.

    `emergency` says for ever that a lead confirmed their own.
    """

    class State(models.TextChoices):
        """Only active ones count."""

        PROPOSED = "proposed"
        ACTIVE = "active"
        REFUSED = "refused"
        REVOKED = "revoked"

    class Scope(models.TextChoices):
        """What use of the symbol is ordinary."""

        REBUILD = "rebuild"
        ANY = "any"

    module = models.CharField(max_length=200)
    name = models.CharField(max_length=100)
    scope = models.CharField(max_length=10, choices=Scope.choices)
    reason = models.TextField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.PROPOSED)
    proposer = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    approver = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    four_eyes_waived = models.BooleanField(default=False)
    emergency = models.BooleanField(default=False, db_default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    decided_at = models.DateTimeField(null=True)
    applied_at = models.DateTimeField(null=True)

    class Meta:
        """One open or active for each symbol; two people unless it says otherwise."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["module", "name"],
                condition=Q(state__in=["proposed", "active"]),
                name="cases_vouch_once",
            ),
            models.CheckConstraint(
                condition=Q(four_eyes_waived=True)
                | Q(approver__isnull=True)
                | ~Q(approver=F("proposer")),
                name="cases_vouch_four_eyes",
            ),
            models.CheckConstraint(
                condition=~Q(state="active") | Q(approver__isnull=False),
                name="cases_vouch_approved",
            ),
            models.CheckConstraint(
                condition=Q(emergency=False) | Q(four_eyes_waived=True),
                name="cases_vouch_emergency",
            ),
        ]


class Ruling(models.Model):
    """One row that says how far people's decisions have come.

    Whoever judges holds it shared, whoever decides holds it alone: no artifact is judged by what
    was true before a decision and stored after it. `vouched` is the version of the vouched set.
    """

    id = models.SmallIntegerField(primary_key=True, default=1)
    decisions = models.BigIntegerField(default=0)
    vouched = models.CharField(max_length=16, default="")
