"""Application registration."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """REST under /api/v1."""

    name = "weighbridge.platform.api"
    label = "api"
