"""OpenLineage: what an unmodified client sent, in any order, twice, in batches and as gzip."""

from __future__ import annotations

import gzip
import json
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from eventlog.core import canonical
from registry.models import EdgeRow, EntityRow
from registry.queries import things
from tests import shared
from tests.cast import Api, Player, machine

pytestmark = pytest.mark.django_db
CALLS = "oracles/registry/openlineage_calls.json"
FACETS = "oracles/registry/openlineage/tests"
RUN_ID = "0190a000-0000-7000-8000-00000000000"


@pytest.fixture
def sender(db: None) -> Api:
    """A pipeline's token, as a client sends it."""
    return machine("lineage:write", name="pipeline").api


def event(type: str | None = "START", minute: int = 0, **more: Any) -> dict[str, Any]:
    said: dict[str, Any] = {
        "eventTime": f"2026-11-03T16:{minute:02}:00Z",
        "producer": "https://yarnit.example/etl",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": f"{RUN_ID}1"},
        "job": {"namespace": "etl", "name": "join"},
    }
    return said | ({"eventType": type} if type else {}) | more


def data(name: str, version: str = "", rows: int | None = None, way: str = "in") -> dict[str, Any]:
    said: dict[str, Any] = {"namespace": "s3://b", "name": name, "facets": {}}
    if version:
        said["facets"]["version"] = {"datasetVersion": version}
    if rows is not None:
        said[f"{way}putFacets"] = {f"{way}putStatistics": {"rowCount": rows, "size": 10 * rows}}
    return said


def send(sender: Api, *events: Any) -> None:
    for one in events:
        answer = sender.post("lineage", one, format="json")
        assert answer.status_code in (200, 201), answer.json()


def graph() -> set[tuple[str, str, str, str]]:
    return {
        (one.source.ref, one.kind, one.target.ref, one.valid_from.isoformat())
        for one in things.edges()
    }


def known() -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    return {row.ref: things.observed(row) for row in EntityRow.objects.all()}


PARTS = [
    event("START", 0, inputs=[data("clicks", "7")]),
    event("OTHER", 1, inputs=[data("clicks", "7", 1_000), data("users")]),
    event("COMPLETE", 2, outputs=[data("joined", "3", 900, "out")]),
]
JOIN = f"run:etl/join@{RUN_ID}1"


def test_parts_of_a_run_merge_whatever_their_order(sender: Api, bo: Player) -> None:
    send(sender, *PARTS)
    found, told = graph(), known()
    at = "2026-11-03T16:0{}:00+00:00"
    clicks, joined = "dataset:s3:%2F%2Fb/clicks@7", "dataset:s3:%2F%2Fb/joined@3"
    assert (clicks, "used", JOIN, at.format(0)) in found
    assert (JOIN, "generated", joined, at.format(2)) in found
    assert ("job:etl/join", "run_of", JOIN, at.format(0)) in found
    facts, _ = told[JOIN]
    assert facts["status"] == "completed"
    assert facts["started_at"] == PARTS[0]["eventTime"]
    assert facts["ended_at"] == PARTS[2]["eventTime"]
    passed = bo.api.get(f"entities/{JOIN}").json()["passed"]
    assert (passed["rows_in"], passed["rows_out"], passed["bytes_out"]) == (1_000, 900, 9_000)
    assert told[joined][0] == {"rows": 900, "bytes": 9_000}


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_every_order_ends_the_same(sender: Api, order: tuple[int, ...]) -> None:
    send(sender, *(PARTS[index] for index in order))
    shuffled = (graph(), known())
    others = [json.loads(json.dumps(part).replace("etl", "other")) for part in PARTS]
    send(sender, *others)
    straight = (
        {edge for edge in graph() if "other" in edge[0] + edge[2]},
        {ref: said for ref, said in known().items() if "other" in ref},
    )
    renamed = json.loads(json.dumps([sorted(straight[0]), straight[1]]).replace("other", "etl"))
    assert renamed[0] == [list(e) for e in sorted(shuffled[0]) if "etl" in e[0] + e[2]]
    own = {ref: list(said) for ref, said in shuffled[1].items() if "etl" in ref}
    assert renamed[1] == own


def test_an_end_at_the_instant_of_the_beginning_is_the_end(sender: Api) -> None:
    send(sender, event("COMPLETE", 0), event("START", 0))
    assert known()[JOIN][0]["status"] == "completed"


