"""Webhooks: who wants to be told, what is still to be told, and how each attempt went."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q


class Webhook(models.Model):
    """An address that is told of events. `kinds` are words of `events.Kind`, by spaces.

    The secret is kept as it is, because every message is signed with it.
    """

    url = models.CharField(max_length=500)
    secret = models.CharField(max_length=64)
    kinds = models.CharField(max_length=300)
    active = models.BooleanField(default=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)


class Delivery(models.Model):
    """One message for one webhook: a row of the outbox, made once for each event."""

    class State(models.TextChoices):
        """Pending ones are tried again."""

        PENDING = "pending"
        DELIVERED = "delivered"
        FAILED = "failed"

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    event = models.BigIntegerField(null=True)
    kind = models.CharField(max_length=40)
    body = models.TextField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    attempts = models.SmallIntegerField(default=0)
    next_at = models.DateTimeField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """An event reaches a webhook once; a test message has no event."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["webhook", "event"],
                condition=Q(event__isnull=False),
                name="publications_delivery_once",
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["next_at"], condition=Q(state="pending"), name="publications_due")
        ]


class Attempt(models.Model):
    """How one try to deliver went."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="log")
    at = models.DateTimeField()
    address = models.CharField(max_length=60)
    status = models.SmallIntegerField(null=True)
    error = models.CharField(max_length=300)
    milliseconds = models.IntegerField()


class Cursor(models.Model):
    """How far the history has been turned into messages: one row."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    seq = models.BigIntegerField(default=0)
