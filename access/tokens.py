"""Making a token's secret, and finding out whose it is."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from access.models import Token, TokenUse
from access.rights import Actor
from eventlog.clock import now

PREFIX = "ds_"
SHAPE = re.compile(r"ds_[A-Za-z0-9_-]{43}")
USE_NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class Secret:
    """A new token's secret; `text` is shown once and kept nowhere."""

    text: str
    digest: str
    hint: str


def new_secret() -> Secret:
    """A secret of 32 random bytes."""
    raw = secrets.token_bytes(32)
    text = PREFIX + base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
    return Secret(text, hashlib.sha256(raw).hexdigest(), text[:8])


def digest_of(text: str) -> str | None:
    """SHA-256 (hex) of the bytes behind a token's text, None if it cannot be a token."""
    if not SHAPE.fullmatch(text):
        return None
    return hashlib.sha256(base64.urlsafe_b64decode(text[len(PREFIX) :] + "=")).hexdigest()


def identify(text: str) -> Actor | None:
    """The actor behind a token's text, None unless the token is in force. Notes its use."""
    digest = digest_of(text)
    if digest is None:
        return None
    token = Token.objects.select_related("owner").filter(digest=digest).first()
    at = now()
    if token is None or not token.in_force(at):
        return None
    _note_use(token.id, at)
    return token.as_actor()


_noted: dict[UUID, datetime] = {}


def _note_use(token: UUID, at: datetime) -> None:
    # A write on every request would make each reader a writer; a minute is close enough.
    if at - _noted.get(token, datetime.min.replace(tzinfo=at.tzinfo)) < USE_NOTED_EVERY:
        return
    _noted[token] = at
    TokenUse.objects.bulk_create(
        [TokenUse(token_id=token, last_used_at=at)],
        update_conflicts=True,
        unique_fields=["token"],
        update_fields=["last_used_at"],
    )
