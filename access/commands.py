"""What can be asked about accounts and tokens, with the rules."""

from __future__ import annotations

import re
from datetime import datetime

from access import events
from access.rights import SCOPES
from access.state import Account, Role, TokenState
from eventlog.core import Command, Event, Refused

MAX_NAME = 150
# No @, so that nobody takes another's e-mail address for a name; no space, so that texts can call
# people by it.
SIGN_IN_NAME = re.compile(r"[\w.-]{1,150}")


class PersonCommand(Command[Account]):
    """Continues the story of one account; `person` is its UUID."""

    blank = Account()
    person: str

    @property
    def stream(self) -> str:
        return f"person:{self.person}"


class AddPerson(PersonCommand):
    """Gives somebody an account. That the sign-in name is free is for the read model to say."""

    sign_in_name: str
    display_name: str
    email: str = ""
    time_zone: str = "UTC"
    role: str = Role.OBSERVER

    def decide(self, state: Account) -> list[Event]:
        if state.exists:
            raise Refused("This account exists already.", code="exists", field="person")
        check_role(self.role)
        check_sign_in_name(self.sign_in_name)
        check_name(self.display_name, "display_name")
        return [
            events.PersonAdded(
                person=self.person,
                role=str(self.role),
                time_zone=self.time_zone,
                sign_in_name=self.sign_in_name,
                display_name=self.display_name,
                email=self.email,
            )
        ]


class GrantRole(PersonCommand):
    """Makes `role` the account's role."""

    role: str

    def decide(self, state: Account) -> list[Event]:
        check_role(self.role)
        require_active(state)
        if state.role == self.role:
            return []
        return [events.RoleGranted(person=self.person, role=str(self.role), before=str(state.role))]


class DeactivatePerson(PersonCommand):
    """Closes the account; its tokens stop with it."""

    def decide(self, state: Account) -> list[Event]:
        if not state.exists:
            raise Refused("There is no such account.", code="unknown", field="person")
        return [events.PersonDeactivated(person=self.person)] if state.active else []


class RecordPasswordSet(PersonCommand):
    """Puts on record that the password was set. The password itself is not the log's business."""

    def decide(self, state: Account) -> list[Event]:
        require_active(state)
        return [events.PasswordSet(person=self.person)]


class RecordSessionsEnded(PersonCommand):
    """Puts on record that every session of the account was signed out."""

    def decide(self, state: Account) -> list[Event]:
        require_active(state)
        return [events.SessionsEnded(person=self.person)]


class TokenCommand(Command[TokenState]):
    """Continues the story of one token; `token` is its UUID."""

    blank = TokenState()
    token: str

    @property
    def stream(self) -> str:
        return f"token:{self.token}"


class IssueToken(TokenCommand):
    """Makes a token. `digest` and `hint` are of a secret that only its new owner has seen."""

    supplied = ("digest", "hint")

    name: str
    digest: str
    hint: str
    scopes: list[str]
    owner: str = ""
    expires_at: datetime | None = None

    def decide(self, state: TokenState) -> list[Event]:
        if state.issued:
            raise Refused("This token was issued before.", code="exists", field="token")
        check_name(self.name, "name")
        self._check_scopes()
        if self.expires_at is not None and self.expires_at <= self.at:
            raise Refused(
                "A token has to expire in the future.", code="already_expired", field="expires_at"
            )
        return [
            events.TokenIssued(
                token=self.token,
                name=self.name,
                hint=self.hint,
                digest=self.digest,
                scopes=sorted(set(self.scopes)),
                owner=self.owner,
                expires_at=self.expires_at.isoformat() if self.expires_at else None,
            )
        ]

    def _check_scopes(self) -> None:
        unknown = sorted(set(self.scopes) - set(SCOPES))
        if unknown or not self.scopes:
            raise Refused(
                f"Unknown scope {unknown[0]}." if unknown else "A token needs a scope.",
                code="unknown_scope" if unknown else "no_scope",
                field="scopes",
                current=sorted(SCOPES),
            )


class RevokeToken(TokenCommand):
    """Makes the token worthless from now on."""

    def decide(self, state: TokenState) -> list[Event]:
        if not state.issued:
            raise Refused("There is no such token.", code="unknown", field="token")
        return [] if state.revoked else [events.TokenRevoked(token=self.token)]


def check_role(role: str) -> None:
    """Raises `Refused` for a role that the installation does not know."""
    if role not in list(Role):
        known = ", ".join(Role)
        raise Refused(f"Unknown role {role}; known are {known}.", code="unknown_role", field="role")


def check_name(name: str, field: str) -> None:
    """Raises `Refused` for a name that is empty, too long or not one line."""
    if not name.strip() or len(name) > MAX_NAME or not name.isprintable():
        raise Refused(
            f"A name has 1 to {MAX_NAME} printable characters.", code="bad_name", field=field
        )


def check_sign_in_name(name: str) -> None:
    """Raises `Refused` for a name that is no single word."""
    if not SIGN_IN_NAME.fullmatch(name):
        raise Refused(
            "A sign-in name has 1 to 150 letters, digits, dots, dashes and underscores.",
            code="bad_name",
            field="sign_in_name",
        )


def require_active(state: Account) -> None:
    """Raises `Refused` unless the account is there and in force."""
    if not state.active:
        raise Refused("This account is not active.", code="inactive", field="person")
