
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('experiments', '0004_audits'),
    ]

    operations = [
        migrations.CreateModel(
            name='Bin',
            fields=[
                ('pk', models.CompositePrimaryKey('experiment', 'phase', 'metric', 'variation', 'bin', blank=True, editable=False, primary_key=True, serialize=False)),
                ('experiment', models.TextField()),
                ('phase', models.TextField()),
                ('metric', models.TextField()),
                ('variation', models.TextField()),
                ('bin', models.IntegerField()),
                ('n', models.BigIntegerField()),
            ],
            options={
                'db_table': 'experiments_bin',
            },
        ),
        migrations.AddField(
            model_name='trackedrow',
            name='quantile',
            field=models.FloatField(null=True),
        ),
    ]
