import django.contrib.postgres.constraints
import django.db.models.functions.datetime
import experiments.models
from django.contrib.postgres.operations import BtreeGistExtension
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [('eventlog', '0001_initial')]

    operations = [
        BtreeGistExtension(),
        migrations.CreateModel(
            name='EnvironmentRow',
            fields=[
                ('name', models.TextField(primary_key=True, serialize=False)),
                ('revision', models.BigIntegerField()),
                ('changed_at', models.DateTimeField()),
            ],
            options={
                'db_table': 'experiments_environment',
            },
        ),
        migrations.CreateModel(
            name='FlagRow',
            fields=[
                ('key', models.TextField(primary_key=True, serialize=False)),
                ('version', models.IntegerField()),
                ('kind', models.TextField()),
                ('owner', models.TextField()),
                ('description', models.TextField()),
                ('expires_on', models.DateField(null=True)),
                ('needs_approval', models.BooleanField()),
                ('archived', models.BooleanField(default=False)),
                ('proposals', models.JSONField(default=dict)),
                ('created_at', models.DateTimeField()),
                ('changed_at', models.DateTimeField()),
            ],
            options={
                'db_table': 'experiments_flag',
            },
        ),
        migrations.CreateModel(
            name='FlagUse',
            fields=[
                ('pk', models.CompositePrimaryKey('environment', 'flag', blank=True, editable=False, primary_key=True, serialize=False)),
                ('environment', models.TextField()),
                ('flag', models.TextField()),
                ('asked', models.BigIntegerField()),
                ('last_at', models.DateTimeField()),
            ],
            options={
                'db_table': 'experiments_flag_use',
            },
        ),
        migrations.CreateModel(
            name='GroupRow',
            fields=[
                ('key', models.TextField(primary_key=True, serialize=False)),
                ('version', models.IntegerField()),
                ('definition', models.JSONField()),
                ('description', models.TextField()),
                ('changed_at', models.DateTimeField()),
            ],
            options={
                'db_table': 'experiments_group',
            },
        ),
        migrations.CreateModel(
            name='LayerRow',
            fields=[
                ('key', models.TextField(primary_key=True, serialize=False)),
                ('version', models.IntegerField()),
                ('unit', models.TextField()),
                ('salt', models.TextField()),
                ('size', models.IntegerField()),
                ('cool_down', models.IntegerField()),
                ('is_holdout', models.BooleanField()),
                ('description', models.TextField()),
                ('cooling', models.JSONField(default=dict)),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'db_table': 'experiments_layer',
            },
        ),
        migrations.CreateModel(
            name='SdkKeyRow',
            fields=[
                ('key', models.TextField(primary_key=True, serialize=False)),
                ('environment', models.TextField()),
                ('name', models.TextField()),
                ('encrypted', models.BooleanField()),
                ('issued_at', models.DateTimeField()),
                ('revoked_at', models.DateTimeField(null=True)),
            ],
            options={
                'db_table': 'experiments_sdk_key',
            },
        ),
        migrations.CreateModel(
            name='AllocationRow',
            fields=[
                ('pk', models.CompositePrimaryKey('layer', 'experiment', blank=True, editable=False, primary_key=True, serialize=False)),
                ('layer', models.TextField()),
                ('experiment', models.TextField()),
                ('segments', experiments.models.SegmentsField()),
                ('since', models.DateTimeField()),
            ],
            options={
                'db_table': 'experiments_allocation',
                'constraints': [django.contrib.postgres.constraints.ExclusionConstraint(expressions=[('layer', '='), ('segments', '&&')], name='experiments_one_owner')],
            },
        ),
        migrations.CreateModel(
            name='Exposure',
            fields=[
                ('pk', models.CompositePrimaryKey('experiment', 'phase', 'unit', blank=True, editable=False, primary_key=True, serialize=False)),
                ('experiment', models.TextField()),
                ('phase', models.TextField()),
                ('unit', models.TextField()),
                ('variation', models.TextField()),
                ('environment', models.TextField()),
                ('exposed_at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('probability', models.FloatField()),
                ('several', models.BooleanField(default=False)),
                ('attributes', models.JSONField(default=dict)),
            ],
            options={
                'db_table': 'experiments_exposure',
                'indexes': [models.Index(fields=['experiment', 'phase', 'variation'], name='experiments_exposure_arm'), models.Index(fields=['recorded_at'], name='experiments_exposure_when')],
            },
        ),
        migrations.CreateModel(
            name='ServingRow',
            fields=[
                ('pk', models.CompositePrimaryKey('environment', 'flag', blank=True, editable=False, primary_key=True, serialize=False)),
                ('environment', models.TextField()),
                ('flag', models.TextField()),
                ('enabled', models.BooleanField(default=False)),
                ('served', models.BooleanField(default=True)),
                ('default', models.JSONField(null=True)),
                ('rules', models.JSONField(default=list)),
                ('revision', models.IntegerField()),
                ('changed_at', models.DateTimeField()),
                ('changed_by', models.TextField()),
            ],
            options={
                'db_table': 'experiments_serving',
                'indexes': [models.Index(fields=['flag'], name='experiments_serving_flag')],
            },
        ),
    ]
