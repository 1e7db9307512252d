"""People, their API tokens, and the link that makes the first administrator."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models

from weighbridge.platform.accounts.roles import Role


class User(AbstractUser):
    """A person. What they may do follows from `role` alone."""

    role = models.CharField(
        max_length=20,
        choices=[(role.value, role.value) for role in Role],
        default=Role.READER.value,
    )


class Token(models.Model):
    """A key for programs, of which only the SHA-256 is kept. It can do no more than its owner.

    `scopes` holds words of `scopes.Scope`, separated by spaces.
    """

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="tokens")
    name = models.CharField(max_length=100)
    digest = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=12)
    scopes = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        """Newest first."""

        ordering = ("-id",)


class SetupLink(models.Model):
    """A link that lets whoever holds it make the first administrator, once."""

    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
