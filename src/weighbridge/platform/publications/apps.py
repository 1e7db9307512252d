"""Application registration."""

from django.apps import AppConfig


class PublicationsConfig(AppConfig):
    """OSV, feeds and webhooks."""

    name = "weighbridge.platform.publications"
    label = "publications"
    default_auto_field = "django.db.models.BigAutoField"
