"""What other apps and pages may know about accounts: names, and who is meant by one."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from uuid import UUID

from access.models import Person, Token
from eventlog.reading import read_stream

SYSTEM = "Dropstitch"
UNKNOWN = "Somebody"


def names(refs: Iterable[str]) -> dict[str, str]:
    """How to call each actor, by ref: people and tokens by name, the system by the product's.

    Two queries at most. Refs of other things are left out; so nothing is said about strangers.
    """
    wanted = set(refs)
    found = {ref: SYSTEM for ref in wanted if ref.startswith("system:")}
    found |= {ref: UNKNOWN for ref in wanted if ref.startswith(("person:", "token:"))}
    people, machines = _ids(wanted, "person:"), _ids(wanted, "token:")
    if people:
        found |= {row.ref: str(row) for row in Person.objects.filter(id__in=people)}
    if machines:
        found |= {row.ref: row.name for row in Token.objects.filter(id__in=machines)}
    return found


def called(words: Iterable[str]) -> dict[str, str]:
    """Refs of active people by the sign-in name, in lower case, that a text calls them by."""
    wanted = {word.lower() for word in words}
    if not wanted:
        return {}
    active = Person.objects.filter(sign_in_name__in=wanted, deactivated_at=None)
    return {row.sign_in_name: row.ref for row in active}


def _ids(refs: Iterable[str], prefix: str) -> list[UUID]:
    found = []
    for ref in refs:
        if ref.startswith(prefix):
            with suppress(ValueError):
                found.append(UUID(ref.removeprefix(prefix)))
    return found


def people(limit: int = 500) -> list[tuple[str, str]]:
    """Ref and name of everybody with an account in force, by name."""
    active = Person.objects.filter(deactivated_at=None).exclude(role="service")
    return [(row.ref, str(row)) for row in active.order_by("display_name")[:limit]]


ROLE_GIVEN = ("person.added", "person.role_granted")


def gave_role(giver: str, person: str, since: datetime) -> bool:
    """Whether `giver` made `person` what they are since a time, by a token of theirs or without."""
    given = [r for r in read_stream(person) if r.type in ROLE_GIVEN and r.occurred_at > since]
    return giver in {person_behind(record.actor) for record in given}


def person_behind(actor: str) -> str:
    """The person that an actor acts for: a token's owner, else the actor itself."""
    owners = Token.objects.filter(id__in=_ids([actor], "token:")).exclude(owner=None)
    owner = owners.select_related("owner").first()
    return owner.owner.ref if owner and owner.owner else actor
