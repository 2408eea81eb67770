"""Pages of experiments: shown to whom they are for, and every act by a form."""

from __future__ import annotations

from typing import Any

import pytest

from experiments import design_editing, queries
from experiments.commands import sound_design
from tests.cast import Player
from tests.experiments.laboratory import build, designed, visit
from tests.experiments.world import sent

PATHS = (
    *("/experiments/", "/experiments/?status=draft", "/experiments/?search=nothing"),
    *("/experiments/metrics", "/experiments/calendar", "/experiments/recs-two-tower"),
    *("/experiments/prompt", "/experiments/pictures", "/experiments/recs-two-tower?metric=spent"),
    *("/experiments/planner", "/experiments/offline"),
)
WRITING = ("/experiments/new", "/experiments/pictures/design", "/experiments/recs-two-tower/design")


@pytest.fixture
def laboratory(bo: Player, ana: Player) -> None:
    build(bo, ana)


def shown(player: Player, path: str) -> str:
    return str(sent(player.browser.get(path), 200).content.decode())


def status(key: str = "recs-two-tower") -> str:
    row = queries.experiment(key)
    assert row is not None
    return row.status


@pytest.mark.usefixtures("laboratory")
def test_pages_are_shown_to_whom_they_are_for(bo: Player, olga: Player, mallory: Player) -> None:
    for path in (*PATHS, *WRITING):
        assert "<h1>" in shown(bo, path)
        assert mallory.browser.get(path).status_code == 403
        if path in WRITING:
            assert olga.browser.get(path).status_code == 403
        else:
            forms = shown(olga, path).split("<form")[1:]
            assert [form for form in forms if 'method="post"' in form[:60]] == []
    for act in ("start", "stop", "decide"):
        assert olga.browser.post(f"/experiments/recs-two-tower/act/{act}").status_code == 403
    assert olga.browser.post("/experiments/metrics", {"metric": "x"}).status_code == 403
    assert bo.browser.get("/experiments/nothing").status_code == 404
    assert bo.browser.post("/experiments/prompt/act/nothing").status_code == 404


@pytest.mark.usefixtures("laboratory")
def test_results_come_with_their_checks_and_words_that_claim_no_more(bo: Player) -> None:
    visit(bo, count=1_000)
    page = shown(bo, "/experiments/recs-two-tower")
    for words in (
        "Sample ratio",
        "50.00 : 50.00",
        "Must not get worse",
        "Within limit",
        "Two-tower",
    ):
        assert words in page
    assert not any(word in page.lower() for word in ("significan", "proven", "proof"))
    assert page.count('class="forest') > 4


@pytest.mark.usefixtures("laboratory")
def test_a_failed_check_takes_the_place_of_the_verdict_until_it_is_looked_into(
    bo: Player, ana: Player
) -> None:
    visit(bo, better=7.0)
    page = shown(bo, "/experiments/recs-two-tower")
    assert "No verdict, since a check failed." in page
    form = {"check": "too_good", "finding": "true and good", "reason": "A sale began at noon."}
    sent(ana.browser.post("/experiments/recs-two-tower/act/clear", form), 302)
    page = shown(bo, "/experiments/recs-two-tower")
    assert "No verdict" not in page
    assert "looked into too_good: true and good" in page


@pytest.mark.usefixtures("laboratory")
def test_from_draft_to_decision_by_forms(bo: Player, ana: Player) -> None:
    at = "/experiments/pictures/act"
    sent(bo.browser.post(f"{at}/ask-for-review"), 302)
    sent(bo.browser.post(f"{at}/review", {"verdict": "approve"}), 302)
    assert status("pictures") == "in review", "nobody approves a design of their own"
    sent(ana.browser.post(f"{at}/review", {"verdict": "approve", "reason": "Good."}), 302)
    sent(bo.browser.post(f"{at}/start", {"reason": "Monday"}), 302)
    sent(bo.browser.post(f"{at}/ramp", {"coverage": "50"}), 302)
    sent(bo.browser.post(f"{at}/pause"), 302)
    assert status("pictures") == "paused"
    sent(bo.browser.post(f"{at}/resume"), 302)
    sent(bo.browser.post(f"{at}/stop", {"reason": ""}), 302)
    assert status("pictures") == "running", "a stop has a reason"
    sent(bo.browser.post(f"{at}/stop", {"reason": "seen enough"}), 302)
    sent(ana.browser.post(f"{at}/decide", {"decision": "ship:two-tower", "reason": "planned"}), 302)
    row = queries.experiment("pictures")
    assert row is not None
    assert (row.status, row.decision["variation"], row.coverage) == ("decided", "two-tower", 0.5)
    assert "Ship two-tower" in shown(bo, "/experiments/pictures")
    sent(bo.browser.post(f"{at}/archive"), 302)
    assert "Larger pictures" not in shown(bo, "/experiments/")
    assert "Larger pictures" in shown(bo, "/experiments/?status=archived")


def form_of(**changes: Any) -> dict[str, str]:
    design = sound_design(designed("Larger pictures"))
    return {**design_editing.form_of(design, "boolean"), **changes}


def test_a_form_says_the_design_that_it_shows() -> None:
    steps = [{"coverage": 0.1, "hours": 24.0}, {"coverage": 1.0, "hours": 0.0}]
    design = sound_design(
        designed("Larger", ramp=steps, condition={"country": "CH"}, layer="page", segments=50)
    )
    form = design_editing.form_of(design, "boolean")
    assert sound_design(design_editing.design_of(form, "boolean")) == design


