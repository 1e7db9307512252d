from django.db import migrations, models


class Migration(migrations.Migration):
    """Columns with a default of the database: the version before goes on inserting rows."""

    dependencies = [
        ("scans", "0006_watching"),
    ]

    operations = [
        migrations.AddField(
            model_name="scan",
            name="request_id",
            field=models.CharField(db_default="", default="", max_length=32),
        ),
        migrations.AddField(
            model_name="scan",
            name="bytes_fetched",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
    ]
