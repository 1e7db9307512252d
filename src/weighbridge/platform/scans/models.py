"""Scans as rows that workers claim, and what they found out about each artifact."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from weighbridge.platform.audit.canonical import CanonicalJSONField
from weighbridge.platform.catalog.models import Artifact, ModelVersion

VERDICTS = [(word, word) for word in "malicious suspicious inconclusive weakness clean".split()]


class ScanState(models.TextChoices):
    """Where a scan stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    PARKED = "parked"
    CANCELLED = "cancelled"


class TargetKind(models.TextChoices):
    """What a scan looks at."""

    HUB = "hub"
    UPLOAD = "upload"
    PATH = "path"


class Scan(models.Model):
    """One request to examine a target. The row is the truth; messages carry only its id.

    `published_at` is when a broker was last told of it, where there is one; `request_id` tells the
    log lines of a scan, from the request that asked for it to the worker that did it.
    """

    kind = models.CharField(max_length=10, choices=TargetKind.choices)
    target = models.CharField(max_length=1024)
    deep = models.BooleanField(default=False)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="scans"
    )
    restricted = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=ScanState.choices, default=ScanState.QUEUED)
    priority = models.SmallIntegerField(default=0)
    attempts = models.SmallIntegerField(default=0)
    not_before = models.DateTimeField(null=True)
    published_at = models.DateTimeField(null=True)
    request_id = models.CharField(max_length=32, default="", db_default="")
    worker = models.CharField(max_length=100, default="")
    lease_until = models.DateTimeField(null=True)
    error = models.TextField(default="")
    version = models.ForeignKey(
        ModelVersion, on_delete=models.PROTECT, null=True, related_name="scans"
    )
    verdict = models.CharField(max_length=12, choices=VERDICTS, default="")
    files_total = models.IntegerField(null=True)
    files_done = models.IntegerField(default=0)
    bytes_total = models.BigIntegerField(default=0)
    bytes_fetched = models.BigIntegerField(default=0, db_default=0)
    notes = CanonicalJSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        """A running scan has a worker and a lease."""

        indexes: ClassVar = [
            models.Index(fields=["state", "-priority", "id"], name="scans_scan_queue"),
            models.Index(fields=["requested_by", "-id"], name="scans_scan_requester"),
            models.Index(fields=["finished_at"], name="scans_scan_finished"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(state="running") | (Q(lease_until__isnull=False) & ~Q(worker="")),
                name="scans_scan_lease",
            )
        ]


class Upload(models.Model):
    """A file that somebody sent to be scanned; its bytes are deleted after the scan."""

    scan = models.OneToOneField(Scan, on_delete=models.PROTECT, related_name="upload")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="uploads"
    )
    name = models.CharField(max_length=255)
    spool = models.CharField(max_length=64, unique=True)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)
    deleted_at = models.DateTimeField(null=True)


class ArtifactFacts(models.Model):
    """What the parsers read out of an artifact, kept so that it need never be read again.

    `blob` is zlib-compressed JSON, one encoded fact after another in a list. What was read by a
    worker that died or ran out of time is not `settled` and is read again at the next occasion.
    `name` is the name that a text was read under, because loaders tell texts apart by it.
    `excerpts` are the bytes around what was found, kept apart so that a page need not unpack all.
    """

    artifact = models.ForeignKey(Artifact, on_delete=models.PROTECT, related_name="facts")
    parsers = models.CharField(max_length=40)
    facts_version = models.SmallIntegerField()
    limits = models.CharField(max_length=16)
    mode = models.CharField(max_length=10)
    name = models.CharField(max_length=255, default="")
    bytes_read = models.BigIntegerField()
    kinds = models.CharField(max_length=300)
    settled = models.BooleanField(default=True)
    excerpts = CanonicalJSONField(default=list)
    blob = models.BinaryField()
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """One set for each way of reading."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["artifact", "parsers", "facts_version", "limits", "mode", "name"],
                name="scans_facts_key",
            )
        ]


class FactSymbol(models.Model):
    """A name that occurs in stored facts: the index by which hunts find their artifacts."""

    facts = models.ForeignKey(ArtifactFacts, on_delete=models.CASCADE, related_name="symbols")
    kind = models.CharField(
        max_length=8, choices=[(word, word) for word in ("import", "callee", "operator")]
    )
    name = models.CharField(max_length=200)

    class Meta:
        """Found by name."""

        indexes: ClassVar = [models.Index(fields=["kind", "name"], name="scans_symbol_name")]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["facts", "kind", "name"], name="scans_symbol_once")
        ]


class ArtifactReport(models.Model):
    """The rules' answer about one artifact, under one version of everything that decides it.

    `findings` and `coverage` follow the JSON contract of ``weighbridge.scan/1`` without a path.
    `effective` is the verdict after people's decisions about its behaviours; `decided_by` names
    them. Both are kept up to date by `services.reassess`.
    """

    artifact = models.ForeignKey(Artifact, on_delete=models.PROTECT, related_name="reports")
    facts = models.ForeignKey(ArtifactFacts, on_delete=models.PROTECT, related_name="reports")
    rules = models.CharField(max_length=60)
    vouched = models.CharField(max_length=16)
    verdict = models.CharField(max_length=12, choices=VERDICTS)
    effective = models.CharField(max_length=12, choices=VERDICTS)
    decided_by = models.CharField(max_length=200, default="")
    complete = models.BooleanField()
    current = models.BooleanField(default=True)
    scanned_at = models.DateTimeField()
    schema = models.SmallIntegerField(default=1)
    findings = CanonicalJSONField()
    coverage = CanonicalJSONField()

    class Meta:
        """One for each key; one of them is current."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["facts", "rules", "vouched"], name="scans_report_key"),
            models.UniqueConstraint(
                fields=["artifact"], condition=Q(current=True), name="scans_report_current"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["verdict", "-id"],
                condition=Q(current=True),
                name="scans_report_verdict",
            )
        ]


