from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from weighbridge.platform.advisories.protection import GUARDS
from weighbridge.platform.audit.guards import install, remove


def lift(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """Take out the triggers that name the table: SQLite makes a changed table anew."""
    remove(editor.connection, GUARDS)


def restore(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """Put them back."""
    install(editor.connection, GUARDS)


def fill(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """Name the effect of cases that are there, by the evidence of their first place."""
    occurrence = apps.get_model("cases", "Occurrence")
    for case in apps.get_model("cases", "Case").objects.only("pk").iterator():
        first = occurrence.objects.filter(case=case).order_by("pk").first()
        effects = first.evidence.get("effects") if first is not None else None
        if effects:
            case.effect = str(effects[0])[:40]
            case.save(update_fields=["effect"])


class Migration(migrations.Migration):
    dependencies = [
        ("advisories", "0003_emergencies"),
        ("cases", "0003_emergencies_and_packages"),
    ]

    operations = [
        migrations.RunPython(lift, restore),
        migrations.AddField(
            model_name="case",
            name="effect",
            field=models.CharField(default="", max_length=40),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.RunPython(restore, lift),
    ]
