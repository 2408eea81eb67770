"""Tokens of a benchmark's installation."""

from __future__ import annotations


def make_token(*scopes: str) -> str:
    """The text of a fresh token with these scopes."""
    from access.commands import IssueToken
    from access.tokens import new_secret
    from eventlog import store
    from eventlog.clock import now
    from eventlog.core import Context, uuid7

    secret = new_secret()
    command = IssueToken(
        token=str(uuid7()),
        name="bench",
        digest=secret.digest,
        hint=secret.hint,
        scopes=list(scopes),
        at=now(),
    )
    store.execute(command, Context.by("system:bench"))
    return secret.text
