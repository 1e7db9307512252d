"""Application registration."""

from django.apps import AppConfig


class ScansConfig(AppConfig):
    """Scans as rows, stored reports and facts."""

    name = "weighbridge.platform.scans"
    label = "scans"
    default_auto_field = "django.db.models.BigAutoField"
