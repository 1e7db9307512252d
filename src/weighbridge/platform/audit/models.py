"""The append-only history: every event chained to the one before by its hash."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from weighbridge.platform.audit.canonical import CanonicalJSONField

GENESIS = "0" * 64
"""What the first event names as the hash before it."""
SCHEMA_VERSION = 1
"""Of an event's fields and of its `data`."""


class Head(models.Model):
    """Where the chain ends: one row, locked by whoever appends, so that it never forks."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    seq = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64, default=GENESIS)

    class Meta:
        """There is one row."""

        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(id=1), name="audit_head_single")
        ]


class Event(models.Model):
    """Something that somebody did, once written never changed.

    People are named by number and name rather than by a foreign key: an event must outlive
    everything that it speaks of. `data` follows the schema number in `schema`.
    """

    seq = models.BigIntegerField(primary_key=True)
    schema = models.SmallIntegerField(default=SCHEMA_VERSION)
    at = models.CharField(max_length=27)
    actor_id = models.BigIntegerField(null=True)
    actor = models.CharField(max_length=150)
    role = models.CharField(max_length=20)
    action = models.CharField(max_length=60)
    object_kind = models.CharField(max_length=30)
    object_id = models.CharField(max_length=100)
    case_number = models.BigIntegerField(null=True)
    before = models.CharField(max_length=60)
    after = models.CharField(max_length=60)
    reason = models.TextField()
    data = CanonicalJSONField()
    request_id = models.CharField(max_length=64)
    rules_version = models.CharField(max_length=100)
    prev_hash = models.CharField(max_length=64, unique=True)
    hash = models.CharField(max_length=64, unique=True)

    class Meta:
        """In the order of the chain."""

        ordering: ClassVar = ["seq"]
        indexes: ClassVar = [
            models.Index(fields=["object_kind", "object_id", "seq"], name="audit_object"),
            models.Index(fields=["case_number", "seq"], name="audit_case"),
            models.Index(fields=["actor_id", "seq"], name="audit_actor"),
        ]
