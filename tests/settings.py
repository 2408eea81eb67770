"""The product's settings for a test run. The addresses come first, since settings read them once.

The process that starts the run chooses where its servers are going to be, and the workers of
pytest-xdist inherit that through the environment; the plugin `tests.servers` starts them.
TEST_DATABASE_OWNER_URL names another PostgreSQL to use: its role must be a superuser, or one with
CREATEDB that is a member of the application's role.
"""

from __future__ import annotations

import os
from urllib.parse import quote, urlencode

from psycopg.conninfo import conninfo_to_dict

from config.servers.postgresql import APPLICATION, OWNER
from config.servers.throwaway import ThrowawayServers

APPLICATION_RIGHTS = f"-c role={APPLICATION}"
servers: ThrowawayServers | None = None


def libpq_url(**parameters: object) -> str:
    """Connection parameters as one URL, all of them in its query."""
    given = {key: value for key, value in parameters.items() if value}
    return "postgresql://?" + urlencode(given, quote_via=quote)


def choose_addresses() -> ThrowawayServers | None:
    """Write the addresses of the run's servers into the environment. None: an outer run did."""
    if "TEST_BROKER_URL" in os.environ:
        return None
    chosen = ThrowawayServers()
    os.environ["TEST_BROKER_URL"] = chosen.broker.url
    os.environ["TEST_DATA"] = str(chosen.folder / "data")
    os.environ.setdefault("TEST_DATABASE_OWNER_URL", chosen.database.url(OWNER))
    return chosen


def enter_test_mode() -> None:
    """The environment of this process: its worker's database, by the name Django will give it."""
    owner = conninfo_to_dict(os.environ["TEST_DATABASE_OWNER_URL"])
    name = owner.pop("dbname", None) or "dropstitch"
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    test_name = "_".join(filter(None, ["test", str(name), worker]))
    os.environ |= {
        "DROPSTITCH_MODE": "test",
        "DROPSTITCH_DATA": os.environ["TEST_DATA"],
        "BROKER_URL": os.environ["TEST_BROKER_URL"],
        "DATABASE_URL": libpq_url(dbname=name, **owner),
        "DATABASE_OWNER_URL": libpq_url(dbname=test_name, **owner),
        "DATABASE_DIRECT_URL": libpq_url(dbname=test_name, options=APPLICATION_RIGHTS, **owner),
    }


servers = choose_addresses()
enter_test_mode()

from config.settings import *  # noqa: E402, F403
