"""The graph, against a plain walk over the same edges: at any instant, as it was and was known."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from eventlog.clock import now
from eventlog.core import Context
from eventlog.store import execute
from registry import commands
from registry.kinds import LEARNING
from registry.models import EdgeRow, EntityRow
from registry.queries import lineage, things
from registry.queries.lineage import Question
from tests.cast import Player

pytestmark = pytest.mark.django_db
BY = Context.by
DAY = timedelta(days=1)
MONDAY = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


def register(kind: str, name: str, version: str = "", **facts: Any) -> str:
    command = commands.RegisterEntity(
        kind=kind, name=name, version=version, at=MONDAY, facts=facts, observed=MONDAY
    )
    return execute(command, BY("person:ana")).stream


def draw(source: str, kind: str, target: str, since: datetime = MONDAY, **more: Any) -> str:
    command = commands.DrawEdge(
        source=source, target=target, kind=kind, since=since, at=since, **more
    )
    return execute(command, BY("person:ana")).stream.partition(":")[2]


def row(ref: str) -> EntityRow:
    found = things.entity(ref)
    assert found is not None
    return found


def refs(found: lineage.Reached) -> dict[str, int]:
    return {found.things[id].ref: distance for id, distance in found.distances.items()}


@pytest.fixture
def shop(db: None) -> dict[str, str]:
    """A partner's clicks train a model, which is tuned into another, which serves search."""
    names = {
        "partner": register("source", "partner-17"),
        "clicks": register("dataset", "clicks", "42"),
        "catalogue": register("dataset", "catalogue", "880"),
        "golden": register("dataset", "golden", "1"),
        "run": register("run", "train", "r1", purpose="training"),
        "base": register("trained_model", "base", "1"),
        "ranker": register("trained_model", "ranker", "2"),
        "search": register("service", "search"),
    }
    for source, kind, target in (
        ("partner", "derived_from", "clicks"),
        ("clicks", "used", "run"),
        ("run", "generated", "base"),
        ("base", "fine_tuned_from", "ranker"),
        ("catalogue", "trained_on", "ranker"),
        ("golden", "evaluated_on", "ranker"),
    ):
        draw(names[source], kind, names[target])
    until = MONDAY + 3 * DAY
    draw(names["base"], "serves", names["search"], until=until)
    draw(names["ranker"], "serves", names["search"], until)
    return names


def asked(**more: Any) -> Question:
    return Question(**{"at": now(), **more})


def test_upstream_and_downstream_say_how_far(shop: dict[str, str]) -> None:
    up = refs(lineage.upstream(row(shop["ranker"]), asked()))
    assert up == {
        shop["base"]: 1,
        shop["catalogue"]: 1,
        shop["golden"]: 1,
        shop["run"]: 2,
        shop["clicks"]: 3,
        shop["partner"]: 4,
    }
    down = lineage.downstream(row(shop["clicks"]), asked())
    assert refs(down) == {shop["run"]: 1, shop["base"]: 2, shop["ranker"]: 3, shop["search"]: 4}
    assert dict(down.kinds) == {"run": 1, "trained_model": 2, "service": 1}


def test_what_served_on_tuesday_did_not_learn_from_what_came_later(shop: dict[str, str]) -> None:
    tuesday = lineage.upstream(row(shop["search"]), asked(at=MONDAY + DAY))
    assert shop["ranker"] not in refs(tuesday)
    assert refs(tuesday)[shop["base"]] == 1
    today = lineage.upstream(row(shop["search"]), asked())
    assert refs(today)[shop["ranker"]] == 1
    assert refs(today)[shop["base"]] == 2
    assert refs(lineage.upstream(row(shop["search"]), asked(at=MONDAY - DAY))) == {}


def test_what_was_believed_stays_to_be_asked(shop: dict[str, str]) -> None:
    edge = EdgeRow.objects.get(kind="fine_tuned_from")
    before = now()
    execute(commands.RetractEdge(edge=str(edge.edge), at=now()), BY("person:ana"))
    assert shop["base"] not in refs(lineage.upstream(row(shop["ranker"]), asked()))
    assert shop["base"] in refs(lineage.upstream(row(shop["ranker"]), asked(known_at=before)))
    early = EdgeRow.objects.order_by("recorded_from").first()
    assert early is not None
    unknown = asked(known_at=early.recorded_from - DAY)
    assert refs(lineage.upstream(row(shop["ranker"]), unknown)) == {}


