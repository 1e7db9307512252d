"""Notices for people, which models they follow, and how they want to be told."""

from __future__ import annotations

import secrets
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from weighbridge.platform.catalog.models import Model

User = settings.AUTH_USER_MODEL


def _secret() -> str:
    return secrets.token_urlsafe(24)


class Rhythm(models.TextChoices):
    """When a person gets e-mail."""

    AT_ONCE = "at-once"
    DAILY = "daily"
    NEVER = "never"


class Preference(models.Model):
    """How a person wants to be told. Whoever holds `secret` can switch their e-mail off."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="notice_preference")
    rhythm = models.CharField(max_length=10, choices=Rhythm.choices, default=Rhythm.AT_ONCE)
    secret = models.CharField(max_length=40, unique=True, default=_secret)
    next_at = models.DateTimeField(null=True)
    failures = models.SmallIntegerField(default=0)


class Follow(models.Model):
    """A person wants to know of advisories about a model."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="follows")
    model = models.ForeignKey(Model, on_delete=models.CASCADE, related_name="followers")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """Once."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "model"], name="notices_follow_once")
        ]


class Kind(models.TextChoices):
    """What a notice is about."""

    ASSIGNED = "assigned"
    APPROVAL = "approval-wanted"
    ADVISORY = "advisory"


class Notice(models.Model):
    """One sentence for one person, made once from an event of the history."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notices")
    event = models.BigIntegerField()
    kind = models.CharField(max_length=20, choices=Kind.choices)
    text = models.CharField(max_length=500)
    link = models.CharField(max_length=200)
    at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(null=True)
    mailed_at = models.DateTimeField(null=True)

    class Meta:
        """An event tells a person once."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "event"], name="notices_notice_once")
        ]
        indexes: ClassVar = [
            models.Index(fields=["user"], condition=Q(read_at=None), name="notices_unread"),
            models.Index(fields=["user", "-id"], name="notices_newest"),
            models.Index(fields=["id"], condition=Q(mailed_at=None), name="notices_unmailed"),
        ]


class Cursor(models.Model):
    """How far the history has been turned into notices: one row."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    seq = models.BigIntegerField(default=0)
