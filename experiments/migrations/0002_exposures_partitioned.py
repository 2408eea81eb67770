from pathlib import Path

import django.db.models.functions.datetime
from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql" / "exposures.sql"


class Migration(migrations.Migration):

    dependencies = [("experiments", "0001_flags")]

    operations = [
        migrations.CreateModel(
            name="ExposureCount",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "experiment",
                        "phase",
                        "variation",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("experiment", models.TextField()),
                ("phase", models.TextField()),
                ("variation", models.TextField()),
                ("units", models.BigIntegerField()),
                ("several", models.BigIntegerField()),
                ("hour", models.DateTimeField()),
                ("in_hour", models.BigIntegerField()),
                (
                    "last_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
            ],
            options={"db_table": "experiments_exposure_count"},
        ),
        migrations.RunSQL(
            SQL.read_text(),
            migrations.RunSQL.noop,
            state_operations=[
                migrations.RemoveIndex("Exposure", "experiments_exposure_arm"),
                migrations.RemoveIndex("Exposure", "experiments_exposure_when"),
            ],
        ),
    ]
