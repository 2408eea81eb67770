"""The life of an experiment: what may follow what, who may say yes, and what cannot be changed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from eventlog.core import Event, Refused
from eventlog.testing import given
from experiments import commands, events
from tests.experiments.studies import DESIGN, DESIGNER, REVIEWER

AT = datetime(2026, 11, 3, 16, 0, tzinfo=UTC)
ASKED: dict[str, Any] = {"experiment": "bigger", "at": AT}
STREAM = "experiment:bigger"
METRIC = commands.sound_metric({"name": "Bought", "aggregation": "conversion", "source": "order"})
LIBRARY = {"bought": METRIC, "latency": METRIC}
MADE = commands.sound_design(DESIGN)
WHERE: dict[str, Any] = {"experiment": STREAM, "flag": "flag:button", "environment": "production"}


def designed(**changes: Any) -> Event:
    made = {**MADE, **changes}
    return events.ExperimentDesigned(
        experiment=STREAM, design=made, by=DESIGNER, flag="flag:button"
    )


IN_REVIEW = events.ReviewAsked(experiment=STREAM)
APPROVED = events.DesignApproved(experiment=STREAM, by=REVIEWER)
STARTED = events.ExperimentStarted(
    **WHERE, phase=1, seed="s1", coverage=1.0, definitions={"bought": METRIC}
)
STOPPED = events.ExperimentStopped(
    **WHERE, title=MADE["title"], owner="", phase=1, cause="person", reason="enough"
)
RUNNING = (designed(), IN_REVIEW, APPROVED, STARTED)


def design(**changes: Any) -> commands.DesignExperiment:
    made = {**DESIGN, **changes}
    return commands.DesignExperiment(**ASKED, design=made, by=DESIGNER, definitions=LIBRARY)


def test_a_design_is_written_down_with_its_defaults() -> None:
    given().when(design()).then(designed())
    assert (MADE["alpha"], MADE["power"], MADE["days"]) == (0.05, 0.8, 14)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": " "}, "title"),
        ({"hypothesis": ""}, "hypothesis"),
        ({"colour": 1}, "colour"),
        ({"flag": "a/b"}, "flag"),
        ({"environment": "Prod"}, "environment"),
        ({"condition": {"a": {"$near": 1}}}, "condition.a.$near"),
        ({"variations": [{"key": "a", "value": 1}]}, "variations"),
        ({"variations": [{"key": "a", "value": 1}] * 2}, "variations.1.key"),
        ({"variations": [{"key": "a", "value": 1}, {"key": "b"}]}, "variations.1.value"),
        (
            {"variations": [{"key": k, "value": 1, "weight": 0.4} for k in "ab"]},
            "variations",
        ),
        ({"metrics": []}, "metrics"),
        ({"metrics": [{"metric": "bought", "part": "guardrail"}]}, "metrics"),
        ({"metrics": [{"metric": "bought", "part": "best"}]}, "metrics.0.part"),
        ({"metrics": [{"metric": "bought", "part": "primary", "margin": 0.1}]}, "metrics.0.margin"),
        ({"metrics": [{"metric": "none", "part": "primary"}]}, "metrics"),
        ({"ramp": [{"coverage": 0.5}, {"coverage": 0.1}]}, "ramp.1.coverage"),
        ({"layer": "search"}, "segments"),
        ({"segments": 10}, "layer"),
        ({"alpha": 0}, "alpha"),
        ({"power": True}, "power"),
        ({"days": 3}, "min_days"),
        ({"slices": ["a b"]}, "slices"),
        ({"stop_on_harm": 1}, "stop_on_harm"),
    ],
)
def test_a_design_that_could_not_be_run_is_named(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(Refused) as refused:
        given().when(design(**changes)).accepted()
    assert refused.value.field == field


def test_somebody_else_has_to_approve() -> None:
    review = {**ASKED, "approve": True}
    given(designed(), IN_REVIEW).when(commands.ReviewDesign(**review, by=DESIGNER)).refused(
        "own_design"
    )
    given(designed(), IN_REVIEW).when(commands.ReviewDesign(**review, by=REVIEWER)).then(APPROVED)
    given(designed()).when(commands.ReviewDesign(**review, by=REVIEWER)).refused("wrong_state")


def test_a_changed_design_has_to_be_looked_at_again() -> None:
    start = commands.StartExperiment(**ASKED, seed="s1", definitions={})
    story = given(designed(), IN_REVIEW, APPROVED)
    story.when(design(alpha=0.01)).then(designed(alpha=0.01))
    given(designed(), IN_REVIEW, APPROVED, designed(alpha=0.01)).when(start).refused("wrong_state")
    given(designed()).when(start).refused("wrong_state")


def test_each_start_is_another_phase() -> None:
    start = commands.StartExperiment(**ASKED, seed="s1", definitions={"bought": METRIC})
    given(designed(), IN_REVIEW, APPROVED).when(start).then(STARTED)
    again = (*RUNNING, STOPPED, designed(days=28), IN_REVIEW, APPROVED)
    (event,) = given(*again).when(start).accepted().events
    assert isinstance(event, events.ExperimentStarted)
    assert event.phase == 2


@pytest.mark.parametrize(
    ("changes", "reason", "field"),
    [
        ({"variations": [{"key": k, "value": "red"} for k in "ab"]}, "why", "variations"),
        ({"alpha": 0.1}, "why", "alpha"),
        ({"unit": "cookie"}, "why", "unit"),
        (
            {"metrics": [{"metric": "latency", "part": "primary"}]},
            "why",
            "metrics",
        ),
        ({"days": 28}, "", "reason"),
    ],
)
def test_while_it_runs_nothing_that_decides_can_change(
    changes: dict[str, Any], reason: str, field: str
) -> None:
    command = commands.DesignExperiment(
        **ASKED, design={**DESIGN, **changes}, by=DESIGNER, definitions=LIBRARY, reason=reason
    )
    with pytest.raises(Refused) as refused:
        given(*RUNNING).when(command).accepted()
    assert refused.value.field == field


def test_a_guardrail_that_comes_later_is_marked_and_has_a_reason() -> None:
    metrics = [*DESIGN["metrics"], {"metric": "latency", "part": "guardrail", "margin": 0.05}]
    command = commands.DesignExperiment(
        **ASKED,
        design={**DESIGN, "metrics": metrics},
        by=DESIGNER,
        definitions=LIBRARY,
        reason="It was forgotten.",
    )
    (event,) = given(*RUNNING).when(command).accepted().events
    assert isinstance(event, events.ExperimentDesigned)
    assert event.is_running
    assert set(event.definitions) == {"bought", "latency"}
    given(*RUNNING, event).when(commands.RampExperiment(**ASKED, coverage=0.5)).accepted()


def test_paused_and_resumed_with_the_share_that_it_had() -> None:
    paused = events.ExperimentPaused(**WHERE, reason="incident")
    given(*RUNNING).when(commands.PauseExperiment(**ASKED, reason="incident")).then(paused)
    given(*RUNNING, paused).when(commands.RampExperiment(**ASKED, coverage=0.5)).refused(
        "wrong_state"
    )
    given(*RUNNING, paused).when(commands.ResumeExperiment(**ASKED)).then(
        events.ExperimentResumed(**WHERE)
    )
    given(*RUNNING, paused).when(
        commands.StopExperiment(**ASKED, cause="person", reason="enough")
    ).then(STOPPED)


def test_stopped_once_and_seen_once() -> None:
    stop = commands.StopExperiment(**ASKED, cause="harm", reason="latency")
    given(*RUNNING, STOPPED).when(stop).refused("wrong_state")
    seen = commands.ObserveStop(**ASKED, seconds=1.5, processes=2, revision=7)
    observed = events.StopObserved(
        **WHERE,
        title=MADE["title"],
        cause="person",
        reason="enough",
        seconds=1.5,
        processes=2,
        revision=7,
    )
    given(*RUNNING, STOPPED).when(seen).then(observed)
    given(*RUNNING, STOPPED, observed).when(seen).then()
    given(*RUNNING, STOPPED, observed).when(
        commands.MissStop(**ASKED, seconds=60, sentence="nobody")
    ).then()
    given(*RUNNING).when(seen).then()


@pytest.mark.parametrize(
    ("decision", "variation", "field"),
    [
        ("ship", "b", ""),
        ("ship", "", "variation"),
        ("abandon", "b", "variation"),
        ("win", "", "decision"),
        ("iterate", "", ""),
    ],
)
def test_a_decision_names_what_it_ships(decision: str, variation: str, field: str) -> None:
    command = commands.DecideExperiment(
        **ASKED, decision=decision, variation=variation, reason="as planned", by=REVIEWER
    )
    given(*RUNNING).when(command).refused("wrong_state")
    story = given(*RUNNING, STOPPED).when(command)
    if field:
        story.refused("bad_value", field=field)
    else:
        story.accepted()


def test_a_mismatch_of_the_sample_ratio_has_no_excuse() -> None:
    said = {**ASKED, "finding": "true and good", "reason": "A sale began.", "by": REVIEWER}
    failing = ["sample_ratio", "too_good", "balance"]
    ratio = commands.ClearCheck(**said, check="sample_ratio", failing=failing)
    given(*RUNNING).when(ratio).refused("not_clearable")
    given(*RUNNING).when(commands.ClearCheck(**said, check="too_good", failing=failing)).accepted()


def test_only_a_check_that_fails_is_cleared_and_only_a_great_effect_is_true_and_good() -> None:
    said = {**ASKED, "reason": "A sale began.", "by": REVIEWER}
    ahead = commands.ClearCheck(**said, check="too_good", finding="true and good")
    given(*RUNNING).when(ahead).refused("not_failing", field="check")
    unknown = commands.ClearCheck(**said, check="moon", finding="explained", failing=["balance"])
    given(*RUNNING).when(unknown).refused("not_failing", field="check")
    balance = {**said, "check": "balance", "failing": ["balance"]}
    good = commands.ClearCheck(**balance, finding="true and good")
    given(*RUNNING).when(good).refused("bad_value", field="finding")
    given(*RUNNING).when(commands.ClearCheck(**balance, finding="explained")).accepted()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"aggregation": "median"}, "aggregation"),
        ({"source": "a b"}, "source"),
        ({"denominator": "visit"}, "denominator"),
        ({"aggregation": "ratio"}, "denominator"),
        ({"aggregation": "sum", "cap": "much"}, "cap"),
        ({"aggregation": "sum", "cap": "NaN"}, "cap"),
        ({"aggregation": "sum", "cap": "1e-200"}, "cap"),
        ({"aggregation": "sum", "cap": "1." + "1" * 1_000}, "cap"),
        ({"aggregation": "sum", "cap": "1e9999999"}, "cap"),
        ({"cap": "3"}, "cap"),
        ({"direction": "left"}, "direction"),
        ({"quantile": "0.9"}, "quantile"),
        ({"aggregation": "quantile"}, "quantile"),
        ({"aggregation": "quantile", "quantile": "1"}, "quantile"),
        ({"aggregation": "quantile", "quantile": "NaN"}, "quantile"),
        ({"window_hours": -1}, "window_hours"),
        ({"aggregation": "mean", "before_days": 7}, "before_days"),
        ({"colour": 1}, "colour"),
    ],
)
def test_a_metric_that_could_not_be_counted_is_named(changes: dict[str, Any], field: str) -> None:
    definition = {"name": "Bought", "aggregation": "conversion", "source": "order", **changes}
    command = commands.DefineMetric(metric="bought", at=AT, definition=definition)
    with pytest.raises(Refused) as refused:
        given().when(command).accepted()
    assert refused.value.field == field


def test_a_trial_is_placed_after_the_other_rules_and_taken_away() -> None:
    staff = {"id": "staff", "condition": {"staff": True}, "force": "red"}
    trial = {"id": "bigger", "key": "bigger", "variations": ["blue", "green"], "seed": "s1"}
    begun = events.FlagCreated(
        flag="flag:button",
        kind="string",
        default="blue",
        environments=["production"],
        needs_approval=True,
    )
    placed: dict[str, Any] = {"flag": "button", "at": AT, "environment": "production"}

    def served(revision: int, *rules: dict[str, Any], default: str = "blue") -> Event:
        return events.FlagRulesSet(
            flag="flag:button",
            environment="production",
            revision=revision,
            default=default,
            rules=list(rules),
        )

    on = events.FlagTurned(flag="flag:button", environment="production", enabled=True)
    place = commands.PlaceTrial(**placed, experiment="bigger", rule=trial, begins=True)
    given(begun, served(2, staff)).when(place).then(served(3, staff, trial), on)
    half = {**trial, "coverage": 0.5}
    more = commands.PlaceTrial(**placed, experiment="bigger", rule=half, widens=True)
    story = (begun, served(2, staff, trial), on)
    given(*story).when(more).then(served(3, staff, half))
    off = events.FlagTurned(flag="flag:button", environment="production", enabled=False)
    given(*story, off).when(more).refused("flag_off", field="flag")
    given(begun, served(2, staff), on).when(more).refused("rule_gone", field="flag")
    less = commands.PlaceTrial(**placed, experiment="bigger", rule=half)
    given(*story, off).when(less).then(served(3, staff, half))
    given(begun, served(2, staff), on).when(less).then()
    archived = events.FlagArchived(flag="flag:button", reason="")
    end = commands.PlaceTrial(**placed, experiment="bigger")
    given(*story, off, archived).when(end).then(served(3, staff))
    given(*story).when(commands.PlaceTrial(**placed, experiment="bigger")).then(served(3, staff))
    ship = commands.PlaceTrial(**placed, experiment="bigger", default="green", sets_default=True)
    given(*story).when(ship).then(served(3, staff, default="green"))
