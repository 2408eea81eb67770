from pathlib import Path

from django.conf import settings
from django.db import migrations, models


SQL = Path(__file__).resolve().parent.parent / "sql" / "schema.sql"


def make_measurement_tables(apps, schema_editor):
    role = settings.ENV.database_app_role
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(SQL.read_text().replace("{role}", role))


class Migration(migrations.Migration):

    initial = True

    dependencies = [('eventlog', '0001_initial')]

    operations = [
        migrations.CreateModel(
            name='Band',
            fields=[
                ('pk', models.CompositePrimaryKey('monitor', 'time', blank=True, editable=False, primary_key=True, serialize=False)),
                ('monitor', models.UUIDField()),
                ('time', models.DateTimeField()),
                ('expected', models.FloatField(null=True)),
                ('lo', models.FloatField(null=True)),
                ('hi', models.FloatField(null=True)),
            ],
            options={
                'db_table': 'monitoring_band',
            },
        ),
        migrations.CreateModel(
            name='Source',
            fields=[
                ('ref', models.TextField(primary_key=True, serialize=False)),
                ('latest', models.DateTimeField()),
                ('heard_at', models.DateTimeField()),
            ],
            options={
                'db_table': 'monitoring_source',
            },
        ),
        migrations.CreateModel(
            name='BreachRow',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('monitor', models.UUIDField()),
                ('name', models.TextField()),
                ('kind', models.TextField()),
                ('urgency', models.TextField()),
                ('subjects', models.JSONField()),
                ('onset', models.DateTimeField()),
                ('opened_at', models.DateTimeField()),
                ('sentence', models.TextField()),
                ('evidence', models.JSONField()),
                ('closed_at', models.DateTimeField(null=True)),
                ('closing_sentence', models.TextField(default='')),
                ('closing_reason', models.TextField(default='')),
            ],
            options={
                'db_table': 'monitoring_breach',
                'indexes': [models.Index(fields=['monitor', '-onset'], name='monitoring_breach_of'), models.Index(fields=['-onset', '-id'], name='monitoring_breach_latest')],
            },
        ),
        migrations.CreateModel(
            name='Evaluation',
            fields=[
                ('monitor', models.UUIDField(primary_key=True, serialize=False)),
                ('series', models.BigIntegerField()),
                ('revision', models.IntegerField()),
                ('cursor', models.DateTimeField(null=True)),
                ('state', models.JSONField(default=dict)),
                ('checkpoints', models.JSONField(default=list)),
                ('status', models.TextField(default='no_data')),
                ('breached', models.BooleanField(default=False)),
                ('verdict', models.JSONField(default=dict)),
                ('status_since', models.DateTimeField()),
                ('due_at', models.DateTimeField()),
                ('evaluated_at', models.DateTimeField(null=True)),
                ('seen', models.BigIntegerField(default=0)),
                ('cadence', models.FloatField(null=True)),
                ('late', models.BigIntegerField(default=0)),
                ('failures', models.IntegerField(default=0)),
                ('error', models.TextField(default='')),
            ],
            options={
                'db_table': 'monitoring_evaluation',
                'indexes': [models.Index(fields=['due_at'], name='monitoring_due'), models.Index(fields=['series'], name='monitoring_eval_series')],
            },
        ),
        migrations.CreateModel(
            name='MonitorRow',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('version', models.IntegerField()),
                ('revision', models.IntegerField()),
                ('name', models.TextField()),
                ('kind', models.TextField()),
                ('parameters', models.JSONField()),
                ('series', models.TextField()),
                ('labels', models.JSONField()),
                ('fingerprint', models.TextField()),
                ('subjects', models.JSONField()),
                ('urgency', models.TextField()),
                ('severity', models.SmallIntegerField(null=True)),
                ('environment', models.TextField()),
                ('description', models.TextField()),
                ('paused', models.BooleanField(default=False)),
                ('pause_reason', models.TextField(default='')),
                ('created_at', models.DateTimeField()),
                ('changed_at', models.DateTimeField()),
                ('breach', models.TextField(default='')),
                ('breached_since', models.DateTimeField(null=True)),
                ('breaches', models.IntegerField(default=0)),
            ],
            options={
                'db_table': 'monitoring_monitor',
                'indexes': [models.Index(fields=['name', 'id'], name='monitoring_by_name'), models.Index(fields=['fingerprint'], name='monitoring_by_series')],
            },
        ),
        migrations.CreateModel(
            name='Series',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('name', models.TextField()),
                ('labels', models.JSONField()),
                ('fingerprint', models.TextField(unique=True)),
                ('unit', models.TextField(default='')),
                ('source', models.TextField(default='')),
                ('first_wins', models.BooleanField(default=False)),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'verbose_name_plural': 'series',
                'db_table': 'monitoring_series',
                'indexes': [models.Index(fields=['source'], name='monitoring_series_source'), models.Index(fields=['name', 'id'], name='monitoring_series_name')],
            },
        ),
        migrations.RunPython(make_measurement_tables, migrations.RunPython.noop),
    ]
