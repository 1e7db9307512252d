"""Application registration."""

from django.apps import AppConfig


class CasesConfig(AppConfig):
    """The review queue: cases, decisions, vouching."""

    name = "weighbridge.platform.cases"
    label = "cases"
    default_auto_field = "django.db.models.BigAutoField"
