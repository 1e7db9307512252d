"""Triggers that refuse what nobody may do to a written row."""

from typing import ClassVar

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from weighbridge.platform.advisories.protection import GUARDS
from weighbridge.platform.audit.guards import install, remove


def forwards(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """Put them in."""
    install(editor.connection, GUARDS)


def backwards(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """Take them out."""
    remove(editor.connection, GUARDS)


class Migration(migrations.Migration):
    """After the tables."""

    dependencies: ClassVar = [("advisories", "0001_initial")]
    operations: ClassVar = [migrations.RunPython(forwards, backwards)]
