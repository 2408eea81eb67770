from __future__ import annotations

import pytest
from django.db import connection

from eventlog import store
from eventlog.core import Context
from eventlog.sealer import seal_once
from tests.cast import Player
from tests.eventlog.lamps import NOON, Toggle

PAGES = ["storedevent", "stream", "checkpoint", "followerposition", "parkedevent"]


@pytest.fixture(autouse=True)
def told(db: None) -> None:
    store.execute(Toggle(lamp="1", by="ann", at=NOON), Context.by("person:ann"))
    seal_once()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO eventlog_parked (follower, position, stream, error)"
            " VALUES ('test.one', 1, 'lamp:1', 'no'), ('test.two', 1, 'lamp:1', 'no')"
        )


@pytest.mark.parametrize("page", PAGES)
def test_the_log_can_be_looked_at_and_not_added_to(root: Player, page: str) -> None:
    answer = root.browser.get(f"/admin/eventlog/{page}/")
    assert answer.status_code == 200
    assert root.browser.get(f"/admin/eventlog/{page}/add/").status_code == 403


def test_an_event_shows_its_hash_and_no_button(root: Player) -> None:
    (record,) = store.read_stream("lamp:1")
    answer = root.browser.get(f"/admin/eventlog/storedevent/{record.seq}/change/")
    assert "&quot;by&quot;:&quot;ann&quot;" in answer.content.decode()
    assert record.hash.hex() in answer.content.decode()
    assert 'name="_save"' not in answer.content.decode()
    assert root.browser.post(f"/admin/eventlog/storedevent/{record.seq}/change/").status_code == 403


def test_an_event_parked_by_two_readers_has_a_list_and_no_page(root: Player) -> None:
    listed = root.browser.get("/admin/eventlog/parkedevent/").content.decode()
    assert "test.one" in listed
    assert "test.two" in listed
    answer = root.browser.get("/admin/eventlog/parkedevent/1/change/")
    assert answer.status_code == 302


def test_a_responder_sees_none_of_it(olga: Player) -> None:
    for page in PAGES:
        assert olga.browser.get(f"/admin/eventlog/{page}/").status_code == 403
