"""WS and MSC records. What is published is written once; triggers hold that (`protection`)."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from weighbridge.platform.audit.canonical import CanonicalJSONField
from weighbridge.platform.cases.models import Case
from weighbridge.platform.catalog.models import NAME_LENGTH, PATH_LENGTH, Model

User = settings.AUTH_USER_MODEL


class Kind(models.TextChoices):
    """The two identifiers."""

    WS = "WS"
    MSC = "MSC"


class AdvisoryState(models.TextChoices):
    """Where an advisory stands."""

    RESERVED = "reserved"
    PUBLISHED = "published"
    SUPERSEDED = "superseded"
    REJECTED = "rejected"
    ISSUED = "issued"
    WITHDRAWN = "withdrawn"


PUBLIC = ["published", "superseded", "issued", "withdrawn"]
IN_FORCE = ["published", "superseded", "issued"]


class Counter(models.Model):
    """The last number given out in one year; it only grows."""

    kind = models.CharField(max_length=3, choices=Kind.choices)
    year = models.SmallIntegerField()
    last = models.IntegerField(default=0)

    class Meta:
        """One for each kind and year."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "year"], name="advisories_counter_once")
        ]


class Advisory(models.Model):
    """One number, what it is about, and where it stands."""

    kind = models.CharField(max_length=3, choices=Kind.choices)
    year = models.SmallIntegerField()
    number = models.IntegerField()
    state = models.CharField(max_length=12, choices=AdvisoryState.choices)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, null=True, related_name="advisories")
    model = models.ForeignKey(Model, on_delete=models.PROTECT, null=True, related_name="advisories")
    ecosystem = models.CharField(max_length=20)
    name = models.CharField(max_length=NAME_LENGTH)
    purl = models.CharField(max_length=700)
    revision = models.SmallIntegerField(default=0)
    cve = models.CharField(max_length=25, default="")
    embargo_until = models.DateTimeField(null=True)
    embargo_reason = models.TextField(default="")
    draft = CanonicalJSONField(null=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """The table of the two identifiers, as far as one row can hold it."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["kind", "year", "number"], name="advisories_advisory_number"
            ),
            models.UniqueConstraint(
                fields=["case", "ecosystem", "name"],
                condition=Q(kind="MSC", state="issued"),
                name="advisories_msc_per_model",
            ),
            models.CheckConstraint(condition=Q(number__gte=1), name="advisories_advisory_positive"),
            models.CheckConstraint(
                condition=Q(kind="MSC", state__in=["issued", "withdrawn"])
                | Q(
                    kind="WS",
                    state__in=["reserved", "published", "superseded", "rejected", "withdrawn"],
                ),
                name="advisories_advisory_states",
            ),
            models.CheckConstraint(
                condition=Q(kind="WS") | Q(cve="", draft__isnull=True, embargo_until__isnull=True),
                name="advisories_msc_plain",
            ),
            models.CheckConstraint(
                condition=~Q(state="superseded") | ~Q(cve=""), name="advisories_superseded_by_cve"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["state", "-id"], name="advisories_advisory_state"),
            models.Index(fields=["ecosystem", "name"], name="advisories_advisory_target"),
        ]


class Revision(models.Model):
    """What an advisory said at one time: canonical JSON and its SHA-256. Never changed."""

    advisory = models.ForeignKey(Advisory, on_delete=models.PROTECT, related_name="revisions")
    kind = models.CharField(max_length=3, choices=Kind.choices)
    number = models.SmallIntegerField()
    content = models.TextField()
    sha256 = models.CharField(max_length=64)
    files_total = models.IntegerField()
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        """Numbered from one; an MSC has only the first."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["advisory", "number"], name="advisories_revision_once"),
            models.CheckConstraint(
                condition=Q(number__gte=1) & (Q(kind="WS") | Q(number=1)),
                name="advisories_revision_number",
            ),
        ]


class AffectedFile(models.Model):
    """A file that a revision names; the index behind the look-up by hash. Never changed."""

    revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="files")
    advisory = models.ForeignKey(Advisory, on_delete=models.PROTECT, related_name="files")
    model_revision = models.CharField(max_length=100)
    path = models.CharField(max_length=PATH_LENGTH)
    sha256 = models.CharField(max_length=64, null=True, db_index=True)
    size = models.BigIntegerField(null=True)


class Withdrawal(models.Model):
    """That an advisory no longer holds, why, and the two people who say so. Never changed."""

    advisory = models.OneToOneField(Advisory, on_delete=models.PROTECT, related_name="withdrawal")
    reason = models.TextField()
    proposer = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    approver = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    four_eyes_waived = models.BooleanField(default=False)
    at = models.DateTimeField()

    class Meta:
        """Two people, unless the row says otherwise for ever."""

        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(four_eyes_waived=True) | ~Q(approver=F("proposer")),
                name="advisories_withdrawal_four_eyes",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="advisories_withdrawal_reason"),
        ]


class Proposal(models.Model):
    """A withdrawal or the end of an embargo that waits for a second person.

    `emergency` says for ever that a lead did it alone.
    """

    class State(models.TextChoices):
        """Open until somebody else answers."""

        OPEN = "open"
        APPROVED = "approved"
        REFUSED = "refused"

    class Act(models.TextChoices):
        """What is proposed."""

        WITHDRAW = "withdraw"
        LIFT_EMBARGO = "lift-embargo"

    advisory = models.ForeignKey(Advisory, on_delete=models.PROTECT, related_name="proposals")
    act = models.CharField(max_length=12, choices=Act.choices)
    reason = models.TextField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    proposer = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    approver = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    four_eyes_waived = models.BooleanField(default=False)
    emergency = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """One open at a time; two people."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["advisory", "act"],
                condition=Q(state="open"),
                name="advisories_proposal_once",
            ),
            models.CheckConstraint(
                condition=Q(four_eyes_waived=True)
                | Q(approver__isnull=True)
                | ~Q(approver=F("proposer")),
                name="advisories_proposal_four_eyes",
            ),
        ]
