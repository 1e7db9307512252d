"""Application registration."""

from django.apps import AppConfig


class MonitorsConfig(AppConfig):
    """Watching hubs."""

    name = "weighbridge.platform.monitors"
    label = "monitors"
    default_auto_field = "django.db.models.BigAutoField"
