"""The short way to append a single event."""

from pathlib import Path

from django.conf import settings
from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql" / "append_one.sql"


def run(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(SQL.read_text().replace("{role}", settings.ENV.database_app_role))


class Migration(migrations.Migration):
    dependencies = [("eventlog", "0002_read_only_models")]
    operations = [migrations.RunPython(run, migrations.RunPython.noop)]