def test_models_that_learnt_from_a_partner_are_told_from_those_only_judged(
    shop: dict[str, str],
) -> None:
    draw(shop["partner"], "derived_from", shop["golden"])
    other = register("trained_model", "other", "1")
    draw(shop["golden"], "evaluated_on", other)
    learnt = lineage.downstream(row(shop["partner"]), asked(through=LEARNING))
    models = {ref for ref in refs(learnt) if ref.startswith("trained_model:")}
    assert models == {shop["base"], shop["ranker"]}
    every = refs(lineage.downstream(row(shop["partner"]), asked()))
    assert other in every


def test_depth_and_number_are_guarded(shop: dict[str, str]) -> None:
    near = lineage.downstream(row(shop["partner"]), asked(depth=2))
    assert refs(near) == {shop["clicks"]: 1, shop["run"]: 2}
    assert (near.beyond, near.truncated) == (3, False)
    few = lineage.downstream(row(shop["partner"]), asked(most=2))
    assert refs(few) == {shop["clicks"]: 1, shop["run"]: 2}
    assert few.truncated
    stopped = lineage.downstream(row(shop["partner"]), asked(stop=("run",)))
    assert refs(stopped) == {shop["clicks"]: 1, shop["run"]: 2}
    assert refs(lineage.downstream(row(shop["run"]), asked(stop=("run",)))) != {}


def test_a_way_between_two_is_the_shortest(shop: dict[str, str]) -> None:
    way = lineage.path(row(shop["partner"]), row(shop["search"]), asked())
    steps = ["partner", "clicks", "run", "base", "ranker", "search"]
    assert [one.ref for one in way.things] == [shop[step] for step in steps]
    assert [one.kind for one in way.links][-1] == "serves"
    draw(shop["clicks"], "trained_on", shop["ranker"])
    way = lineage.path(row(shop["partner"]), row(shop["search"]), asked())
    assert [one.ref for one in way.things] == [
        shop[step] for step in ("partner", "clicks", "ranker", "search")
    ]
    assert way.between == 6
    back = lineage.path(row(shop["search"]), row(shop["partner"]), asked())
    assert (list(back.things), back.between) == ([], 0)


def test_a_circle_is_walked_once() -> None:
    one, two = register("dataset", "one"), register("dataset", "two")
    draw(one, "derived_from", two)
    draw(two, "derived_from", one)
    assert refs(lineage.upstream(row(one), asked())) == {two: 1}


def test_it_equals_a_plain_walk_over_all_edges() -> None:
    """Forty things, edges that come, end, are moved and are retracted, at random."""
    draws = random.Random(20_261_127)
    names = [register("dataset", f"d{index}") for index in range(40)]
    edges = []
    pairs = [(one, two) for one in names for two in names if one != two]
    for source, target in draws.sample(pairs, 90):
        since = MONDAY + draws.randrange(10) * DAY
        until = since + DAY * draws.randrange(1, 9) if draws.random() < 0.5 else None
        edges.append(draw(source, "derived_from", target, since, until=until))
    for edge in draws.sample(edges, 25):
        believed = EdgeRow.objects.filter(edge=edge, recorded_to=None).first()
        if believed is None:
            continue
        change: Any = commands.RetractEdge(edge=edge, at=now())
        if draws.random() < 0.6:
            ended = believed.valid_from + DAY * draws.randrange(1, 5)
            change = commands.CorrectEdge(edge=edge, at=now(), until=ended)
        execute(change, BY("person:ana"))
    rows = list(EdgeRow.objects.select_related("source", "target"))
    moments = sorted({one.recorded_from for one in rows})
    for _ in range(40):
        start = draws.choice(names)
        at = MONDAY + draws.randrange(15) * DAY
        known_at = draws.choice([None, *draws.sample(moments, 3)])
        question = asked(at=at, known_at=known_at)
        for walk, up in ((lineage.upstream, True), (lineage.downstream, False)):
            assert refs(walk(row(start), question)) == plainly(rows, start, at, known_at, up)


