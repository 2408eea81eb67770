"""An experiment on the doors: from its design over harm to the incident, and who may do what."""

from __future__ import annotations

import random
import uuid
from datetime import timedelta
from typing import Any

import pytest

from eventlog import followers
from eventlog.clock import now
from eventlog.sealer import seal_once
from experiments import queries, tending
from experiments.assignment.compiled import Configuration
from experiments.assignment.subjects import Subject
from experiments.models import Backfill, Cell, Exposure, ExposureCount, ServedRevision
from incidents.models import BreachRow
from tests.cast import Player, machine
from tests.experiments.studies import DESIGN

FLAG = {"flag": "button", "kind": "string", "default": "red"}
METRICS: dict[str, dict[str, Any]] = {
    "bought": {"name": "Bought", "aggregation": "conversion", "source": "order"},
    "latency": {
        "name": "Latency",
        "aggregation": "mean",
        "source": "latency",
        "direction": "down",
        "unit": "ms",
    },
}
PARTS = [
    {"metric": "bought", "part": "primary"},
    {"metric": "latency", "part": "guardrail", "margin": 0.05},
]
EXPERIMENT = {"experiment": "bigger", "design": {**DESIGN, "metrics": PARTS, "units": 2_000}}


@pytest.fixture
def made(bo: Player) -> str:
    """A flag, its metrics and a design."""
    assert bo.api.post("flags", FLAG).status_code == 201
    for key, definition in METRICS.items():
        assert bo.api.post(f"metrics/{key}", {"definition": definition}).status_code == 200
    assert bo.api.post("experiments", EXPERIMENT).status_code == 201
    return "experiments/bigger"


@pytest.fixture
def started(made: str, bo: Player, ana: Player) -> str:
    assert bo.api.post(f"{made}/ask-for-review").status_code == 200
    assert ana.api.post(f"{made}/review", {"approve": True}).status_code == 200
    assert bo.api.post(f"{made}/start").status_code == 200
    return made


def follow() -> None:
    """Seals what was said and lets the reaction see it."""
    seal_once()
    followers.catch_up(["incidents.declare_stopped"])


def value(**attributes: Any) -> Any:
    payload = queries.payload("production")
    return Configuration(payload).evaluate("button", Subject(attributes)).value


def visit(count: int, slower: float, seed: int = 1) -> None:
    """Units meet the experiment, each with an order now and then and a latency."""
    chance, sender = random.Random(seed), machine("exposures:write", "outcomes:write").api
    at = now().isoformat()
    payload = queries.payload("production")
    served = Configuration(payload)
    met, done = [], []
    for n in range(count):
        unit = f"u{seed}-{n}"
        outcome = served.evaluate("button", Subject({"id": unit}))
        assert outcome.assignment is not None
        arm = outcome.assignment.arm.key
        met.append(
            {"experiment": "bigger", "phase": "1", "unit": unit, "variation": arm, "time": at}
        )
        wait = chance.gauss(300, 60) * (slower if arm == "b" else 1)
        done.append({"source": "latency", "unit": unit, "time": at, "value": wait})
        if chance.random() < 0.1:
            done.append({"source": "order", "unit": unit, "time": at})
    assert sender.post("exposures", met).json()["accepted"] == count
    assert sender.post("outcomes", done).json()["accepted"] == len(done)


def serve(*revisions: int) -> None:
    """Processes say from which revision they serve."""
    for number, revision in enumerate(revisions):
        ServedRevision.objects.update_or_create(
            process=f"web-{number}",
            environment="production",
            defaults={"revision": revision, "at": now()},
        )


def test_starting_serves_it_and_stopping_takes_it_away(
    started: str, bo: Player, olga: Player
) -> None:
    people = [{"id": f"u{n}"} for n in range(200)]
    assert {value(**one) for one in people} == {"blue", "green"}
    half = bo.api.post(f"{started}/ramp", {"coverage": 0.5})
    assert half.status_code == 200
    some = {one["id"]: value(**one) for one in people}
    assert set(some.values()) == {"blue", "green", "red"}
    assert bo.api.post(f"{started}/pause").status_code == 200
    assert {value(**one) for one in people} == {"red"}
    assert bo.api.post(f"{started}/resume").status_code == 200
    assert {one["id"]: value(**one) for one in people} == some
    stopped = bo.api.post(f"{started}/stop", {"reason": "enough"})
    assert stopped.status_code == 200
    assert {value(**one) for one in people} == {"red"}
    decide = {"decision": "ship", "variation": "b", "reason": "as planned"}
    assert bo.api.post(f"{started}/decide", decide).status_code == 200
    assert {value(**one) for one in people} == {"green"}
    seen = olga.api.get(started).json()
    assert (seen["status"], seen["decision"]["variation"]) == ("decided", "b")


