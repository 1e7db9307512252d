"""Application registration."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AuditConfig(AppConfig):
    """The append-only chain of events."""

    name = "weighbridge.platform.audit"
    label = "audit"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Check after every migration that the history is still protected."""
        from weighbridge.platform.audit.guards import after_migrations
        from weighbridge.platform.audit.protection import GUARDS

        post_migrate.connect(after_migrations(GUARDS), sender=self, weak=False)
