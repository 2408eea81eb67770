from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from access.models import SignInAttempt
from access.paging import BadCursor, page_of, read_cursor, write_cursor
from tests.cast import Api, Player

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ORDER = ("name_digest", "-at", "id")


def add(name: str, minutes: int) -> UUID:
    at = NOON + timedelta(minutes=minutes)
    row = SignInAttempt(id=uuid4(), name_digest=name, at=at, address="::1")
    row.save()
    return row.id


def walk(order: tuple[str, ...], limit: int) -> list[UUID]:
    seen, cursor = [], None
    while True:
        page = page_of(SignInAttempt.objects.all(), order, cursor, limit)
        assert len(page.rows) <= limit
        seen += [row.id for row in page.rows]
        if page.next is None:
            return seen
        cursor = page.next


@pytest.mark.django_db
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 3)), max_size=12),
    limit=st.integers(1, 5),
    order=st.sampled_from([ORDER, ("-at", "-id"), ("id",), ("-name_digest", "at", "-id")]),
)
def test_a_walk_sees_every_row_once_and_in_order(rows, limit: int, order: tuple[str, ...]):
    SignInAttempt.objects.all().delete()
    for name, minutes in rows:
        add(name, minutes)
    whole = list(SignInAttempt.objects.order_by(*order).values_list("id", flat=True))
    assert walk(order, limit) == whole


@pytest.mark.django_db
def test_rows_added_meanwhile_neither_repeat_nor_hide_others():
    old = [add("a", minutes) for minutes in range(4)]
    first = page_of(SignInAttempt.objects.all(), ("-at", "-id"), None, 2)
    add("a", 99)
    rest = page_of(SignInAttempt.objects.all(), ("-at", "-id"), first.next, 9)
    assert [row.id for row in [*first.rows, *rest.rows]] == old[::-1]


def test_a_cursor_of_another_list_or_a_changed_one_is_refused():
    cursor = write_cursor([NOON, 7], "at,id")
    assert read_cursor(cursor, "at,id", 2) == [NOON.isoformat(), 7]
    for wrong in (cursor[:-1], cursor + "x", "x", ""):
        with pytest.raises(BadCursor):
            read_cursor(wrong, "at,id", 2)
    with pytest.raises(BadCursor):
        read_cursor(cursor, "-at,id", 2)


@pytest.mark.urls("tests.access.doors")
def test_a_list_says_where_it_goes_on(stranger: Api, ana: Player, bo: Player, olga: Player):
    first = stranger.get("/api/test/people?limit=2")
    assert first.json()["items"] == ["ana", "olga"]
    assert first["Link"] == f'<{first.json()["next"]}>; rel="next"'
    second = stranger.get(first.json()["next"]).json()
    assert second == {"items": ["bo"], "next": None}


@pytest.mark.urls("tests.access.doors")
@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "limit=-1", "limit=²"])
def test_a_limit_that_makes_no_sense_is_a_400_that_names_it(stranger: Api, db: None, query: str):
    answer = stranger.get(f"/api/test/people?{query}")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "limit"


@pytest.mark.urls("tests.access.doors")
def test_a_cursor_that_is_none_is_a_400_that_names_it(stranger: Api, db: None):
    answer = stranger.get("/api/test/people?cursor=made-up")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "cursor"
