"""Monitors with how far they are, and which versions of models were seen."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from weighbridge.platform.audit.canonical import CanonicalJSONField
from weighbridge.platform.catalog.models import NAME_LENGTH, Provider
from weighbridge.platform.scans.models import Scan


class Mode(models.TextChoices):
    """What a monitor goes through."""

    WATCH = "watch"
    BACKFILL = "backfill"


class MonitorState(models.TextChoices):
    """Whether a monitor goes on."""

    ACTIVE = "active"
    PAUSED = "paused"
    DONE = "done"


class Monitor(models.Model):
    """A list of a hub that is gone through, again and again or once by popularity.

    `cursor` is all that it needs to go on after anything: see `services`. Whoever takes its next
    step holds it until `held_until`, and is told by `holder`.
    """

    provider = models.CharField(max_length=20, choices=Provider.choices)
    mode = models.CharField(max_length=10, choices=Mode.choices)
    wanted = CanonicalJSONField(default=dict)
    state = models.CharField(
        max_length=10, choices=MonitorState.choices, default=MonitorState.ACTIVE
    )
    cursor = CanonicalJSONField(default=dict)
    every_seconds = models.IntegerField(default=300)
    next_at = models.DateTimeField()
    holder = models.CharField(max_length=100, default="")
    held_until = models.DateTimeField(null=True)
    listed = models.BigIntegerField(default=0)
    chosen = models.BigIntegerField(default=0)
    total = models.BigIntegerField(null=True)
    passes = models.BigIntegerField(default=0)
    error = models.TextField(default="")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """Found by when its next step is due."""

        indexes: ClassVar = [models.Index(fields=["state", "next_at"], name="monitors_due")]


class Sighting(models.Model):
    """A version of a model that some monitor or hook saw, under one version of the rules.

    `key` is a digest of the other columns. Whoever sets `scan` has made the work of it.
    """

    key = models.CharField(max_length=64, unique=True)
    provider = models.CharField(max_length=20, choices=Provider.choices)
    name = models.CharField(max_length=NAME_LENGTH)
    revision = models.CharField(max_length=100)
    rules = models.CharField(max_length=60)
    scan = models.ForeignKey(Scan, on_delete=models.PROTECT, null=True, related_name="sightings")
    at = models.DateTimeField(auto_now_add=True)
