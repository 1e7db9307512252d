"""Application registration."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People, roles and tokens."""

    name = "weighbridge.platform.accounts"
    label = "accounts"
    default_auto_field = "django.db.models.BigAutoField"
