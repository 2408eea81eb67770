"""The servers that a test run starts for itself."""

from __future__ import annotations

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from django.db.utils import ProgrammingError


@pytest.mark.django_db
def test_tests_have_the_applications_rights() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, current_database()")
        user, database = cursor.fetchone()
    assert user == "dropstitch_app"
    assert database.startswith("test_")


@pytest.mark.django_db
def test_the_application_cannot_make_tables() -> None:
    with connection.cursor() as cursor, pytest.raises(ProgrammingError, match="permission denied"):
        cursor.execute("CREATE TABLE of_the_application (id integer)")


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["database_direct_url", "database_owner_url"])
def test_connections_past_django_reach_the_same_database(name: str) -> None:
    with psycopg.connect(getattr(settings.ENV, name)) as direct:
        ((database,),) = direct.execute("SELECT current_database()").fetchall()
    assert database == connection.settings_dict["NAME"]
