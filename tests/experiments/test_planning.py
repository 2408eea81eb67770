"""Plans: the textbook's numbers, what looking costs, and questions that cannot be asked."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from statsmodels.stats.power import TTestIndPower

from eventlog.core import Refused
from experiments.planning import plan
from experiments.stats import sequential
from tests.cast import Player

SIGN_UPS = {"baseline": 0.023, "effect": 0.02, "relative": False}


def test_sign_ups_from_2_3_to_4_3_per_cent() -> None:
    made = plan(SIGN_UPS)
    assert (made.pooled, made.an_arm) == (1_252, 1_249)
    assert made.days is None


def test_means_agree_with_the_non_central_t() -> None:
    made = plan({"kind": "mean", "baseline": 10.0, "sd": 4.0, "effect": 0.05})
    exact = TTestIndPower().solve_power(0.5 / 4.0, alpha=0.05, power=0.8)
    assert made.an_arm == pytest.approx(exact, rel=0.002)
    one = dict(made.curve)
    near = min(one, key=lambda n: abs(n - made.an_arm))
    assert one[near] == pytest.approx(TTestIndPower().power(0.5 / 4.0, near, 0.05), abs=0.005)


def test_looking_costs_what_the_interval_says() -> None:
    made = plan({"kind": "mean", "baseline": 10.0, "sd": 4.0, "effect": 0.05})
    assert 0.2 < made.extra < 1.2
    generator = np.random.default_rng(11)
    runs, n = 4_000, made.looking
    means = [generator.normal(mean, 4 / math.sqrt(n), runs) for mean in (10.0, 10.5)]
    arms = [np.column_stack([np.full(runs, n), m, np.full(runs, 16.0)]) for m in means]
    found = sequential.batch(arms[0], arms[1], 0.05, 2 * n)
    assert (found["lo"] > 0).mean() == pytest.approx(0.8, abs=0.02)


def test_days_are_whole_weeks() -> None:
    few = plan({**SIGN_UPS, "units_a_day": 10_000})
    assert (few.days, few.reason) == (7, "a whole week, since the days of a week differ")
    many = plan({**SIGN_UPS, "units_a_day": 1_000, "coverage": 0.25})
    assert many.days is not None
    assert many.days % 7 == 0
    assert many.days > 7
    effects = [effect for _, effect in many.weeks]
    assert effects == sorted(effects, reverse=True)


def test_more_arms_metrics_and_noise_take_more_and_a_covariate_less() -> None:
    plain = plan(SIGN_UPS).an_arm
    assert plan({**SIGN_UPS, "arms": 3}).an_arm > plain
    assert plan({**SIGN_UPS, "metrics": 2}).an_arm > plain
    assert plan({**SIGN_UPS, "explained": 0.5}).an_arm == pytest.approx(plain / 2, rel=0.01)


def test_crossover_and_switchback() -> None:
    asked = {"baseline": 10.0, "sd": 4.0, "effect": 0.05}
    parallel = plan({**asked, "kind": "mean"})
    crossover = plan({**asked, "kind": "crossover", "correlation": 0.8})
    assert crossover.an_arm == pytest.approx(parallel.an_arm * 0.2, rel=0.01)
    calm = plan({**asked, "kind": "switchback", "correlation": 0.0})
    alike = plan({**asked, "kind": "switchback", "correlation": 0.5})
    assert alike.an_arm == pytest.approx(3 * calm.an_arm, rel=0.01)
    assert alike.total == alike.looking


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"baseline": 0.0}, "baseline"),
        ({"baseline": 1.5}, "baseline"),
        ({"effect": 0.0}, "effect"),
        ({"effect": 0.99}, "effect"),
        ({"effect": 1e-9}, "effect"),
        ({"alpha": 0.0}, "alpha"),
        ({"power": 1.0}, "power"),
        ({"arms": 1}, "arms"),
        ({"kind": "mean"}, "sd"),
        ({"kind": "median"}, "kind"),
        ({"baseline": float("nan")}, "baseline"),
        ({"colour": 1}, "colour"),
    ],
)
def test_what_cannot_be_planned_is_named(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(Refused) as refused:
        plan({**SIGN_UPS, **changes})
    assert refused.value.field == field


@pytest.mark.django_db
def test_the_planner_answers_on_its_page_and_by_the_api(olga: Player, mallory: Player) -> None:
    address = "/experiments/planner?kind=share&baseline=2.3&effect=2&scale=absolute&units_a_day=900"
    page = olga.browser.get(address)
    assert page.status_code == 200
    text = page.content.decode()
    assert "<b>1,249</b>" in text
    assert "1,252 with the pooled one" in text
    assert olga.browser.get("/experiments/planner").status_code == 200
    wrong = olga.browser.get("/experiments/planner?baseline=many")
    assert wrong.status_code == 400
    assert "(baseline)" in wrong.content.decode()
    assert mallory.browser.get("/experiments/planner").status_code == 403
    said = olga.api.get("experiments/plan?baseline=0.023&effect=0.02&relative=false")
    assert (said.json()["an_arm"], said.json()["pooled"]) == (1_249, 1_252)
    refused = olga.api.get("experiments/plan?baseline=0.023&effect=0.99&relative=false")
    assert (refused.status_code, refused.json()["field"]) == (409, "effect")
    assert mallory.api.get("experiments/plan").status_code in (401, 403)
