"""Application registration."""

from django.apps import AppConfig


class InventoriesConfig(AppConfig):
    """Named lists of models and packages."""

    name = "weighbridge.platform.inventories"
    label = "inventories"
    default_auto_field = "django.db.models.BigAutoField"
