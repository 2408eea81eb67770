"""The people of our tests. Ana leads, Bo responds, Olga looks on, Root administers the place;
Mallory has an account and no rights. `sensor` is a machine's token, not a person.

A fixture is a `Player`: who they are (`ana.actor`, `ana.ref`), a signed-in browser (`ana.browser`)
and the REST doors under their rights (`ana.api`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from access.commands import IssueToken
from access.models import Person, Token
from access.people import add_person
from access.rights import Actor
from access.tokens import new_secret
from eventlog import store
from eventlog.clock import now
from eventlog.core import Context, uuid7

PASSWORD = "correct horse battery staple"
OPERATOR = "system:operator"


class Api(APIClient):
    """A client of /api/v1/ that speaks JSON; addresses may leave that prefix out."""

    def generic(self, method: str, path: str, *args: Any, **options: Any) -> Any:
        """Any request."""
        path = path if path.startswith(("/", "http")) else f"/api/v1/{path}"
        return super().generic(method, path, *args, **options)

    def with_key(self, key: str) -> dict[str, str]:
        """Headers with an idempotency key."""
        return {"Idempotency-Key": key}


@dataclass(frozen=True)
class Player:
    """Somebody with an account."""

    person: Person

    @property
    def ref(self) -> str:
        """How events name them."""
        return self.person.ref

    @property
    def actor(self) -> Actor:
        """What `can` is asked about."""
        return Person.objects.get(id=self.person.id).as_actor()

    @cached_property
    def browser(self) -> Client:
        """A signed-in browser."""
        client = Client()
        client.force_login(self.person)
        return client

    @cached_property
    def api(self) -> Api:
        """The REST doors, by a token with every right that the person has."""
        return api_with(*sorted(self.actor.granted - {"account:use"}), owner=self.ref)


@dataclass(frozen=True)
class Machine:
    """Something with a token."""

    token: Token
    secret: str

    @property
    def ref(self) -> str:
        """How events name it."""
        return self.token.ref

    @cached_property
    def api(self) -> Api:
        """The REST doors under the token."""
        return bearer(self.secret)


def bearer(secret: str) -> Api:
    """The REST doors with a token's text."""
    return Api(headers={"Authorization": f"Bearer {secret}"})


def machine(*scopes: str, owner: str = "", name: str = "monitor", **fields: Any) -> Machine:
    """A machine with a fresh token for these scopes."""
    secret, token = new_secret(), str(uuid7())
    command = IssueToken(
        token=token,
        name=name,
        digest=secret.digest,
        hint=secret.hint,
        scopes=list(scopes),
        owner=owner,
        at=now(),
        **fields,
    )
    store.execute(command, Context.by(OPERATOR))
    return Machine(Token.objects.get(id=token), secret.text)


def api_with(*scopes: str, owner: str = "") -> Api:
    """The REST doors with a fresh token; with none at all when there are no scopes."""
    return machine(*scopes, owner=owner).api if scopes else Api()


def player(name: str, role: str, **fields: Any) -> Player:
    """Somebody new, who signs in with `PASSWORD`."""
    fields.setdefault("email", f"{name.lower()}@yarnit.example")
    person = add_person(
        Context.by(OPERATOR), name, PASSWORD, display_name=name, role=role, **fields
    )
    return Player(person)


@pytest.fixture
def ana(db: None) -> Player:
    """Leads; commands incidents."""
    return player("Ana", "lead", time_zone="Europe/Lisbon")


@pytest.fixture
def bo(db: None) -> Player:
    """Responds to incidents."""
    return player("Bo", "responder")


@pytest.fixture
def olga(db: None) -> Player:
    """Observes."""
    return player("Olga", "observer")


@pytest.fixture
def mallory(db: None) -> Player:
    """Has an account, and a role that grants nothing."""
    return player("Mallory", "outsider")


@pytest.fixture
def root(db: None) -> Player:
    """Administers the installation."""
    return player("Root", "admin")


@pytest.fixture
def sensor(db: None) -> Machine:
    """A machine that sends measurements and may do nothing else."""
    return machine("measurements:write", name="sensor")


@pytest.fixture
def stranger() -> Api:
    """The REST doors without any sign of who asks."""
    return Api()
