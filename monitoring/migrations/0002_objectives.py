from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('monitoring', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='SloRow',
            fields=[
                ('key', models.TextField(primary_key=True, serialize=False)),
                ('version', models.IntegerField()),
                ('revision', models.IntegerField()),
                ('name', models.TextField()),
                ('description', models.TextField()),
                ('owner', models.TextField()),
                ('layer', models.TextField()),
                ('subjects', models.JSONField()),
                ('environment', models.TextField()),
                ('severity', models.SmallIntegerField(null=True)),
                ('review_on', models.DateField()),
                ('settings', models.JSONField()),
                ('document', models.JSONField()),
                ('targets', models.JSONField()),
                ('reason', models.TextField(default='')),
                ('created_at', models.DateTimeField()),
                ('changed_at', models.DateTimeField()),
                ('retired_at', models.DateTimeField(null=True)),
            ],
            options={
                'db_table': 'monitoring_slo',
                'indexes': [models.Index(fields=['name', 'key'], name='monitoring_slo_by_name')],
            },
        ),
    ]
