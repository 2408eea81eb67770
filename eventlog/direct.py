"""Connections of their own, past Django's and past any pooler: for locks, streams and COPY."""

from __future__ import annotations

from typing import Any

import psycopg
from django.conf import settings
from django.db import connection
from psycopg.conninfo import conninfo_to_dict, make_conninfo

Connection = psycopg.Connection[tuple[Any, ...]]

AsyncConnection = psycopg.AsyncConnection[tuple[Any, ...]]

# A server that vanished without a word is noticed within a minute.
PATIENCE = {
    "connect_timeout": 10,
    "keepalives_idle": 20,
    "keepalives_interval": 10,
    "keepalives_count": 3,
}


def connect(purpose: str, *, owner: bool = False) -> Connection:
    """An autocommit connection to the installation's database, as its owner if so asked.

    `purpose` shows in `pg_stat_activity`.
    """
    return psycopg.connect(_info(purpose, owner), autocommit=True)


async def connect_async(purpose: str) -> AsyncConnection:
    """The same for a loop, as the application's role."""
    return await psycopg.AsyncConnection.connect(_info(purpose, owner=False), autocommit=True)


def _info(purpose: str, owner: bool) -> str:
    url = settings.ENV.database_owner_url if owner else settings.ENV.database_direct_url
    # Tests run in a database of another name than the configured one.
    name = connection.settings_dict["NAME"]
    named = {"dbname": name, "application_name": f"dropstitch {purpose}"}
    return make_conninfo("", **PATIENCE | conninfo_to_dict(url) | named)
