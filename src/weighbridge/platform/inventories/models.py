"""Named lists, what stands in them, and which advisories and CVEs touch it."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from weighbridge.platform.audit.canonical import CanonicalJSONField


class Inventory(models.Model):
    """Somebody's list. `state` names the state of knowledge at which it was checked last."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="inventories"
    )
    name = models.CharField(max_length=200)
    state = models.CharField(max_length=300, default="")
    checked_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """Named once by each person."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["owner", "name"], name="inventories_name_once")
        ]


class Item(models.Model):
    """One model, file or package: the query of OSV that asks for it, and how people call it."""

    inventory = models.ForeignKey(Inventory, on_delete=models.CASCADE, related_name="items")
    query = CanonicalJSONField()
    label = models.CharField(max_length=500)


class Touch(models.Model):
    """A record that is about an item, from when on, and until when if it no longer is."""

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="touches")
    identifier = models.CharField(max_length=120)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        """Once at a time."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["item", "identifier"],
                condition=Q(until__isnull=True),
                name="inventories_touch_once",
            )
        ]
