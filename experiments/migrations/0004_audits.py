
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('experiments', '0003_experiments'),
    ]

    operations = [
        migrations.CreateModel(
            name='Audit',
            fields=[
                ('pk', models.CompositePrimaryKey('experiment', 'phase', 'kind', 'subject', blank=True, editable=False, primary_key=True, serialize=False)),
                ('experiment', models.TextField()),
                ('phase', models.TextField()),
                ('kind', models.TextField()),
                ('subject', models.TextField()),
                ('p_value', models.FloatField(null=True)),
                ('words', models.TextField()),
                ('at', models.DateTimeField()),
            ],
            options={
                'db_table': 'experiments_audit',
            },
        ),
    ]
