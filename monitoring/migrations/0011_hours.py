from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql" / "hours.sql"


class Migration(migrations.Migration):

    dependencies = [('monitoring', '0010_reviews')]

    operations = [migrations.RunSQL(SQL.read_text())]
