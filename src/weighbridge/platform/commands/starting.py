"""What every command of the platform does first. Models can be imported only after `start`."""

from __future__ import annotations

import os

import django


def start() -> None:
    """Read the settings and load the applications.

    Raises:
        ConfigurationError: a setting is wrong.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "weighbridge.platform.settings")
    django.setup()


def migrate() -> None:
    """Bring the database to the form that this version needs."""
    from django.conf import settings
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)
    if not settings.EMBEDDED:
        call_command("createcachetable", verbosity=0)
