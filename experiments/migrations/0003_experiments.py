from pathlib import Path

import django.contrib.postgres.fields
import django.db.models.functions.datetime
import experiments.models.experiments
from django.db import migrations, models


SQL = Path(__file__).resolve().parent.parent / "sql" / "outcomes.sql"


class Migration(migrations.Migration):

    dependencies = [
        ('experiments', '0002_exposures_partitioned'),
    ]

    operations = [
        migrations.CreateModel(
            name='Backfill',
            fields=[
                ('pk', models.CompositePrimaryKey('experiment', 'phase', 'metric', blank=True, editable=False, primary_key=True, serialize=False)),
                ('experiment', models.TextField()),
                ('phase', models.TextField()),
                ('metric', models.TextField()),
                ('last_unit', models.TextField(default='')),
                ('units', models.BigIntegerField(default=0)),
                ('done_at', models.DateTimeField(null=True)),
            ],
            options={
                'db_table': 'experiments_backfill',
            },
        ),
        migrations.CreateModel(
            name='Cell',
            fields=[
                ('pk', models.CompositePrimaryKey('experiment', 'phase', 'metric', 'variation', 'slice', 'day', blank=True, editable=False, primary_key=True, serialize=False)),
                ('experiment', models.TextField()),
                ('phase', models.TextField()),
                ('metric', models.TextField()),
                ('variation', models.TextField()),
                ('slice', models.TextField()),
                ('day', models.DateField()),
                ('n', models.BigIntegerField()),
                ('x', experiments.models.experiments.Exact(decimal_places=100, max_digits=1000)),
                ('xx', experiments.models.experiments.Exact(decimal_places=100, max_digits=1000)),
                ('y', experiments.models.experiments.Exact(decimal_places=100, max_digits=1000)),
                ('yy', experiments.models.experiments.Exact(decimal_places=100, max_digits=1000)),
                ('xy', experiments.models.experiments.Exact(decimal_places=100, max_digits=1000)),
            ],
            options={
                'db_table': 'experiments_cell',
            },
        ),
        migrations.CreateModel(
            name='Look',
            fields=[
                ('pk', models.CompositePrimaryKey('experiment', 'phase', 'metric', 'variation', 'at', blank=True, editable=False, primary_key=True, serialize=False)),
                ('experiment', models.TextField()),
                ('phase', models.TextField()),
                ('metric', models.TextField()),
                ('variation', models.TextField()),
                ('at', models.DateTimeField()),
                ('n', models.BigIntegerField()),
                ('effect', models.FloatField()),
                ('lo', models.FloatField()),
                ('hi', models.FloatField()),
                ('p_value', models.FloatField()),
            ],
            options={
                'db_table': 'experiments_look',
            },
        ),
        migrations.CreateModel(
            name='MetricRow',
            fields=[
                ('key', models.TextField(primary_key=True, serialize=False)),
                ('version', models.IntegerField()),
                ('definition', models.JSONField()),
                ('changed_at', models.DateTimeField()),
            ],
            options={
                'db_table': 'experiments_metric',
            },
        ),
        migrations.CreateModel(
            name='ServedRevision',
            fields=[
                ('pk', models.CompositePrimaryKey('process', 'environment', blank=True, editable=False, primary_key=True, serialize=False)),
                ('process', models.TextField()),
                ('environment', models.TextField()),
                ('revision', models.BigIntegerField()),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'db_table': 'experiments_served_revision',
            },
        ),
        migrations.CreateModel(
            name='ExperimentRow',
            fields=[
                ('key', models.TextField(primary_key=True, serialize=False)),
                ('version', models.IntegerField()),
                ('status', models.TextField()),
                ('title', models.TextField()),
                ('owner', models.TextField()),
                ('flag', models.TextField()),
                ('environment', models.TextField()),
                ('layer', models.TextField()),
                ('design', models.JSONField()),
                ('designed_by', models.TextField()),
                ('designed_at', models.DateTimeField()),
                ('changed_in_run', models.BooleanField(default=False)),
                ('reviewed_by', models.TextField(default='')),
                ('not_before', models.DateTimeField(null=True)),
                ('rank', models.IntegerField(default=100)),
                ('phase', models.IntegerField(default=0)),
                ('seed', models.TextField(default='')),
                ('coverage', models.FloatField(default=0)),
                ('step', models.IntegerField(default=0)),
                ('step_since', models.DateTimeField(null=True)),
                ('started_at', models.DateTimeField(null=True)),
                ('stopped_at', models.DateTimeField(null=True)),
                ('stop', models.JSONField(default=dict)),
                ('observed_at', models.DateTimeField(null=True)),
                ('observation', models.JSONField(default=dict)),
                ('cleared', models.JSONField(default=dict)),
                ('decision', models.JSONField(default=dict)),
                ('created_at', models.DateTimeField()),
                ('changed_at', models.DateTimeField()),
            ],
            options={
                'db_table': 'experiments_experiment',
                'indexes': [models.Index(fields=['status', 'key'], name='experiments_experiment_status')],
            },
        ),
        migrations.CreateModel(
            name='TrackedRow',
            fields=[
                ('pk', models.CompositePrimaryKey('experiment', 'phase', 'metric', blank=True, editable=False, primary_key=True, serialize=False)),
                ('experiment', models.TextField()),
                ('phase', models.TextField()),
                ('metric', models.TextField()),
                ('name', models.TextField()),
                ('aggregation', models.TextField()),
                ('source', models.TextField()),
                ('denominator', models.TextField()),
                ('direction', models.TextField()),
                ('unit', models.TextField()),
                ('cap', experiments.models.experiments.Exact(decimal_places=100, max_digits=1000, null=True)),
                ('window_hours', models.IntegerField()),
                ('before_days', models.IntegerField()),
                ('slices', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
                ('since', models.DateTimeField()),
                ('until', models.DateTimeField(null=True)),
            ],
            options={
                'db_table': 'experiments_tracked',
                'indexes': [models.Index(fields=['source'], name='experiments_tracked_source')],
            },
        ),
        migrations.RunSQL(
            SQL.read_text(),
            migrations.RunSQL.noop,
            state_operations=[
                migrations.CreateModel(
                    name='Outcome',
                    fields=[
                        ('pk', models.CompositePrimaryKey('unit', 'source', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                        ('unit', models.TextField()),
                        ('source', models.TextField()),
                        ('id', models.TextField()),
                        ('time', models.DateTimeField()),
                        ('value', experiments.models.experiments.Exact(decimal_places=100, max_digits=1000)),
                        ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                    ],
                    options={
                        'db_table': 'experiments_outcome',
                    },
                ),
                migrations.CreateModel(
                    name='UnitValue',
                    fields=[
                        ('pk', models.CompositePrimaryKey('experiment', 'phase', 'unit', 'metric', blank=True, editable=False, primary_key=True, serialize=False)),
                        ('experiment', models.TextField()),
                        ('phase', models.TextField()),
                        ('metric', models.TextField()),
                        ('unit', models.TextField()),
                        ('variation', models.TextField()),
                        ('day', models.DateField()),
                        ('slices', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
                        ('x', experiments.models.experiments.Exact(decimal_places=100, max_digits=1000)),
                        ('y', experiments.models.experiments.Exact(decimal_places=100, max_digits=1000)),
                    ],
                    options={
                        'db_table': 'experiments_unit_value',
                    },
                ),
            ],
        ),
    ]
