"""Application registration."""

from django.apps import AppConfig


class NoticesConfig(AppConfig):
    """What people are told."""

    name = "weighbridge.platform.notices"
    label = "notices"
    default_auto_field = "django.db.models.BigAutoField"
