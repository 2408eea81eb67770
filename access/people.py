"""What doors do with accounts: the command for the log and the plain row for the credential."""

from __future__ import annotations

import secrets
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils.crypto import get_random_string

from access.commands import AddPerson, RecordPasswordSet, RecordSessionsEnded
from access.models import Credential, Person
from access.sign_in import normal
from eventlog import store
from eventlog.clock import now
from eventlog.core import Context, uuid7


def add_person(context: Context, sign_in_name: str, password: str = "", **fields: Any) -> Person:
    """A new account, that can sign in if it gets a password. `fields` are those of `AddPerson`.

    Raises `Conflict` when the name is taken.
    """
    person = str(uuid7())
    fields.setdefault("display_name", sign_in_name)
    command = AddPerson(person=person, sign_in_name=normal(sign_in_name), at=now(), **fields)
    with transaction.atomic():
        store.execute(command, context)
        if password:
            store_password(person, password)
    return Person.objects.get(id=person)


def set_password(context: Context, person: Person, password: str) -> None:
    """Gives the account a password and ends its sessions."""
    with transaction.atomic():
        store.execute(RecordPasswordSet(person=str(person.id), at=now()), context)
        store_password(str(person.id), password)


def end_sessions(context: Context, person: Person) -> None:
    """Signs the account out everywhere."""
    with transaction.atomic():
        store.execute(RecordSessionsEnded(person=str(person.id), at=now()), context)
        Credential.objects.filter(person=person).update(session_salt=get_random_string(32))


def new_password() -> str:
    """A password of 120 random bits, to be shown once and changed."""
    return secrets.token_urlsafe(15)


def store_password(person: str, password: str) -> None:
    """Writes the credential of an account, by its UUID. The log hears of it by a command."""
    Credential.objects.update_or_create(
        person_id=person,
        defaults={
            "password": make_password(password),
            "session_salt": get_random_string(32),
            "changed_at": now(),
        },
    )
