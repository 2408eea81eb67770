"""Events about accounts and tokens → the rows that sign-in and the API look at."""

from __future__ import annotations

from datetime import datetime

from access.events import PersonAdded, PersonDeactivated, RoleGranted, TokenIssued, TokenRevoked
from access.models import Person, Token
from eventlog.projections import Projection
from eventlog.records import Record

people = Projection(
    "people",
    tables=["access_person"],
    conflicts={"access_person_sign_in_name": ("name_taken", "This sign-in name is taken.")},
)
tokens = Projection("tokens", tables=["access_token"])


@people.on(PersonAdded)
def show_added(event: PersonAdded, record: Record) -> None:
    # An erased account keeps its row, for the refs that name it, under a name nobody can type.
    Person.objects.create(
        id=event.person,
        sign_in_name=event.sign_in_name or f"erased {event.person}",
        display_name=event.display_name,
        email=event.email,
        time_zone=event.time_zone,
        role=event.role,
        added_at=record.occurred_at,
    )


@people.on(RoleGranted)
def show_role(event: RoleGranted, record: Record) -> None:
    Person.objects.filter(id=event.person).update(role=event.role)


@people.on(PersonDeactivated)
def show_deactivated(event: PersonDeactivated, record: Record) -> None:
    Person.objects.filter(id=event.person).update(deactivated_at=record.occurred_at)


@tokens.on(TokenIssued)
def show_issued(event: TokenIssued, record: Record) -> None:
    Token.objects.create(
        id=event.token,
        name=event.name,
        hint=event.hint,
        digest=event.digest,
        scopes=event.scopes,
        owner_id=event.owner.removeprefix("person:") or None,
        issued_at=record.occurred_at,
        expires_at=datetime.fromisoformat(event.expires_at) if event.expires_at else None,
    )


@tokens.on(TokenRevoked)
def show_revoked(event: TokenRevoked, record: Record) -> None:
    Token.objects.filter(id=event.token).update(revoked_at=record.occurred_at)
