"""What the rules about people and tokens look at."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What an account may do, apart from its part in one incident."""

    OUTSIDER = "outsider"
    OBSERVER = "observer"
    RESPONDER = "responder"
    LEAD = "lead"
    ADMIN = "admin"
    PRIVACY_OFFICER = "privacy_officer"
    ETHICS_REVIEWER = "ethics_reviewer"
    AUDITOR = "auditor"
    SERVICE = "service"


@dataclass(frozen=True)
class Account:
    """A person, or a service, that can be given rights."""

    exists: bool = False
    active: bool = False
    role: str = ""


@dataclass(frozen=True)
class TokenState:
    """A token's life: issued once, revoked at most once."""

    issued: bool = False
    revoked: bool = False
