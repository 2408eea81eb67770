"""Sees that somebody can administer a fresh installation."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import connection, transaction

from access.models import Person
from access.people import add_person, new_password
from access.state import Role
from eventlog.core import Conflict, Context

LOCK = (1162627398, 20)


class Command(BaseCommand):
    """`ensure_admin`: adds one administrator, with a generated password, if there is none."""

    help = "Add an administrator, whose generated password is shown once, if there is none."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--name", default="admin", help="sign-in name (default: admin)")

    def handle(self, *args: Any, name: str, **options: Any) -> None:
        password = new_password()
        if _add_if_none(name, password):
            self.stdout.write(f"Administrator {name}, password {password} (shown this once).")


@transaction.atomic
def _add_if_none(name: str, password: str) -> bool:
    # Two processes that start together must not both find nobody.
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", LOCK)
    if Person.objects.filter(role=Role.ADMIN, deactivated_at=None).exists():
        return False
    context = Context.by("system:setup")
    try:
        add_person(context, name, password, display_name="Administrator", role=Role.ADMIN)
    except Conflict:
        raise SystemExit(
            f"Nobody is an administrator, and {name} is taken: give another --name."
        ) from None
    return True
