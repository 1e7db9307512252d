"""Application registration."""

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    """Models, versions, artifacts and which file is where."""

    name = "weighbridge.platform.catalog"
    label = "catalog"
    default_auto_field = "django.db.models.BigAutoField"
