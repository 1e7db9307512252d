"""Application registration."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AdvisoriesConfig(AppConfig):
    """WS and MSC records."""

    name = "weighbridge.platform.advisories"
    label = "advisories"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Check after every migration that published records are still protected."""
        from weighbridge.platform.advisories.protection import GUARDS
        from weighbridge.platform.audit.guards import after_migrations

        post_migrate.connect(after_migrations(GUARDS), sender=self, weak=False)