def test_harm_stops_it_and_is_seen_and_then_is_an_incident(
    started: str, bo: Player, olga: Player
) -> None:
    visit(1_000, slower=1.3)
    assert tending.tend(now()) == ["bigger: stop harm"]
    assert value(id="u1") == "red"
    assert tending.tend(now()) == []
    revision = queries.revision("production")
    serve(revision, revision - 1)
    assert tending.observe(now()) == []
    assert olga.api.get("incidents").json()["items"] == []
    serve(revision, revision)
    assert tending.observe(now()) == ["bigger"]
    assert tending.observe(now()) == []
    follow()
    (incident,) = olga.api.get("incidents").json()["items"]
    assert "stopped for harm" in incident["title"]
    seen = olga.api.get(started).json()
    assert (seen["status"], seen["stop"]["cause"]) == ("stopped", "harm")
    figures = {one["metric"]: one for one in seen["stop"]["evidence"]["comparisons"]}
    assert figures["latency"]["effect"] == pytest.approx(0.3, abs=0.05)
    assert seen["observed_at"] is not None
    follow()
    assert len(olga.api.get("incidents").json()["items"]) == 1


def test_a_stop_that_nobody_saw_is_said_and_declared(started: str, olga: Player) -> None:
    visit(1_000, slower=1.3)
    tending.tend(now())
    later = now() + timedelta(seconds=61)
    assert tending.observe(later) == []
    follow()
    (incident,) = olga.api.get("incidents").json()["items"]
    assert incident["severity"] == 2
    serve(queries.revision("production"))
    assert tending.observe(now()) == ["bigger"]
    follow()
    assert len(olga.api.get("incidents").json()["items"]) == 1


def test_a_stop_seen_late_is_the_same_stop_even_when_its_incident_is_over(
    started: str, ana: Player, olga: Player
) -> None:
    visit(1_000, slower=1.3)
    tending.tend(now())
    tending.observe(now() + timedelta(seconds=61))
    follow()
    (incident,) = olga.api.get("incidents").json()["items"]
    told = BreachRow.objects.get()
    assert told.incident == uuid.UUID(incident["id"])
    serve(queries.revision("production"))
    assert tending.observe(now()) == ["bigger"]
    follow()
    assert BreachRow.objects.get().breach == told.breach


def test_a_flag_turned_off_by_hand_stays_off(started: str, bo: Player) -> None:
    off = {"environment": "production", "enabled": False, "reason": "It flickers."}
    assert bo.api.post("flags/button/turn", off).status_code == 200
    assert bo.api.post(f"{started}/pause").status_code == 200
    assert bo.api.post(f"{started}/resume").json()["code"] == "flag_off"
    assert value(id="u1") == "red"
    on = {"environment": "production", "enabled": True}
    assert bo.api.post("flags/button/turn", on).status_code == 200
    assert {value(id=f"u{n}") for n in range(50)} == {"red"}, "it is paused"
    assert bo.api.post(f"{started}/resume").status_code == 200
    assert {value(id=f"u{n}") for n in range(50)} == {"blue", "green"}


def test_a_rule_taken_away_by_hand_does_not_come_back(started: str, bo: Player) -> None:
    rules = {"environment": "production", "default": "red", "rules": []}
    assert bo.api.post("flags/button/rules", rules).status_code == 200
    assert bo.api.post(f"{started}/ramp", {"coverage": 0.5}).status_code == 200, "less is no harm"
    assert bo.api.post(f"{started}/ramp", {"coverage": 1.0}).json()["code"] == "rule_gone"
    assert {value(id=f"u{n}") for n in range(50)} == {"red"}
    assert bo.api.post(f"{started}/pause").status_code == 200
    assert bo.api.post(f"{started}/resume").json()["code"] == "rule_gone"
    assert bo.api.post(f"{started}/stop", {"reason": "enough"}).status_code == 200


def test_under_an_archived_flag_it_can_be_stopped(started: str, bo: Player, olga: Player) -> None:
    off = {"environment": "production", "enabled": False}
    assert bo.api.post("flags/button/turn", off).status_code == 200
    assert bo.api.post("flags/button/archive").status_code == 200
    assert bo.api.post(f"{started}/pause").status_code == 200
    assert bo.api.post(f"{started}/resume").json()["code"] == "archived"
    assert bo.api.post(f"{started}/stop", {"reason": "enough"}).status_code == 200
    assert olga.api.get(started).json()["status"] == "stopped"


def test_a_check_that_passes_cannot_be_cleared_ahead(started: str, bo: Player) -> None:
    visit(200, slower=1.0)
    said = {"check": "one_arm", "finding": "explained", "reason": "I know."}
    answer = bo.api.post(f"{started}/clear", said)
    assert (answer.status_code, answer.json()["field"]) == (409, "check")
    assert "one_arm" not in answer.json()["current"]


def test_an_equal_one_goes_on(started: str, olga: Player) -> None:
    visit(600, slower=1.0)
    assert tending.tend(now()) == []
    results = olga.api.get(f"{started}/results").json()
    assert results["verdict"]["code"] == "running"
    assert {one["key"]: one["state"] for one in results["checks"]}["sample_ratio"] == "passed"
    looks = olga.api.get(f"{started}/looks?metric=bought").json()["items"]
    assert [look["variation"] for look in looks] == ["b"]
    report = olga.api.get(f"{started}/report")
    assert report["Content-Type"].startswith("text/markdown")
    assert "## May these results be read?" in report.content.decode()


