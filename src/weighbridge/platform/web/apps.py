"""Application registration."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Server-rendered pages."""

    name = "weighbridge.platform.web"
    label = "web"
