from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0004_workbench"),
    ]

    operations = [
        migrations.AddField(
            model_name="vouch",
            name="emergency",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddConstraint(
            model_name="vouch",
            constraint=models.CheckConstraint(
                condition=Q(("emergency", False), ("four_eyes_waived", True), _connector="OR"),
                name="cases_vouch_emergency",
            ),
        ),
    ]
