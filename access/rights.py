"""The one place that decides who may do what: pages, API, sockets and exports all ask `can`.

An *action* is ``<noun>:<verb>``. A role grants actions to an account; a scope grants actions to a
token. A token never does more than the account that owns it.
"""

from __future__ import annotations

from dataclasses import dataclass

from access.state import Role

ACTIONS = {
    "account:use": "sign in, see and end one's own sessions",
    "admin:read": "look at the administration pages",
    "experiments:read": "read experiments, metrics and results",
    "experiments:write": "design, review, start, stop and decide experiments",
    "exposures:write": "send exposures to experiments",
    "flags:evaluate": "ask what a flag gives somebody",
    "flags:read": "read flags, groups, layers and exposure counts",
    "flags:write": "create and change flags, groups and layers",
    "holds:read": "read holds on entities",
    "holds:write": "place and lift holds",
    "incidents:read": "read incidents, their channels and timelines",
    "incidents:redact": "remove what others wrote in incidents",
    "incidents:write": "declare, command and work incidents",
    "lineage:read": "read models, data and where they came from",
    "lineage:write": "register models and data, and send lineage",
    "log:read": "read the event log and export it",
    "log:verify": "verify the event log and see its checkpoints",
    "measurements:read": "read series and their points",
    "measurements:write": "send measurements",
    "metrics:read": "read the installation's own metrics",
    "monitors:read": "read monitors, their breaches and objectives",
    "monitors:write": "create, change and pause monitors and objectives",
    "outcomes:write": "send outcomes to metrics",
    "people:manage": "add people, change roles, end sessions",
    "people:read": "see who works here",
    "tokens:manage": "see and revoke everybody's tokens",
    "tokens:own": "issue, see and revoke one's own tokens",
}

_OBSERVER = {
    "account:use",
    "experiments:read",
    "flags:read",
    "holds:read",
    "incidents:read",
    "lineage:read",
    "log:verify",
    "measurements:read",
    "monitors:read",
    "people:read",
}
_RESPONDER = _OBSERVER | {
    *("experiments:write", "exposures:write", "flags:evaluate", "flags:write"),
    *("incidents:write", "lineage:write", "measurements:write", "monitors:write", "outcomes:write"),
    "tokens:own",
}
_LEAD = _RESPONDER | {"holds:write", "incidents:redact", "log:read", "metrics:read"}
_AUDITOR = _OBSERVER | {"admin:read", "log:read"}

ROLES: dict[str, frozenset[str]] = {
    # An account that waits for somebody to give it a role.
    Role.OUTSIDER: frozenset({"account:use"}),
    Role.OBSERVER: frozenset(_OBSERVER),
    Role.RESPONDER: frozenset(_RESPONDER),
    Role.LEAD: frozenset(_LEAD),
    Role.ADMIN: frozenset(ACTIONS),
    Role.PRIVACY_OFFICER: frozenset(_AUDITOR),
    Role.ETHICS_REVIEWER: frozenset(_OBSERVER),
    Role.AUDITOR: frozenset(_AUDITOR),
    Role.SERVICE: frozenset(
        {"incidents:read", "incidents:write", "measurements:read", "measurements:write"}
        | {"account:use", "metrics:read", "monitors:read", "monitors:write", "tokens:own"}
        | {"exposures:write", "flags:evaluate", "flags:read", "holds:read"}
        | {"experiments:read", "lineage:read", "lineage:write", "outcomes:write"}
    ),
}

# A token may always ask who it is. Writing means being able to read back what was written, except
# for measurements: most senders need nothing but their own door.
SCOPES: dict[str, frozenset[str]] = {
    action: frozenset({"account:use", action}) for action in ACTIONS if action != "account:use"
} | {
    "experiments:write": frozenset({"account:use", "experiments:read", "experiments:write"}),
    "flags:write": frozenset({"account:use", "flags:read", "flags:write"}),
    "holds:write": frozenset({"account:use", "holds:read", "holds:write"}),
    "incidents:write": frozenset({"account:use", "incidents:read", "incidents:write"}),
    "lineage:write": frozenset({"account:use", "lineage:read", "lineage:write"}),
    "monitors:write": frozenset({"account:use", "monitors:read", "monitors:write"}),
    "tokens:manage": frozenset({"account:use", "tokens:own", "tokens:manage"}),
}

# What suffices when the subject is one's own account.
OWN = {"tokens:manage": "tokens:own", "people:read": "account:use"}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks: a signed-in person, a token, or nobody. `ref` is what events record.

    `granted` are the actions that a session's role, or a token's scopes and its owner, leave.
    """

    ref: str
    name: str
    granted: frozenset[str] = frozenset()
    role: str = ""
    person: str = ""

    @property
    def is_authenticated(self) -> bool:
        """Whether it is anybody at all; the name is the one that Django and DRF ask for."""
        return bool(self.ref)

    @property
    def is_anonymous(self) -> bool:
        """The opposite of `is_authenticated`."""
        return not self.ref

    @property
    def is_active(self) -> bool:
        """Always: an actor is made only from an account or token that is in force."""
        return True


NOBODY = Actor("", "Anonymous")


def of_role(role: str) -> frozenset[str]:
    """Actions of an account role, none for an unknown one."""
    return ROLES.get(role, frozenset())


def of_scopes(scopes: list[str]) -> frozenset[str]:
    """Actions of a token's scopes; unknown ones grant nothing."""
    return frozenset().union(*(SCOPES.get(scope, frozenset()) for scope in scopes))


def can(actor: Actor, action: str, subject: str | None = None) -> bool:
    """Whether `actor` may do `action` to `subject`, the ref of what or whose it is.

    Raises `KeyError` for an action that nobody declared, so that a typing error is no open door.
    """
    if action not in ACTIONS:
        raise KeyError(f"unknown action {action!r}")
    if subject and subject == actor.person and OWN.get(action) in actor.granted:
        return True
    return action in actor.granted