@pytest.mark.usefixtures("laboratory")
def test_a_design_is_written_changed_and_refused_by_its_field(bo: Player) -> None:
    new = form_of(experiment="larger")
    answer = bo.browser.post("/experiments/new", new)
    assert (answer.status_code, answer["Location"]) == (302, "/experiments/larger")
    again = bo.browser.post("/experiments/new", new)
    assert again.status_code == 409
    assert "There is an experiment with this key already." in again.content.decode()
    wrong = bo.browser.post("/experiments/new", form_of(experiment="x", metrics="primary | none"))
    assert wrong.status_code == 409
    page = wrong.content.decode()
    assert "There is no metric" in page
    assert "primary | none" in page, "what was typed stays"
    for changes, field in (
        ({"variations": "50 control false"}, "variations"),
        ({"alpha": "much"}, "alpha"),
        ({"ramp": "10 | soon"}, "ramp"),
        ({"days": "many"}, "days"),
        ({"condition": "{"}, "condition"),
    ):
        answer = bo.browser.post("/experiments/new", form_of(experiment="x", **changes))
        assert answer.status_code == 409
        assert f"({field})" in answer.content.decode()
    assert queries.experiment("x") is None
    sent(bo.browser.post("/experiments/larger/design", form_of(days="28")), 302)
    row = queries.experiment("larger")
    assert row is not None
    assert row.design["days"] == 28


@pytest.mark.usefixtures("laboratory")
def test_a_metric_comes_into_the_library_by_its_form(bo: Player) -> None:
    form = {"metric": "visits", "name": "Visits", "aggregation": "count", "source": "visit"}
    form |= {"direction": "up", "window_hours": "24", "before_days": "7", "cap": "50"}
    sent(bo.browser.post("/experiments/metrics", form), 302)
    page = shown(bo, "/experiments/metrics")
    assert "number of visit a unit" in page
    assert "24 h after exposure" in page
    wrong = bo.browser.post("/experiments/metrics", form | {"window_hours": "soon", "metric": "y"})
    assert wrong.status_code == 409
    assert "Must be a whole number" in wrong.content.decode()
    assert 'value="y"' in wrong.content.decode()


@pytest.mark.usefixtures("laboratory")
def test_what_was_gained_offline_stands_beside_what_came_of_it(
    bo: Player, ana: Player, olga: Player
) -> None:
    assert "Nothing to compare yet" in shown(olga, "/experiments/offline")
    form = form_of(experiment="larger", offline_metric="NDCG", offline_gain="-3")
    sent(bo.browser.post("/experiments/new", form), 302)
    for act, player, fields in (
        ("ask-for-review", bo, {}),
        ("review", ana, {"verdict": "approve"}),
        ("start", bo, {}),
    ):
        sent(player.browser.post(f"/experiments/larger/act/{act}", fields), 302)
    visit(bo, 3_000, better=3.0, experiment="larger")
    sent(bo.browser.post("/experiments/larger/act/stop", {"reason": "enough"}), 302)
    decided = {"decision": "ship:two-tower", "reason": "better where it counts"}
    sent(ana.browser.post("/experiments/larger/act/decide", decided), 302)
    (gain,) = queries.gains()
    assert (gain.offline, gain.offline_metric, gain.metric) == (-0.03, "NDCG", "clicked")
    assert gain.online > 0.5
    assert gain.agrees is False
    page = shown(olga, "/experiments/offline")
    assert "the other way" in page
    assert "too few for a slope" in page


def test_a_slope_needs_several_and_says_how_sure_it_is() -> None:
    def gain(offline: float, online: float) -> queries.Gain:
        made: dict[str, Any] = dict.fromkeys(
            ("experiment", "title", "flag", "offline_metric", "metric", "variation", "decision"),
            "x",
        )
        made |= {"lo": online - 0.01, "hi": online + 0.01}
        return queries.Gain(**made, offline=offline, online=online)

    few = [gain(0.01 * n, 0.005 * n) for n in range(4)]
    assert "too few" in queries.slope_of(few)
    many = [gain(0.01 * n, 0.005 * n) for n in range(8)]
    assert queries.slope_of(many).startswith("0.50 of online effect")


@pytest.mark.usefixtures("laboratory")
def test_the_planner_starts_from_what_was_measured(bo: Player, olga: Player) -> None:
    visit(bo)
    page = shown(olga, "/experiments/planner?like=recs-two-tower:spent&effect=5")
    assert 'value="600"' in page, "units a day"
    assert ">recs-two-tower:spent</option>" in page
    assert "units an arm" in page
    share = shown(olga, "/experiments/planner?like=recs-two-tower:clicked&effect=5")
    assert "with the pooled one" in share
    assert olga.browser.get("/experiments/planner?like=nothing:x&effect=5").status_code == 200


@pytest.mark.usefixtures("laboratory")
def test_lifts_of_the_past_say_what_is_usual(bo: Player, ana: Player) -> None:
    assert queries.past_lifts("clicked") == []
    visit(bo)
    at = "/experiments/recs-two-tower/act"
    sent(bo.browser.post(f"{at}/stop", {"reason": "enough"}), 302)
    sent(ana.browser.post(f"{at}/decide", {"decision": "abandon", "reason": "no better"}), 302)
    (lift,) = queries.past_lifts("clicked")
    assert -0.9 < lift < 0.9
    assert queries.past_lifts("nothing") == []
