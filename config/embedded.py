"""Which servers an installation brings itself, and what its processes need to know of them."""

from __future__ import annotations

import os

from config.installation import Installation
from config.servers.accounts import server_account, server_home
from config.servers.postgresql import APPLICATION, OWNER, PostgreSQL
from config.servers.valkey import Valkey

EmbeddedServer = PostgreSQL | Valkey


class EmbeddedServers:
    """PostgreSQL unless DATABASE_URL names one, Valkey unless BROKER_URL names a broker."""

    def __init__(self, installation: Installation):
        self.installation = installation
        self.made_database = False
        account = server_account(installation.data)
        home = server_home(installation.data, account)
        self.database = None if os.environ.get("DATABASE_URL") else PostgreSQL(home, account)
        self.broker = None if os.environ.get("BROKER_URL") else Valkey(home, account)

    @property
    def all(self) -> list[EmbeddedServer]:
        """Those that we run, in the order of starting."""
        return [server for server in (self.database, self.broker) if server is not None]

    def environment(self) -> dict[str, str]:
        """Addresses of the started servers; makes roles and database where missing."""
        found = {}
        if self.database is not None:
            self.made_database = self.database.create_database(self.installation.passwords())
            found["DATABASE_URL"] = self.database.url(APPLICATION)
            found["DATABASE_DIRECT_URL"] = self.database.url(APPLICATION)
            found["DATABASE_OWNER_URL"] = self.database.url(OWNER)
        if self.broker is not None:
            found["BROKER_URL"] = self.broker.url
        return found
