"""Issues an API token from the command line."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from access.commands import IssueToken
from access.models import Person
from access.rights import SCOPES
from access.sign_in import normal
from access.tokens import new_secret
from eventlog import store
from eventlog.clock import now
from eventlog.core import Context, Refused, uuid7


class Command(BaseCommand):
    """`issue_token --name sensor --scopes measurements:write`: prints the token, once."""

    help = "Issue an API token and print it. It is shown this once."

    def add_arguments(self, parser: CommandParser) -> None:
        known = ", ".join(sorted(SCOPES))
        parser.add_argument("--name", required=True, help="what the token is for")
        parser.add_argument("--scopes", nargs="+", required=True, help=f"some of {known}")
        parser.add_argument("--person", help="sign-in name of the owner, whose rights bound it")
        parser.add_argument("--days", type=int, help="days until it expires (default: never)")

    def handle(
        self,
        *args: Any,
        name: str,
        scopes: list[str],
        person: str | None,
        days: int | None,
        **options: Any,
    ) -> None:
        secret, at = new_secret(), now()
        command = IssueToken(
            token=str(uuid7()),
            name=name,
            digest=secret.digest,
            hint=secret.hint,
            scopes=[scope for given in scopes for scope in given.split(",") if scope],
            owner=_owner(person),
            expires_at=at + timedelta(days=days) if days is not None else None,
            at=at,
        )
        try:
            store.execute(command, Context.by("system:operator"))
        except Refused as refusal:
            raise CommandError(refusal.message) from refusal
        self.stdout.write(secret.text)


def _owner(name: str | None) -> str:
    if name is None:
        return ""
    try:
        return Person.objects.get(sign_in_name=normal(name), deactivated_at=None).ref
    except Person.DoesNotExist:
        raise CommandError(f"Nobody active is called {name}.") from None
