"""Who asks: tokens with `flags:evaluate`, remembered for a moment, and for longer without a database."""

from __future__ import annotations

import asyncio
import time

from django.db import DatabaseError, InterfaceError

from access.rights import Actor, can
from access.tokens import digest_of, identify
from eventlog.db import with_connection
from experiments.serving.keeper import Away
from experiments.serving.wire import Scope, header

FRESH = 2.0  # seconds for which a token that was found in force is believed
LAST_KNOWN = 3_600.0  # seconds for which it is when the database is away
MOST = 10_000


class Callers:
    """Tokens seen by one process."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Actor | None, float]] = {}

    async def actor(self, scope: Scope) -> Actor | None:
        """Whose token a request carries, None without one in force. Raises `Away`."""
        digest = digest_of(_token_in(scope))
        if digest is None:
            return None
        known = self._known.get(digest)
        at = time.monotonic()
        if known is not None and at - known[1] < FRESH:
            return known[0]
        try:
            found = await asyncio.to_thread(with_connection, identify, _token_in(scope))
        except (DatabaseError, InterfaceError) as error:
            if known is None or at - known[1] > LAST_KNOWN:
                raise Away from error
            return known[0]
        if len(self._known) >= MOST:
            self._known.clear()
        self._known[digest] = (found, at)
        return found


def may_evaluate(actor: Actor) -> bool:
    """Whether the token may ask for flags."""
    return can(actor, "flags:evaluate")


def _token_in(scope: Scope) -> str:
    scheme, _, text = header(scope, b"authorization").partition(" ")
    return text.strip() if scheme.lower() == "bearer" else header(scope, b"x-api-key")
