"""What is served when the database is away: what was last known, also after a restart."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError

from experiments import queries
from experiments.serving import keeper
from experiments.serving.keeper import Away, Keeper

PAYLOAD: dict[str, Any] = {
    "revision": 3,
    "features": {"button": {"defaultValue": "blue", "rules": []}},
    "savedGroups": {},
    "kinds": {"button": "string"},
    "off": [],
}


class Database:
    """Answers in the database's place, and can be away."""

    def __init__(self) -> None:
        self.payload, self.changes, self.away = PAYLOAD, 1, False

    def ask(self, answer: Any) -> Any:
        if self.away:
            raise OperationalError("the server closed the connection")
        return answer

    def revisions(self) -> Any:
        return self.ask({"production": (self.changes, datetime(2026, 1, 1, tzinfo=UTC))})


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> Database:
    made = Database()
    monkeypatch.setattr(queries, "payload", lambda environment: made.ask(made.payload))
    monkeypatch.setattr(queries, "revisions", made.revisions)
    monkeypatch.setattr(
        keeper, "_keys_in_force", lambda: made.ask({"sdk-a": ("production", False)})
    )
    monkeypatch.setattr(keeper, "with_connection", lambda function, *given: function(*given))
    return made


async def test_what_was_last_known_is_served(database: Database, tmp_path: Path) -> None:
    kept = Keeper(tmp_path)
    assert (await kept.snapshot("production")) is not None
    assert await kept.sdk_key("sdk-a") == ("production", False)
    database.away = True
    await asyncio.sleep(2.5 * keeper.LOOK_EVERY)
    snapshot = await kept.snapshot("production")
    assert snapshot is not None
    assert snapshot.revision == 3
    restarted = Keeper(tmp_path)
    again = await restarted.snapshot("production")
    assert again is not None
    assert again.tag == snapshot.tag
    assert await restarted.sdk_key("sdk-a") == ("production", False)


async def test_what_was_never_known_is_said_to_be_away(database: Database, tmp_path: Path) -> None:
    database.away = True
    with pytest.raises(Away):
        await Keeper(tmp_path).snapshot("production")
    with pytest.raises(Away):
        await Keeper(tmp_path).sdk_key("sdk-a")


async def test_a_change_wakes_those_who_wait(database: Database, tmp_path: Path) -> None:
    kept = Keeper(tmp_path)
    first = await kept.snapshot("production")
    assert first is not None
    assert await kept.newer("production", first.tag, 0) is None
    waiting = asyncio.create_task(kept.newer("production", first.tag, 10))
    await asyncio.sleep(0.05)
    changed = {"button": {"defaultValue": "red", "rules": []}}
    database.payload, database.changes = PAYLOAD | {"features": changed}, 2
    newer = await waiting
    assert newer is not None
    assert newer.configuration.features["button"].default.value == "red"


async def test_an_environment_without_flags_is_none(database: Database, tmp_path: Path) -> None:
    database.payload = PAYLOAD | {"features": {}}
    assert await Keeper(tmp_path).snapshot("staging") is None