@pytest.mark.parametrize("write_first", [True, False])
def test_a_version_that_somebody_wrote_leads_to_its_writer_alone(
    sender: Api, bo: Player, write_first: bool
) -> None:
    wrote = event("COMPLETE", 1, outputs=[data("d", "7")])
    older = event("COMPLETE", 0, outputs=[data("d", "6")], run={"runId": f"{RUN_ID}6"})
    read = event("START", 5, inputs=[data("d", "7")], run={"runId": f"{RUN_ID}8"})
    send(sender, older, *((wrote, read) if write_first else (read, wrote)))
    found = bo.api.get("lineage/upstream", {"of": f"run:etl/join@{RUN_ID}8", "kinds": "run"})
    assert [one["ref"] for one in found.json()["items"]] == [JOIN]


def test_a_version_that_nobody_wrote_leads_to_its_dataset(sender: Api, bo: Player) -> None:
    wrote = event("COMPLETE", 1, outputs=[data("d")])
    send(sender, wrote, event("START", 5, inputs=[data("d", "7")], run={"runId": f"{RUN_ID}8"}))
    found = bo.api.get("lineage/upstream", {"of": f"run:etl/join@{RUN_ID}8", "kinds": "run"})
    assert [one["ref"] for one in found.json()["items"]] == [JOIN]


def test_sent_twice_it_is_taken_once_whoever_sends_it(sender: Api, bo: Player) -> None:
    assert sender.post("lineage", PARTS[1], format="json").status_code == 201
    before = (graph(), known(), EdgeRow.objects.count())
    again = dict(reversed(PARTS[1].items()))
    for who in (sender, bo.api):
        answer = who.post("lineage", again, format="json")
        assert (answer.status_code, answer.content) == (200, b"")
    assert (graph(), known(), EdgeRow.objects.count()) == before


def test_bodies_may_be_gzip(sender: Api) -> None:
    body = gzip.compress(json.dumps(PARTS[0]).encode())
    answer = sender.generic(
        "POST", "lineage", body, "application/json", headers={"Content-Encoding": "gzip"}
    )
    assert answer.status_code == 201
    assert JOIN in known()


def test_a_batch_takes_what_it_can(sender: Api) -> None:
    bad = event(run={"runId": "seven"})
    answer = sender.post("lineage/batch", [PARTS[0], bad, 7, PARTS[2]], format="json").json()
    assert answer["status"] == "partial_success"
    assert answer["summary"]["successful"] == 2
    assert [(one["index"], one["retriable"]) for one in answer["failed_events"]] == [
        (1, False),
        (2, False),
    ]
    assert answer["failed_events"][0]["reason"] == "run.runId: Must be a UUID."
    assert known()[JOIN][0]["status"] == "completed"
    fine = sender.post("lineage/batch", PARTS, format="json").json()
    assert (fine["status"], fine["summary"]["successful"]) == ("success", 3)
    assert sender.post("lineage/batch", {}, format="json").status_code == 400
    assert sender.post("lineage/batch", [{}] * 501, format="json").status_code == 400


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"eventTime": "2026-11-03T16:00:00"}, "eventTime"),
        ({"eventTime": "1815-01-01T00:00:00Z"}, "eventTime"),
        ({"producer": None}, "producer"),
        ({"run": {"runId": 7}}, "run.runId"),
        ({"run": None}, "run"),
        ({"eventType": "ENDED"}, "eventType"),
        ({"job": {"name": "x"}}, "job.namespace"),
        ({"job": {"namespace": "x", "name": "y" * 501}}, "name"),
        ({"inputs": {}}, "inputs"),
        ({"inputs": [data("x")] * 501}, "inputs"),
        ({"outputs": [7]}, "outputs.0"),
        ({"outputs": [{"namespace": "x"}]}, "outputs.0.name"),
        ({"run": {"runId": f"{RUN_ID}1", "facets": {"x": 1}}}, "run.facets.x"),
    ],
)
def test_a_wrong_event_names_the_field_and_changes_nothing(
    sender: Api, fields: dict[str, Any], field: str
) -> None:
    answer = sender.post("lineage", event(**fields), format="json")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == field
    assert (graph(), known()) == (set(), {})


def test_a_model_is_a_dataset_of_a_model_namespace(sender: Api) -> None:
    model = {
        "namespace": "model://us",
        "name": "fraud",
        "facets": {"version": {"datasetVersion": "3"}},
    }
    send(sender, event("COMPLETE", outputs=[model]))
    assert "trained_model:model:%2F%2Fus/fraud@3" in known()


