from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [('eventlog', '0001_initial')]

    operations = [
        migrations.CreateModel(
            name='HoldRow',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('version', models.IntegerField()),
                ('entity', models.TextField()),
                ('reason', models.TextField()),
                ('sentence', models.TextField()),
                ('since', models.DateTimeField()),
                ('until', models.DateTimeField(null=True)),
                ('placed_at', models.DateTimeField()),
                ('placed_by', models.TextField()),
                ('lifted_at', models.DateTimeField(null=True)),
                ('lifted_why', models.TextField(default='')),
            ],
            options={
                'db_table': 'registry_hold',
                'indexes': [models.Index(fields=['entity', 'since'], name='registry_hold_entity'), models.Index(fields=['-placed_at', 'id'], name='registry_hold_latest')],
            },
        ),
    ]
