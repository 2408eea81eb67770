"""Things and edges: what may be said of them, and what is known then, in whatever order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from eventlog import store
from eventlog.core import Context
from eventlog.testing import given
from registry import commands, events
from registry.models import EdgeRow, EntityRow
from registry.queries import things
from registry.refs import ref_of
from tests.cast import Api, Player

AT = datetime(2026, 11, 3, 16, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
CLICKS: dict[str, Any] = {"kind": "dataset", "name": "clicks", "version": "42"}
REGISTERED = events.EntityRegistered(kind="dataset", name="clicks", version="42")


@pytest.mark.parametrize(
    ("parts", "ref"),
    [
        (("dataset", "clicks"), "dataset:clicks"),
        (("dataset", "clicks", "", "42"), "dataset:clicks@42"),
        (("dataset", "feat/v1", "s3://b", "7"), "dataset:s3:%2F%2Fb/feat/v1@7"),
        (("dataset", "a/b@c d%"), "dataset:a%2Fb%40c%20d%25"),
    ],
)
def test_a_ref_is_read_as_it_is_meant(parts: tuple[str, ...], ref: str) -> None:
    assert ref_of(*parts) == ref


def test_other_parts_are_another_ref_however_long() -> None:
    long = "x" * 400
    parts = [("b/c", "a", ""), ("c", "a/b", ""), ("a/b/c", "", ""), ("c@1", "", ""), ("c", "", "1")]
    parts += [(long, "", ""), (long + "y", "", ""), (long, "", "1"), ("c", long, "")]
    refs = [ref_of("dataset", *one) for one in parts]
    assert len(set(refs)) == len(parts)
    assert max(map(len, refs)) <= 200


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"kind": "modle"}, "bad_value", "kind"),
        ({"kind": "run", "version": ""}, "bad_value", "version"),
        ({"kind": "service"}, "bad_value", "version"),
        ({"name": ""}, "bad_value", "name"),
        ({"name": " clicks"}, "bad_value", "name"),
        ({"name": "x" * 501}, "bad_value", "name"),
        ({"facts": {"rosw": 1}}, "unknown_fact", "facts.rosw"),
        ({"facts": {"rows": -1}}, "bad_value", "facts.rows"),
        ({"facts": {"rows": True}}, "bad_value", "facts.rows"),
        ({"facts": {"data_to": "2026-11-03T16:00:00"}}, "bad_value", "facts.data_to"),
        ({"facts": {"policy_tags": "eu"}}, "bad_value", "facts.policy_tags"),
        ({"observed": datetime(1815, 1, 1, tzinfo=UTC)}, "bad_value", "observed"),
    ],
)
def test_a_wrong_thing_names_the_field(fields: dict[str, Any], code: str, field: str) -> None:
    given().when(commands.RegisterEntity(**{**CLICKS, "at": AT, **fields})).refused(code, field)


def test_a_thing_is_registered_once_and_described_often() -> None:
    register = commands.RegisterEntity(**CLICKS, at=AT, facts={"rows": 10})
    said = events.EntityDescribed(observed=AT.isoformat(), facts={"rows": 10})
    given().when(register).then(REGISTERED, said)
    given(REGISTERED, said).when(register).refused("exists", "name")
    again = commands.DescribeEntity(entity="dataset:clicks@42", facts={"rows": 10}, at=AT)
    given(REGISTERED, said).when(again).then()
    given().when(again).refused("unknown", "entity")


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_of_each_fact_the_one_observed_last_counts(order: tuple[int, ...]) -> None:
    notes = [
        commands.NoteEntity(**CLICKS, at=AT, observed=AT, facts={"rows": 1}),
        commands.NoteEntity(**CLICKS, at=AT, observed=AT + HOUR, facts={"rows": 2, "files": 1}),
        commands.NoteEntity(**CLICKS, at=AT, observed=AT + 2 * HOUR, facts={"rows": 1}),
    ]
    history: list[Any] = []
    for index in order:
        history += given(*history).when(notes[index]).events
    state = given(*history).when(notes[0]).state
    assert {name: value for name, (value, _) in state.facts.items()} == {"rows": 1, "files": 1}
    assert state.facts["rows"][1] == (AT + 2 * HOUR).isoformat()


RUN, MODEL = "run:train@1", "trained_model:fraud@3"


def draw(**fields: Any) -> commands.DrawEdge:
    said = {"source": RUN, "target": MODEL, "kind": "generated", "since": AT, "at": AT}
    return commands.DrawEdge(**{**said, **fields})


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"kind": "made"}, "bad_value", "kind"),
        ({"source": "dataset:a"}, "bad_value", "source"),
        ({"target": "service:a"}, "bad_value", "target"),
        ({"kind": "fine_tuned_from", "source": MODEL}, "bad_value", "target"),
        ({"until": AT}, "bad_value", "until"),
        ({"counts": {"rows": 1.5}}, "bad_value", "counts.rows"),
        ({"counts": {"clicks": 1}}, "unknown_fact", "counts.clicks"),
        ({"since": datetime(1, 1, 1, tzinfo=UTC)}, "bad_value", "since"),
    ],
)
def test_a_wrong_edge_names_the_field(fields: dict[str, Any], code: str, field: str) -> None:
    given().when(draw(**fields)).refused(code, field)


def test_an_edge_is_drawn_corrected_retracted_and_drawn_again() -> None:
    drawn = events.EdgeDrawn(source=RUN, target=MODEL, kind="generated", since=AT.isoformat())
    given().when(draw()).then(drawn)
    given(drawn).when(draw()).then()
    given(drawn).when(draw(until=AT + HOUR)).refused("exists", "until")
    later = (AT + HOUR).isoformat()
    corrected = events.EdgeCorrected(source=RUN, target=MODEL, since=AT.isoformat(), until=later)
    edge = draw().stream.partition(":")[2]
    end = commands.CorrectEdge(edge=edge, at=AT, until=AT + HOUR)
    given(drawn).when(end).then(corrected)
    given(drawn, corrected).when(end).then()
    given(drawn).when(commands.CorrectEdge(edge=edge, at=AT, until=AT)).refused(
        "bad_value", "until"
    )
    retract = commands.RetractEdge(edge=edge, at=AT, why="wrong job")
    retracted = events.EdgeRetracted(source=RUN, target=MODEL, why="wrong job")
    given(drawn).when(retract).then(retracted)
    given(drawn, retracted).when(retract).then()
    given(drawn, retracted).when(end).refused("retracted", "edge")
    given(drawn, retracted).when(draw()).then(drawn)
    given().when(retract).refused("unknown", "edge")


@pytest.mark.parametrize("first", ["supposed", "ruled out"])
def test_what_was_ruled_out_is_not_supposed(first: str) -> None:
    said = {"source": "dataset:d", "target": "dataset:d@7", "kind": "snapshot_of", "at": AT}
    suppose = commands.NoteEdge(**said, observed=AT, supposed=True)
    asked = [suppose, commands.RuleOutEdge(**said)]
    history: list[Any] = []
    for command in asked if first == "supposed" else asked[::-1]:
        history += given(*history).when(command).events
    assert not given(*history).when(suppose).state.standing


def test_a_note_moves_the_beginning_of_its_edge_back_and_never_on() -> None:
    said = {"source": RUN, "target": MODEL, "kind": "generated", "at": AT}
    late = commands.NoteEdge(**said, observed=AT + HOUR)
    early = commands.NoteEdge(**said, observed=AT)
    history = given().when(late).events
    history += given(*history).when(early).events
    assert given(*history).when(late).then().state.since == AT.isoformat()


def said(player: Player, path: str, body: dict[str, Any]) -> Any:
    return player.api.post(path, body, format="json")


@pytest.fixture
def graph(bo: Player) -> str:
    """A training run that read clicks and made a model; the id of its second edge."""
    for body in (
        {**CLICKS, "facts": {"rows": 1_000, "jurisdiction": "EU"}},
        {"kind": "run", "name": "train", "version": "1", "facts": {"least_ratio": 0.5}},
        {"kind": "trained_model", "name": "fraud", "version": "3"},
    ):
        assert said(bo, "entities", body).status_code == 201
    edge = {"since": AT.isoformat(), "counts": {"rows": 1_000}}
    used = said(bo, "edges", edge | {"source": "dataset:clicks@42", "target": RUN, "kind": "used"})
    assert used.status_code == 200, used.json()
    edge["counts"]["rows"] = 400
    made = said(bo, "edges", edge | {"source": RUN, "target": MODEL, "kind": "generated"})
    return str(made.json()["location"])


def test_what_was_registered_can_be_read(graph: str, olga: Player) -> None:
    one = olga.api.get("entities/dataset:clicks@42").json()
    assert one["facts"] == {"rows": 1_000, "jurisdiction": "EU"}
    assert (one["kind"], one["name"], one["version"]) == ("dataset", "clicks", "42")
    listed = olga.api.get("entities?limit=2").json()
    assert [row["ref"] for row in listed["items"]] == ["dataset:clicks@42", MODEL]
    rest = olga.api.get(listed["next"]).json()
    assert [row["ref"] for row in rest["items"]] == [RUN]
    found = olga.api.get("entities?kind=trained_model&search=FRA").json()["items"]
    assert [row["ref"] for row in found] == [MODEL]
    edges = olga.api.get(f"edges?entity={RUN}").json()["items"]
    assert [(row["source"], row["target"]) for row in edges] == [
        (RUN, MODEL),
        ("dataset:clicks@42", RUN),
    ]


def test_a_run_says_what_went_in_and_out_and_whether_the_ratio_is_right(
    graph: str, bo: Player
) -> None:
    passed = bo.api.get(f"entities/{RUN}").json()["passed"]
    assert (passed["rows_in"], passed["rows_out"], passed["bytes_in"]) == (1_000, 400, None)
    assert passed["ratio"] == 0.4
    assert passed["in_bounds"] is False
    assert said(bo, f"entities/{RUN}", {"facts": {"rows_out": 600}}).status_code == 200
    assert bo.api.get(f"entities/{RUN}").json()["passed"]["in_bounds"] is True
    assert said(bo, f"entities/{RUN}", {"facts": {"least_ratio": None}}).status_code == 200
    assert bo.api.get(f"entities/{RUN}").json()["passed"]["in_bounds"] is None


def test_a_configured_model_says_what_is_missing_to_train_it_again(bo: Player) -> None:
    body = {"kind": "configured_model", "name": "fraud", "version": "c1"}
    facts = {"hyperparameters": {"depth": 4}, "seed": 7, "code_version": "abc"}
    assert said(bo, "entities", body | {"facts": facts}).status_code == 201
    missing = bo.api.get("entities/configured_model:fraud@c1").json()["missing"]
    assert missing == ["features", "data_definition", "framework_versions", "architecture"]
    facts = {"features": [], "data_definition": "30 days", "framework_versions": {"x": "1"}}
    assert said(bo, "entities/configured_model:fraud@c1", {"facts": facts}).status_code == 200
    said(bo, "entities", {"kind": "architecture", "name": "trees"})
    edge = {"source": "architecture:trees", "target": "configured_model:fraud@c1"}
    edge |= {"kind": "instance_of", "since": AT.isoformat()}
    assert said(bo, "edges", edge).status_code == 200
    assert bo.api.get("entities/configured_model:fraud@c1").json()["missing"] == []


def test_facts_are_told_as_they_were_and_as_they_were_known(graph: str, bo: Player) -> None:
    path = "entities/dataset:clicks@42"
    before = EntityRow.objects.get(ref="dataset:clicks@42").registered_at
    early = (before - HOUR).isoformat()
    assert said(bo, path, {"facts": {"rows": 7}, "observed": early}).status_code == 200
    recorded = datetime.now(UTC).isoformat()
    assert said(bo, path, {"facts": {"rows": 2_000}}).status_code == 200
    assert bo.api.get(path).json()["facts"]["rows"] == 2_000
    then = bo.api.get(path, {"at": (before - HOUR / 2).isoformat()}).json()["facts"]
    assert then == {"rows": 7}
    known = bo.api.get(path, {"known_at": recorded}).json()["facts"]
    assert known == {"rows": 1_000, "jurisdiction": "EU"}
    assert bo.api.get(path, {"at": "yesterday"}).status_code == 400


def test_a_correction_closes_a_belief_and_keeps_it(graph: str, bo: Player) -> None:
    ended = (AT + HOUR).isoformat()
    assert said(bo, f"{graph}/correct", {"until": ended}).status_code == 200
    edge = bo.api.get(graph).json()
    assert datetime.fromisoformat(edge["valid_to"]) == AT + HOUR
    assert [one["valid_to"] is None for one in edge["beliefs"]] == [False, True]
    assert edge["beliefs"][1]["recorded_to"] == edge["recorded_from"]
    assert said(bo, f"{graph}/retract", {"why": "no"}).status_code == 200
    assert bo.api.get(graph).json()["recorded_to"] is not None
    assert [e["kind"] for e in bo.api.get("edges").json()["items"]] == ["used"]
    assert EdgeRow.objects.count() == 3


@pytest.mark.parametrize(
    ("path", "body", "status", "field"),
    [
        ("entities", {"kind": "thing", "name": "x"}, 400, "kind"),
        ("entities", {"kind": "dataset", "name": "y", "facts": {"rows": "x"}}, 409, "facts.rows"),
        ("entities/dataset:none", {"facts": {"rows": 1}}, 404, ""),
        ("edges", {"source": "dataset:no", "target": RUN, "kind": "used"}, 400, "source"),
        ("edges", {"source": RUN, "target": RUN, "kind": "used"}, 409, "source"),
    ],
)
def test_what_is_refused_changes_nothing(
    graph: str, bo: Player, path: str, body: dict[str, Any], status: int, field: str
) -> None:
    body = body | ({"since": AT.isoformat()} if path == "edges" else {})
    before = (EntityRow.objects.count(), EdgeRow.objects.count())
    refused = said(bo, path, body)
    assert refused.status_code == status
    problem = refused.json()
    named = problem.get("field") or (problem.get("errors") or [{"field": ""}])[0]["field"]
    assert named == field
    assert (EntityRow.objects.count(), EdgeRow.objects.count()) == before


def test_who_may(olga: Player, mallory: Player, stranger: Api) -> None:
    body = {"kind": "dataset", "name": "x"}
    assert said(olga, "entities", body).status_code == 403
    assert mallory.browser.get("/api/v1/entities").status_code == 403
    assert stranger.get("entities").status_code == 401
    assert olga.api.get("entities").json() == {"items": [], "next": None}


def test_two_that_say_the_same_at_once_say_it_once(bo: Player) -> None:
    note = commands.NoteEntity(**CLICKS, at=AT, observed=AT, facts={"rows": 5})
    for _ in range(2):
        store.execute(note, Context.by(bo.ref))
    row = EntityRow.objects.get()
    assert (row.revision, things.told(row.facts)) == (2, {"rows": 5})