def test_a_silent_arm_is_a_crash(started: str) -> None:
    visit(400, slower=1.0)
    later = now() + timedelta(hours=3)
    assert tending.tend(later) == [], "nobody is heard: it is quiet, and nothing has crashed"
    a_moment_before = later - timedelta(minutes=1)
    Exposure.objects.filter(variation="a").update(recorded_at=a_moment_before)
    ExposureCount.objects.filter(variation="a").update(last_at=a_moment_before)
    assert tending.tend(later) == ["bigger: stop crash"]


def test_the_queue_waits_for_time_room_and_holds(
    made: str, bo: Player, ana: Player, time_machine: Any
) -> None:
    assert bo.api.post("layers", {"layer": "page", "size": 100, "cool_down": 0}).status_code == 201
    room = {"experiment": "other", "segments": 60}
    assert bo.api.post("layers/page/allocate", room).status_code == 200
    design = {**EXPERIMENT["design"], "layer": "page", "segments": 50}  # type: ignore[dict-item]
    assert bo.api.post(f"{made}/design", {"design": design}).status_code == 200
    bo.api.post(f"{made}/ask-for-review")
    ana.api.post(f"{made}/review", {"approve": True})
    later = (now() + timedelta(hours=1)).isoformat()
    assert bo.api.post(f"{made}/queue", {"not_before": later}).status_code == 200
    assert tending.start_queued(now()) == []
    time_machine.move_to(now() + timedelta(hours=2), tick=True)
    assert tending.start_queued(now()) == [], "there is no room in its layer"
    bo.api.post("layers/page/release", {"experiment": "other"})
    hold = {"entity": "environment:production", "reason": "calendar:sale", "sentence": "The sale."}
    location = ana.api.post("holds", hold).json()["location"]
    assert tending.start_queued(now()) == [], "the environment is held"
    assert ana.api.post(f"{location}/lift").status_code == 200
    assert tending.start_queued(now()) == ["bigger"]
    assert tending.start_queued(now()) == []
    assert {value(id=f"u{n}") for n in range(100)} == {"red", "blue", "green"}


def test_a_hold_stops_what_widens_and_never_what_stops(
    started: str, bo: Player, ana: Player
) -> None:
    hold = {"entity": "experiment:bigger", "reason": "incident:7", "sentence": "Nothing new."}
    assert ana.api.post("holds", hold).status_code == 201
    assert bo.api.post(f"{started}/ramp", {"coverage": 0.5}).json()["code"] == "held"
    assert bo.api.post(f"{started}/pause").status_code == 200
    assert bo.api.post(f"{started}/resume").json()["code"] == "held"
    assert bo.api.post(f"{started}/stop", {"reason": "enough"}).status_code == 200


def test_a_metric_that_comes_later_counts_those_who_were_there(
    started: str, bo: Player, time_machine: Any
) -> None:
    visit(50, slower=1.0)
    late = {"name": "Orders", "aggregation": "count", "source": "order"}
    assert bo.api.post("metrics/orders", {"definition": late}).status_code == 200
    metrics = [*PARTS, {"metric": "orders", "part": "secondary"}]
    change = {"design": {**EXPERIMENT["design"], "metrics": metrics}}  # type: ignore[dict-item]
    assert bo.api.post(f"{started}/design", change).json()["field"] == "reason"
    assert bo.api.post(f"{started}/design", {**change, "reason": "forgotten"}).status_code == 200
    assert tending.backfill(now()) == 0, "batches that had not heard of it may still commit"
    time_machine.move_to(now() + timedelta(minutes=3), tick=True)
    assert tending.backfill(now()) > 0
    assert sum(cell.n for cell in Cell.objects.filter(metric="orders")) == 50
    assert tending.backfill(now()) == 0
    assert Backfill.objects.filter(done_at=None).count() == 0


def test_the_second_person_and_everybody_else(
    made: str, bo: Player, ana: Player, olga: Player, mallory: Player
) -> None:
    bo.api.post(f"{made}/ask-for-review")
    own = bo.api.post(f"{made}/review", {"approve": True})
    assert (own.status_code, own.json()["code"]) == (409, "own_design")
    for player in (olga, mallory):
        for act in ("review", "start", "pause", "stop", "decide", "archive"):
            assert player.api.post(f"{made}/{act}", {}).status_code in (401, 403)
        assert player.api.post("metrics/bought", {}).status_code in (401, 403)
        assert player.api.post("experiments", EXPERIMENT).status_code in (401, 403)
    for path in (made, f"{made}/results", "experiments", "metrics"):
        assert mallory.api.get(path).status_code in (401, 403)
    assert olga.api.get("experiments?status=in review").json()["items"][0]["key"] == "bigger"
    assert bo.api.post("experiments/nothing/start").status_code == 404
    unknown = {"experiment": "x", "design": {**DESIGN, "metrics": [{"metric": "?"}]}}
    assert bo.api.post("experiments", unknown).status_code == 409
