"""Lets the read model of people be rebuilt beside the live one.

Django's administration log points at people with an enforced foreign key, which would hold on to
the old table when a rebuild swaps it out. Our administration pages never write that log.
"""

from django.db import migrations

UNBIND = """
DO $$
DECLARE name text;
BEGIN
    FOR name IN SELECT conname FROM pg_constraint
        WHERE contype = 'f' AND conrelid = 'django_admin_log'::regclass
        AND confrelid = 'access_person'::regclass
    LOOP
        EXECUTE format('ALTER TABLE django_admin_log DROP CONSTRAINT %I', name);
    END LOOP;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("access", "0001_initial"), ("admin", "0003_logentry_add_action_flag_choices")]
    operations = [migrations.RunSQL(UNBIND, migrations.RunSQL.noop)]
