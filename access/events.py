"""What can have happened to accounts and tokens. Passwords and token secrets are never in here."""

from __future__ import annotations

from dataclasses import replace

from access.state import Account, TokenState
from eventlog.core import Event, personal


class PersonAdded(Event):
    """Somebody got an account. `time_zone` is an IANA name."""

    type = "person.added"

    person: str
    role: str
    time_zone: str
    sign_in_name: str = personal("person:{person}")
    display_name: str = personal("person:{person}")
    email: str = personal("person:{person}", default="")

    def evolve(self, state: Account) -> Account:
        return replace(state, exists=True, active=True, role=self.role)


class RoleGranted(Event):
    """An account's role became another."""

    type = "person.role_granted"

    person: str
    role: str
    before: str

    def evolve(self, state: Account) -> Account:
        return replace(state, role=self.role)


class PersonDeactivated(Event):
    """An account can no longer sign in, nor can its tokens."""

    type = "person.deactivated"

    person: str

    def evolve(self, state: Account) -> Account:
        return replace(state, active=False)


class PasswordSet(Event):
    """The password of an account was set; every session that it had ended."""

    type = "person.password_set"

    person: str


class SessionsEnded(Event):
    """Every session of an account was signed out."""

    type = "person.sessions_ended"

    person: str


class TokenIssued(Event):
    """A token was made. `digest` is SHA-256 (hex) of its 32 random bytes, `hint` its beginning.

    `owner` is the ref of the account whose rights bound it, empty for an installation's own.
    `expires_at` is ISO 8601 with its zone, None for never.
    """

    type = "token.issued"
    refs = ("owner",)

    token: str
    name: str
    hint: str
    digest: str
    scopes: list[str]
    owner: str = ""
    expires_at: str | None = None

    def evolve(self, state: TokenState) -> TokenState:
        return replace(state, issued=True)


class TokenRevoked(Event):
    """A token was made worthless."""

    type = "token.revoked"

    token: str

    def evolve(self, state: TokenState) -> TokenState:
        return replace(state, revoked=True)