def test_a_deleted_facet_is_gone_and_a_strange_one_is_kept(sender: Api) -> None:
    facets = {"yarn": {"_producer": "x", "_schemaURL": "y", "ply": 4}}
    job = {"namespace": "etl", "name": "join", "facets": facets}
    send(sender, event(minute=0, job=job))
    assert known()["job:etl/join"][1] == facets
    gone = {**job, "facets": {"yarn": {"_producer": "x", "_schemaURL": "y", "_deleted": True}}}
    send(sender, event(minute=1, job=gone))
    assert known()["job:etl/join"][1] == {}


def test_only_those_who_may_write_send(olga: Player, stranger: Api) -> None:
    assert stranger.post("lineage", PARTS[0], format="json").status_code == 401
    assert olga.api.post("lineage", PARTS[0], format="json").status_code == 403


@shared.needs(CALLS)
def test_recorded_calls_of_the_client_are_taken(sender: Api) -> None:
    calls = shared.read(CALLS)
    for call in calls:
        headers = {k: v for k, v in call["headers"].items() if k.startswith(("User", "Accept"))}
        answer = sender.post(call["path"], call["body"], format="json", headers=headers)
        assert answer.status_code == 201, answer.json()
        assert answer.content == b""
    for call in calls:
        assert sender.post(call["path"], call["body"], format="json").status_code == 200
    run = calls[0]["body"]["run"]["runId"]
    facts, facets = known()[f"run:ns/train@{run}"]
    assert facts["status"] == "completed"
    assert facets == calls[1]["body"]["run"]["facets"]
    made = "trained_model:model:%2F%2Fus/fraud@3"
    assert {(s, k) for s, k, t, _ in graph() if t == made} == {
        (f"run:ns/train@{run}", "generated"),
        ("job:ns/train", "generated"),  # an event of the client that is about the job alone
    }
    dataset = known()["dataset:s3:%2F%2Fb/feat/v1@7"][1]
    assert dataset == calls[1]["body"]["inputs"][0]["facets"]
    assert any(ref.startswith("schema:s3:%2F%2Fb/feat/v1@") for ref in known())


@shared.needs(FACETS)
def test_every_facet_of_the_specification_is_kept(sender: Api) -> None:
    told: dict[str, dict[str, Any]] = {}
    passed: list[dict[str, Any]] = []
    paths = sorted(Path(shared.SHARED / FACETS).glob("*Facet/*.json"))
    assert len(paths) > 40
    for index, path in enumerate(paths):
        facets, kind = json.loads(path.read_text()), path.parent.name
        said = event(run={"runId": f"{RUN_ID[:-3]}{index:04}"}, minute=index)
        said["job"] = {"namespace": "spec", "name": f"j{index}"}
        one: dict[str, Any] = {"namespace": "spec", "name": f"d{index}"}
        if "InputDataset" in kind or "OutputDataset" in kind or "Subset" in kind:
            way = "out" if "Output" in kind or "output" in str(facets) else "in"
            said[f"{way}puts"] = [one | {f"{way}putFacets": facets}]
            passed.append(facets)
        elif kind.endswith("RunFacet") or kind == "ParentRunFacet":
            said["run"]["facets"] = facets
            told[f"run:spec/j{index}@{said['run']['runId']}"] = facets
        elif kind.endswith("JobFacet") or "entries" in facets.get("lineage", {}):
            said["job"]["facets"] = facets
            told[f"job:spec/j{index}"] = facets
        else:
            version = facets.get("version", {}).get("datasetVersion")
            said["outputs"] = [one | {"facets": facets}]
            told[f"dataset:spec/d{index}" + (f"@{version}" if version else "")] = facets
        send(sender, said)
    have = known()
    assert {ref: have[ref][1] for ref in told} == told
    derived = {(s, t) for s, k, t, _ in graph() if k == "derived_from"}
    assert any(s.endswith("/CUSTOMERS") for s, _ in derived)
    assert ("dataset:postgresql:%2F%2Fwarehouse:5432/public.orders",) in {(s,) for s, _ in derived}
    kept = [things.told(row.facets) for row in EdgeRow.objects.all() if row.facets]
    assert sorted(map(canonical, kept)) == sorted(map(canonical, passed))
    assert len(passed) == 6
