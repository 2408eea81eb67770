"""A change to a thing tells the owners of what depends on it, and has that watched closely."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from eventlog import followers, store
from eventlog.clock import now
from eventlog.core import Context
from eventlog.sealer import seal_once
from eventlog.testing import given
from monitoring import evaluation, hooks
from monitoring.commands import TellOwners
from monitoring.events import OwnersTold
from monitoring.models import BreachRow, Evaluation, NoticeRow
from monitoring.reactions import CHANGES
from registry.commands import DescribeEntity, DrawEdge, RegisterEntity
from tests.cast import Player

HOUR = timedelta(hours=1)
AT = now()


def tell(**changes: Any) -> TellOwners:
    said: dict[str, Any] = {
        "notice": "n1",
        "monitor": "monitor:m1",
        "name": "Clicks",
        "change": "e1",
        "entity": "dataset:clicks",
        "family": "schema",
        "sentence": "changed it",
        "made_at": AT,
        "made_by": "person:ana",
        "dependants": {"model:a": "team-a", "model:b": "", "service:c": "team-a"},
        "whole": True,
        "watched_until": AT + HOUR,
    }
    return TellOwners(at=AT, **(said | changes))


def test_owners_are_told_once_with_what_is_theirs() -> None:
    (told,) = given().when(tell()).events
    assert isinstance(told, OwnersTold)
    assert told.owners == [{"owner": "team-a", "of": ["model:a", "service:c"], "count": 2}]
    assert (told.subjects, told.unowned) == (["model:a", "model:b", "service:c"], 1)
    given(told).when(tell()).then()


def test_very_many_dependants_are_counted_and_not_named() -> None:
    many = {f"model:{n}": "team-a" if n % 2 else f"of-{n:03}" for n in range(400)}
    (told,) = given().when(tell(dependants=many)).events
    assert isinstance(told, OwnersTold)
    assert (len(told.subjects), told.others) == (100, 300)
    assert (len(told.owners), told.unowned) == (201, 0)
    odd = [f"model:{n}" for n in range(1, 201, 2)]
    assert told.owners[0] == {"owner": "team-a", "of": odd, "count": 200}
    assert told.owners[1] == {"owner": "of-000", "of": ["model:0"], "count": 1}


def register(kind: str, name: str, version: str = "", **facts: Any) -> str:
    asked = RegisterEntity(
        kind=kind, name=name, version=version, at=now(), facts=facts, observed=now()
    )
    return store.execute(asked, Context.by("person:ana")).stream


def draw(source: str, kind: str, target: str) -> None:
    edge = DrawEdge(source=source, target=target, kind=kind, since=now(), at=now())
    store.execute(edge, Context.by("person:ana"))


def follow() -> None:
    seal_once()
    followers.catch_up([CHANGES])


def monitor(root: Player, **about: Any) -> str:
    body = {"name": "M", "series": "errors", **about}
    made = root.api.post("monitors", body)
    assert made.status_code == 201, made.data
    return str(made.data["stream"].partition(":")[2])


@pytest.fixture
def shop(root: Player) -> dict[str, str]:
    """A schema shapes clicks, which train a ranker that serves search; each with monitors."""
    clicks = register("dataset", "clicks", "42", owner="team-data")
    ranker = register("trained_model", "ranker", "7", team="team-ranking")
    search = register("service", "search")
    draw(clicks, "trained_on", ranker)
    draw(ranker, "serves", search)
    hook = {"entity": clicks, "watch": "2h"}
    limit = {"kind": "threshold", "parameters": {"value": 1}}
    made = {
        "hook": monitor(root, kind="change_hook", parameters=hook, subjects=["flag:button"]),
        "search": monitor(root, subjects=[search], urgency="notify", **limit),
        "other": monitor(root, subjects=["service:mail"], urgency="notify", **limit),
    }
    follow()
    assert not NoticeRow.objects.exists()
    return made


def urgent() -> set[str]:
    return {str(row.monitor) for row in Evaluation.objects.filter(urgent=True)}


def test_owners_down_to_serving_are_told_and_it_is_watched(
    root: Player, olga: Player, shop: dict[str, str]
) -> None:
    schema = register("schema", "clicks", "3")
    draw(schema, "shaped_by", "dataset:clicks@42")
    follow()
    row = NoticeRow.objects.get()
    assert (row.entity, row.family, row.made_by) == ("dataset:clicks@42", "schema", "person:ana")
    assert row.sentence == "schema:clicks@3 shapes it from then on"
    assert row.subjects == ["trained_model:ranker@7", "service:search", "flag:button"]
    assert row.owners == [{"owner": "team-ranking", "of": ["trained_model:ranker@7"], "count": 1}]
    assert (row.unowned, row.others, row.whole) == (2, 0, True)
    assert urgent() == {shop["search"], shop["hook"]}
    assert Evaluation.objects.get(monitor=shop["search"]).closely_until == row.watched_until
    assert "watched closely" in olga.browser.get(f"/monitors/{shop['search']}").content.decode()
    page = olga.browser.get("/notices/").content.decode()
    assert "team-ranking" in page
    assert "2 without an owner" in page

    def found(**asked: str) -> int:
        return len(olga.api.get("notices", asked).data["items"])

    assert found(owner="team-ranking") == found(entity="service:search") == 1
    assert found(owner="team-data") == found(entity="service:mail") == 0


def test_every_change_is_told_once_also_while_an_earlier_one_is_watched(
    root: Player, shop: dict[str, str]
) -> None:
    for version in ("3", "4"):
        draw(register("schema", "clicks", version), "shaped_by", "dataset:clicks@42")
        follow()
    followers.catch_up([CHANGES])
    assert NoticeRow.objects.count() == 2


def test_changes_of_no_consequence_and_of_other_things_are_not_told(
    root: Player, shop: dict[str, str]
) -> None:
    describe = DescribeEntity(
        entity="dataset:clicks@42", facts={"rows": 7}, observed=now(), at=now()
    )
    store.execute(describe, Context.by("person:ana"))
    draw(register("schema", "views", "1"), "shaped_by", register("dataset", "views", "1"))
    assert root.api.post(f"monitors/{shop['hook']}/pause", {"reason": "No"}).status_code == 200
    draw(register("schema", "clicks", "3"), "shaped_by", "dataset:clicks@42")
    follow()
    assert not NoticeRow.objects.exists()
    assert urgent() == set()


def test_close_watching_ends_with_its_time(root: Player, shop: dict[str, str]) -> None:
    page = monitor(
        root,
        kind="threshold",
        parameters={"value": 1},
        subjects=["service:search"],
        urgency="page",
    )
    draw(register("schema", "clicks", "3"), "shaped_by", "dataset:clicks@42")
    follow()
    assert hooks.relax(now() + HOUR) == 0
    assert urgent() == {shop["search"], shop["hook"], page}
    assert hooks.relax(now() + 3 * HOUR) == 3
    assert urgent() == {page}
    assert not Evaluation.objects.filter(closely_until__isnull=False).exists()


def test_the_hook_itself_is_breached_and_says_why(
    root: Player, shop: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluation.evaluate_due()
    draw(register("schema", "clicks", "3"), "shaped_by", "dataset:clicks@42")
    seal_once()
    later = now() + timedelta(minutes=3)
    monkeypatch.setattr("monitoring.ticking.now", lambda: later)
    Evaluation.objects.update(due_at=now())
    evaluation.evaluate_due()
    breach = BreachRow.objects.get()
    assert str(breach.monitor) == shop["hook"]
    assert breach.sentence.endswith("schema:clicks@3 shapes it from then on.")
    assert breach.urgency == "notify"