def plainly(
    rows: list[EdgeRow], start: str, at: datetime, known_at: datetime | None, up: bool
) -> dict[str, int]:
    """Ring by ring: whoever an edge that holds leads to from the ring before."""
    holding = [
        (one.target.ref, one.source.ref) if up else (one.source.ref, one.target.ref)
        for one in rows
        if one.valid_from <= at and (one.valid_to is None or one.valid_to > at)
        if (
            one.recorded_to is None
            if known_at is None
            else one.recorded_from
            <= known_at
            < (one.recorded_to or datetime.max.replace(tzinfo=UTC))
        )
    ]
    found, ring = {start: 0}, {start}
    while ring:
        ring = {there for here, there in holding if here in ring} - found.keys()
        found |= dict.fromkeys(ring, max(found.values()) + 1)
    del found[start]
    return found


def test_the_api_tells_it_page_by_page(shop: dict[str, str], olga: Player) -> None:
    first = olga.api.get("lineage/upstream", {"of": shop["ranker"], "limit": 4}).json()
    rest = olga.api.get(first["next"]).json()
    told = [(one["distance"], one["ref"]) for one in first["items"] + rest["items"]]
    assert told == sorted(told)
    assert (len(told), rest["next"], first["truncated"]) == (6, None, False)
    assert first["counts"] == {"dataset": 3, "run": 1, "trained_model": 1, "source": 1}
    models = {"of": shop["partner"], "kinds": "trained_model,service", "through": "used,generated"}
    none = olga.api.get("lineage/downstream", models).json()
    assert none["items"] == []
    models |= {"through": "derived_from,used,generated"}
    only = olga.api.get("lineage/downstream", models).json()
    assert [one["ref"] for one in only["items"]] == [shop["base"]]
    then = (MONDAY + DAY).isoformat()
    tuesday = olga.api.get("lineage/upstream", {"of": shop["search"], "at": then}).json()
    assert shop["ranker"] not in [one["ref"] for one in tuesday["items"]]


def test_the_api_tells_ways_and_neighbourhoods(shop: dict[str, str], olga: Player) -> None:
    ends = {"from": shop["clicks"], "to": shop["ranker"]}
    way = olga.api.get("lineage/path", ends).json()
    assert way["found"]
    assert [one["kind"] for one in way["edges"]] == ["used", "generated", "fine_tuned_from"]
    back = olga.api.get("lineage/path", {"from": shop["ranker"], "to": shop["clicks"]}).json()
    assert (back["found"], back["nodes"]) == (False, [])
    near = olga.api.get("lineage/graph", {"of": shop["base"], "up": 1, "down": 1}).json()
    assert {one["ref"]: one["distance"] for one in near["nodes"]} == {
        shop["run"]: -1,
        shop["base"]: 0,
        shop["ranker"]: 1,
    }
    assert (near["hidden_upstream"], near["hidden_downstream"]) == (2, 1)


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        ("upstream", {}, "of"),
        ("upstream", {"of": "dataset:none"}, "of"),
        ("downstream", {"depth": "0"}, "depth"),
        ("downstream", {"depth": "101"}, "depth"),
        ("downstream", {"kinds": "modle"}, "kinds"),
        ("downstream", {"through": "used,"}, ""),
        ("downstream", {"through": "uses"}, "through"),
        ("downstream", {"stop_at": "hub"}, "stop_at"),
        ("downstream", {"at": "2026-13-45"}, "at"),
        ("downstream", {"known_at": "now"}, "known_at"),
        ("downstream", {"cursor": "x"}, "cursor"),
        ("downstream", {"limit": "201"}, "limit"),
        ("path", {"from": "dataset:none"}, "from"),
        ("graph", {"up": "11"}, "up"),
    ],
)
def test_a_wrong_question_names_the_parameter(
    shop: dict[str, str], olga: Player, path: str, query: dict[str, str], field: str
) -> None:
    query = ({"of": shop["clicks"]} if path in ("downstream", "graph") else {}) | query
    answer = olga.api.get(f"lineage/{path}", query)
    assert answer.status_code == (400 if field else 200)
    assert not field or answer.json()["errors"][0]["field"] == field


def test_what_takes_too_long_is_given_up(
    shop: dict[str, str], olga: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = lineage.DOWN.replace("SELECT id FROM reached", "SELECT pg_sleep(1), id FROM reached")
    monkeypatch.setattr(lineage, "DOWN", slow)
    monkeypatch.setattr(lineage, "PATIENCE", "50ms")
    answer = olga.api.get("lineage/downstream", {"of": shop["clicks"]})
    assert (answer.status_code, answer.json()["code"]) == (503, "too_slow")