class ReportBehaviour(models.Model):
    """A behaviour that a report speaks of, so that a decision finds the reports it changes."""

    report = models.ForeignKey(ArtifactReport, on_delete=models.CASCADE, related_name="behaviours")
    behaviour = models.CharField(max_length=64, db_index=True)
    kind = models.CharField(max_length=12, choices=VERDICTS)

    class Meta:
        """Said once."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["report", "behaviour"], name="scans_behaviour_once")
        ]


class VersionReport(models.Model):
    """What only all files of a version together show, under one version of the rules.

    `findings` have the path that each is about; `files` tells by path what else the neighbours
    show: the role, the loader that runs it, a note. `name` and `lone` are what the target was.
    """

    version = models.OneToOneField(ModelVersion, on_delete=models.CASCADE, related_name="report")
    name = models.CharField(max_length=500)
    lone = models.BooleanField()
    rules = models.CharField(max_length=60)
    verdict = models.CharField(max_length=12, choices=VERDICTS)
    effective = models.CharField(max_length=12, choices=VERDICTS)
    decided_by = models.CharField(max_length=200, default="")
    findings = CanonicalJSONField()
    files = CanonicalJSONField()
    judged_at = models.DateTimeField()


class VersionBehaviour(models.Model):
    """A behaviour that a version's own report speaks of."""

    report = models.ForeignKey(VersionReport, on_delete=models.CASCADE, related_name="behaviours")
    behaviour = models.CharField(max_length=64, db_index=True)
    kind = models.CharField(max_length=12, choices=VERDICTS)

    class Meta:
        """Said once."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["report", "behaviour"], name="scans_version_behaviour_once"
            )
        ]


class Hunt(models.Model):
    """A question put to all stored facts, and what came of it. A worker carries it out."""

    kind = models.CharField(
        max_length=10,
        choices=[(word, word) for word in ("import", "callee", "operator", "string", "rules")],
    )
    text = models.CharField(max_length=300)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="hunts"
    )
    open_cases = models.BooleanField(default=True)
    state = models.CharField(
        max_length=10,
        choices=[(word, word) for word in ("queued", "running", "done", "failed")],
        default="queued",
    )
    worker = models.CharField(max_length=100, default="")
    lease_until = models.DateTimeField(null=True)
    attempts = models.SmallIntegerField(default=0)
    error = models.TextField(default="")
    total = models.IntegerField(default=0)
    examined = models.IntegerField(default=0)
    hits = models.IntegerField(default=0)
    cases_opened = models.IntegerField(default=0)
    rules = models.CharField(max_length=100)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)


class InFlight(models.Model):
    """Content that a scan is about to read, so that no other reads it meanwhile.

    It holds as long as that attempt of the scan runs under its lease; where a helper of the scan
    took it, as long as the lease of that helper too.
    """

    key = models.CharField(max_length=64, unique=True)
    scan = models.ForeignKey(Scan, on_delete=models.CASCADE, related_name="in_flight")
    attempt = models.SmallIntegerField()
    helper = models.CharField(max_length=32, default="", db_default="")
    lease_until = models.DateTimeField(null=True)


class HubPause(models.Model):
    """Until when a hub wants no requests, for all processes that ask it with the same login."""

    origin = models.CharField(max_length=200, unique=True)
    until = models.DateTimeField()
