"""Budgets of freshness: exact, split over stages, each with the monitor of its output."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from eventlog.testing import given
from monitoring import freshness
from monitoring.commands import PlanFreshness, RetireFreshness, stage_monitors
from monitoring.events import FreshnessPlanned, FreshnessRetired
from monitoring.models import Evaluation, FreshnessRow, MonitorRow
from monitoring.slo.exact import BadSlo
from tests.cast import Player

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
STAGES = [
    {"name": "logs", "within": "8h", "series": "logs_until"},
    {"name": "feeding", "within": "4h"},
    {"name": "training", "within": "20h", "series": 'model_until{model="ranker"}'},
    {"name": "evaluation", "within": "3h"},
    {"name": "copy", "within": "1h", "series": "served_until"},
]
PLAN = {"target": "48h", "repair": "12h", "stages": STAGES}


def test_twelve_hours_to_repair_and_thirty_six_for_the_stages_are_forty_eight() -> None:
    plan = freshness.read(PLAN)
    assert (plan.target, plan.spent, plan.left) == (2_880, 2_880, 0)
    assert [stage.until for stage in plan.stages] == [480, 720, 1_920, 2_100, 2_160]
    assert (plan.worst, plan.warning) == (2_880, "")


def test_a_fault_that_is_sure_to_miss_the_target_is_told_before() -> None:
    given_ = {"target": "24h", "detection": "18h", "remake": "12h"}
    plan = freshness.read({**given_, "stages": [{"name": "all", "within": "12h"}]})
    assert plan.left == 720
    assert plan.warning == "A fault costs 18h noticing + 12h remaking = 30h, more than the 1d."


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"target": "47h"}, "target"),
        ({"target": "soon"}, "target"),
        ({"repair": "-1h"}, "repair"),
        ({"stages": []}, "stages"),
        ({"stages": [{"name": "a", "within": "1h"}] * 2}, "stages.1.name"),
        ({"stages": [{"name": "a", "within": "0h"}]}, "stages.0.within"),
        ({"stages": [{"name": "a", "within": "1h", "series": "b c"}]}, "stages.0.series"),
    ],
)
def test_what_cannot_be_kept_is_refused_by_its_field(change: dict[str, Any], field: str) -> None:
    with pytest.raises(BadSlo) as caught:
        freshness.read(PLAN | change)
    assert caught.value.field == field


def command(**changes: Any) -> PlanFreshness:
    said: dict[str, Any] = {"freshness": "ranker", "at": NOON, "name": "Ranker", **PLAN, **changes}
    return PlanFreshness(**said)


def test_a_budget_is_set_changed_and_ended() -> None:
    planned = FreshnessPlanned(freshness="freshness:ranker", name="Ranker", plan=command().plain())
    retire = RetireFreshness(freshness="ranker", at=NOON, reason="Gone")
    retired = FreshnessRetired(freshness="freshness:ranker", reason="Gone")
    given().when(command()).then(planned)
    given(planned).when(command()).then()
    given(planned).when(retire).then(retired)
    given(planned, retired).when(retire).then()
    given(planned, retired).when(command()).then(planned)
    given().when(retire).refused("unknown")
    given().when(command(target="1h")).refused("bad_slo", "target")
    given().when(command(freshness="no key")).refused("bad_value", "key")


def test_each_stage_with_a_series_has_a_monitor_of_how_old_its_output_may_be() -> None:
    kept = stage_monitors(command(), [], NOON)
    assert [one.parameters["limit"] / 3_600 for one in kept] == [8, 32, 36]  # type: ignore[attr-defined]
    renamed = [{**STAGES[0], "name": "raw logs"}, *STAGES[1:]]
    had = [one.monitor for one in kept]
    again = stage_monitors(command(stages=renamed), had, NOON)
    assert [one.monitor for one in again][1:] == [had[1], had[2], had[0]], "the last is dropped"


def body(**changes: Any) -> dict[str, Any]:
    return {"key": "ranker", "name": "Ranker", "subjects": ["model:ranker"], **PLAN, **changes}


def test_the_monitors_follow_the_budget(root: Player, olga: Player) -> None:
    assert olga.api.post("freshness", body()).status_code == 403
    made = root.api.post("freshness", body())
    assert made.status_code == 201, made.data
    assert MonitorRow.objects.count() == Evaluation.objects.count() == 3
    shown = root.api.get("freshness/ranker").data
    assert [each["until"] for each in shown["stages"]] == ["8h", "12h", "32h", "35h", "36h"]
    assert [each["monitor"] is None for each in shown["stages"]] == [False, True] * 2 + [False]
    root.api.post("freshness/ranker/change", body(stages=STAGES[:3]))
    assert sorted(MonitorRow.objects.values_list("parameters__limit", flat=True)) == [
        *(8 * 3_600, 32 * 3_600)
    ]
    wrong = root.api.post("freshness/ranker/change", body(target="30h"))
    assert (wrong.status_code, wrong.data["field"]) == (409, "target")
    assert root.api.get("freshness?search=RANK").data["items"][0]["left"] == "4h"
    assert root.api.post("freshness/ranker/retire", {"reason": "Gone"}).status_code == 200
    assert not FreshnessRow.objects.exists()
    assert not MonitorRow.objects.exists()
    assert root.api.get("freshness/ranker").status_code == 404


def test_a_person_sets_it_in_a_form(root: Player, olga: Player) -> None:
    lines = 'logs: 8h logs_until\ntraining: 12h model_until{model="ranker"}\n'
    form = {"name": "Ranker", "target": "24h", "detection": "18h", "stages": lines}
    answer = root.browser.post("/freshness/new", form)
    assert (answer.status_code, answer["Location"]) == (302, "/freshness/Ranker")
    page = olga.browser.get("/freshness/Ranker").content.decode()
    assert "A fault costs 18h noticing + 20h remaking = 38h, more than the 1d." in page
    assert "End the budget" not in page
    assert "more than the 1d" in root.browser.get("/freshness/").content.decode()
    assert root.browser.post("/freshness/new", form).status_code == 409
    filled = root.browser.get("/freshness/Ranker/change").content.decode()
    assert "training: 12h model_until{model=&quot;ranker&quot;}" in filled
    wrong = root.browser.post("/freshness/Ranker/change", form | {"stages": "training"})
    assert wrong.status_code == 409
    assert "is no “name: 6h”" in wrong.content.decode()
    assert olga.browser.get("/freshness/Ranker/change").status_code == 403
    root.browser.post("/freshness/Ranker/retire", {"reason": "Gone"})
    assert not FreshnessRow.objects.exists()
