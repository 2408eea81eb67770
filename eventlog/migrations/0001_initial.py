"""The log's tables, its append function, its guards and its rights: plain SQL under eventlog/sql."""

from pathlib import Path

from django.conf import settings
from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"


def run(apps, schema_editor):
    role = settings.ENV.database_app_role
    if not role.isidentifier():
        raise ValueError(f"DATABASE_APP_ROLE {role!r} is not a plain name")
    with schema_editor.connection.cursor() as cursor:
        for name in ("schema", "append", "guard", "rights"):
            cursor.execute((SQL / f"{name}.sql").read_text().replace("{role}", role))


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [migrations.RunPython(run, migrations.RunPython.noop)]
