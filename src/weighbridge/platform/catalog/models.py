"""Models, their versions, and which file of which version holds which content."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

PATH_LENGTH = 1024
NAME_LENGTH = 500


class Provider(models.TextChoices):
    """Where models come from."""

    HUGGINGFACE = "huggingface"
    KAGGLE = "kaggle"
    LOCAL = "local"


class Status(models.TextChoices):
    """What is known about a model version; derived, in this order of precedence."""

    VALIDATED = "validated"
    SUSPECTED = "suspected"
    FALSE_POSITIVE = "false-positive"
    WEAKNESS_FOUND = "weakness-found"
    NO_FINDINGS = "no-findings"
    NOT_EXAMINED = "not-examined"


class Model(models.Model):
    """A Hugging Face repository, a Kaggle variation, or something that was uploaded.

    `restricted` is true for private and gated models and for uploads: their evidence is for
    researchers only and never in public records.
    """

    provider = models.CharField(max_length=20, choices=Provider.choices)
    name = models.CharField(max_length=NAME_LENGTH)
    author = models.CharField(max_length=200, default="")
    downloads = models.BigIntegerField(default=0)
    likes = models.BigIntegerField(default=0)
    licence = models.CharField(max_length=100, default="")
    library = models.CharField(max_length=100, default="")
    gated = models.BooleanField(default=False)
    private = models.BooleanField(default=False)
    restricted = models.BooleanField(default=False)
    last_change = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """Named once per provider."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["provider", "name"], name="catalog_model_name"),
            models.CheckConstraint(
                condition=Q(restricted=True) | Q(gated=False, private=False),
                name="catalog_model_restricted",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["-downloads"], name="catalog_model_downloads")]


class ModelVersion(models.Model):
    """A model at one commit or version number.

    `status` is a copy of what `selectors.derive` says, for lists; `services.refresh` writes it.
    """

    model = models.ForeignKey(Model, on_delete=models.PROTECT, related_name="versions")
    revision = models.CharField(max_length=100)
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.NOT_EXAMINED)
    complete = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """Known once per model."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["model", "revision"], name="catalog_version_revision")
        ]
        indexes: ClassVar = [models.Index(fields=["status", "-id"], name="catalog_version_status")]


class Artifact(models.Model):
    """The content of one file.

    `key` is the SHA-256 where we computed it, else a digest of where the content was seen. A hash
    that a provider declares is kept, but never taken as a fact about anybody else's content.
    """

    key = models.CharField(max_length=80, unique=True)
    sha256 = models.CharField(max_length=64, null=True, db_index=True)
    sha256_source = models.CharField(
        max_length=10, null=True, choices=[("computed", "computed"), ("declared", "declared")]
    )
    size = models.BigIntegerField()
    format = models.CharField(max_length=40, default="")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """A hash and its source come together; one row for each computed hash."""

        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(sha256__isnull=True, sha256_source__isnull=True)
                | Q(sha256__isnull=False, sha256_source__isnull=False),
                name="catalog_artifact_source",
            ),
            models.UniqueConstraint(
                fields=["sha256"],
                condition=Q(sha256_source="computed"),
                name="catalog_artifact_computed",
            ),
        ]


class ContentKey(models.Model):
    """What stood in for a hash when content was fetched, so that it is not fetched again.

    It holds for one endpoint: a hash that a provider declares says nothing about anybody else's.
    """

    key = models.CharField(max_length=80, unique=True)
    artifact = models.ForeignKey(Artifact, on_delete=models.CASCADE, related_name="content_keys")


class ModelFile(models.Model):
    """A file of a model version and the artifact that it holds.

    `opaque` is true for bare numbers that another file of the version declares to be its tensor
    data; elsewhere the same content may be unknown.
    """

    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="files")
    path = models.CharField(max_length=PATH_LENGTH)
    artifact = models.ForeignKey(Artifact, on_delete=models.PROTECT, related_name="files")
    role = models.CharField(max_length=20, default="other")
    opaque = models.BooleanField(default=False)

    class Meta:
        """One content for each path."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["version", "path"], name="catalog_file_path")
        ]


class ProviderVerdict(models.Model):
    """What a scanner of the provider says about a file: a second opinion, which decides nothing."""

    file = models.ForeignKey(ModelFile, on_delete=models.CASCADE, related_name="provider_verdicts")
    scanner = models.CharField(max_length=60)
    status = models.CharField(max_length=60)
    text = models.CharField(max_length=300, default="")

    class Meta:
        """One for each scanner."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["file", "scanner"], name="catalog_provider_verdict")
        ]


class Relation(models.TextChoices):
    """How a model was made from another."""

    FINE_TUNE = "fine-tune"
    ADAPTER = "adapter"
    MERGE = "merge"
    QUANTISED = "quantised"
    VARIANT = "variant"
    DERIVED = "derived"


class Lineage(models.Model):
    """What a model declares to be made from. The parent is a name, because it may be unknown."""

    child = models.ForeignKey(Model, on_delete=models.CASCADE, related_name="parents")
    parent_name = models.CharField(max_length=NAME_LENGTH, db_index=True)
    relation = models.CharField(max_length=12, choices=Relation.choices)

    class Meta:
        """Said once."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["child", "parent_name", "relation"], name="catalog_lineage_once"
            )
        ]


class StatusChange(models.Model):
    """One step in the history of a version's derived status, with what caused it."""

    version = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="changes")
    before = models.CharField(max_length=20, choices=Status.choices)
    after = models.CharField(max_length=20, choices=Status.choices)
    cause = models.CharField(max_length=200)
    at = models.DateTimeField(auto_now_add=True)
