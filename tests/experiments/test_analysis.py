"""What results say: trust before verdicts, and words that claim no more than there is."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from experiments import commands
from experiments.analysis import Data, Kept, Report, analyse, corrected
from experiments.stats.moments import JointMoments, Moments
from experiments.stats.quantiles import quantile_effect, quantile_of
from experiments.stats.results import Effect
from tests.experiments.studies import DESIGN

FIRST = date(2026, 3, 1)


def kept(metric: str = "bought", **fields: Any) -> Kept:
    made: dict[str, Any] = {
        "metric": metric,
        "name": metric.capitalize(),
        "aggregation": "sum",
        "direction": "up",
        "unit": "",
        "part": "primary",
        "margin": 0.0,
        "has_covariate": False,
    }
    return Kept(**{**made, **fields})


def arm(n: int, mean: float, sd: float) -> JointMoments:
    return JointMoments(Moments.of_variance(n, mean, sd**2), Moments.of_variance(n, 0, 0))


def report(
    arms: dict[str, JointMoments],
    metrics: tuple[Kept, ...] = (kept(),),
    cleared: dict[str, Any] | None = None,
    **fields: Any,
) -> Report:
    design = commands.sound_design({**DESIGN, **fields.pop("design", {})})
    sums = fields.pop("sums", {metrics[0].metric: arms})
    made: dict[str, Any] = {
        "sums": sums,
        "by_slice": {},
        "by_day": {},
        "units": {key: (one.n, 0) for key, one in arms.items()},
        "hours": 24.0 * 8,
    }
    return analyse(design, metrics, Data(**{**made, **fields}), cleared)


def state(found: Report, key: str) -> str:
    return next(one.state for one in found.checks if one.key == key)


def test_ten_users_are_inconclusive_and_it_says_what_would_settle_it() -> None:
    found = report(
        {"a": arm(2_158, 193, 150), "b": arm(10, 204, 150)},
        units={"a": (2_158, 0), "b": (2_150, 0)},
        design={"smallest_effect": 0.02},
    )
    (one,) = found.comparisons
    assert one.reading == "Inconclusive"
    assert one.effect == pytest.approx(11 / 193)
    assert one.lo is not None
    assert one.hi is not None
    assert one.lo < -0.3
    assert one.hi > 0.4
    # (1.960 + 0.842)² · 2 · 150² / 3.86²
    assert "10 units in an arm say nothing yet; about 23,706 an arm would" in one.sentence
    assert found.verdict.code not in ("better", "worse")


def test_a_clear_effect_is_likely_and_never_proven() -> None:
    found = report({"a": arm(40_000, 10, 4), "b": arm(40_000, 10.5, 4)})
    assert found.verdict.code == "better"
    assert "likely better with b: +5 % (+4.05 … +5.96)." in found.verdict.sentence
    words = " ".join([found.verdict.sentence, *(c.sentence for c in found.checks)]).lower()
    assert not any(word in words for word in ("proof", "proven", "significan", "winner"))


def test_lower_is_better_where_it_is_declared() -> None:
    found = report({"a": arm(40_000, 10, 4), "b": arm(40_000, 10.5, 4)}, (kept(direction="down"),))
    assert found.verdict.code == "worse"


def test_a_mismatch_of_the_sample_ratio_takes_the_place_of_the_verdict() -> None:
    found = report({"a": arm(9_463, 10, 4), "b": arm(7_681, 11, 4)})
    assert found.verdict.code == "held"
    assert found.verdict.sentence.startswith("Sample ratio: 55.20 : 44.80")


def test_configured_weights_count_and_not_equal_ones() -> None:
    weights = [{"key": "a", "value": 1, "weight": 0.9}, {"key": "b", "value": 2, "weight": 0.1}]
    arms = {"a": arm(90_000, 10, 4), "b": arm(10_000, 10, 4)}
    assert state(report(arms, design={"variations": weights}), "sample_ratio") == "passed"
    assert state(report(arms), "sample_ratio") == "failed"


def test_too_good_within_two_hours_is_held_and_may_close_as_true_and_good() -> None:
    arms = {"a": arm(20_000, 10, 12), "b": arm(20_000, 11.2, 12)}
    found = report(arms, hours=2.0)
    assert state(found, "too_good") == "failed"
    assert found.verdict.code == "held"
    found = report(arms, hours=2.0, cleared={"too_good": {"finding": "true and good"}})
    assert state(found, "too_good") == "cleared"
    assert found.verdict.code == "better"
    past = {"bought": [0.01, -0.01] * 15}
    assert state(report(arms, past_lifts=past), "too_good") == "failed"
    assert state(report(arms), "too_good") == "passed"


def test_units_in_several_arms_are_a_failed_check() -> None:
    arms = {"a": arm(5_000, 10, 4), "b": arm(5_000, 10, 4)}
    assert state(report(arms, units={"a": (5_000, 60), "b": (5_000, 60)}), "one_arm") == "failed"
    assert state(report(arms, units={"a": (5_000, 20), "b": (5_000, 20)}), "one_arm") == "passed"


def test_arms_that_differed_before_are_a_failed_check() -> None:
    def both(before: float) -> JointMoments:
        return JointMoments(
            Moments.of_variance(5_000, 10, 16), Moments.of_variance(5_000, before, 16), 50_000.0
        )

    metrics = (kept(has_covariate=True),)
    assert state(report({"a": both(10), "b": both(10.5)}, metrics), "balance") == "failed"
    assert state(report({"a": both(10), "b": both(10.05)}, metrics), "balance") == "passed"


def test_what_is_known_from_before_narrows_the_interval() -> None:
    generator = np.random.default_rng(3)
    arms = {}
    for key in "ab":
        before = generator.normal(10, 4, 20_000)
        after = before + generator.normal(0, 1, 20_000)
        arms[key] = JointMoments.of(after, before)
    (plain,) = report(arms).comparisons
    (adjusted,) = report(arms, (kept(has_covariate=True),)).comparisons
    assert plain.hi is not None
    assert plain.lo is not None
    assert adjusted.hi is not None
    assert adjusted.lo is not None
    assert adjusted.hi - adjusted.lo < 0.3 * (plain.hi - plain.lo)


@pytest.mark.parametrize(
    ("treatment", "direction", "reading"),
    [
        (11.4, "down", "Worse"),
        (10.0, "down", "Within limit"),
        (8.6, "up", "Worse"),
        (10.45, "down", "Not known yet"),
        (11.4, "up", "Within limit"),
    ],
)
def test_a_guardrail_has_a_limit(treatment: float, direction: str, reading: str) -> None:
    primary, guard = kept(), kept("latency", part="guardrail", margin=0.05, direction=direction)
    same = {"a": arm(5_000, 10, 4), "b": arm(5_000, 10, 4)}
    sums = {"bought": same, "latency": {"a": arm(5_000, 10, 4), "b": arm(5_000, treatment, 4)}}
    found = report(same, (primary, guard), sums=sums)
    (one,) = found.of("guardrail")
    assert one.reading == reading
    assert (found.verdict.code == "harm") == (reading == "Worse")


def test_slices_that_do_not_differ_are_not_read_one_by_one() -> None:
    def parts(*means: float) -> dict[str, Any]:
        return {
            "bought": {
                f"country={name}": {"a": arm(3_000, 10, 4), "b": arm(3_000, mean, 4)}
                for name, mean in zip(("CH", "FI", "SE"), means, strict=True)
            }
        }

    arms = {"a": arm(9_000, 10, 4), "b": arm(9_000, 10.1, 4)}
    design = {"slices": ["country"]}
    (alike,) = report(arms, by_slice=parts(10.1, 10.12, 10.08), design=design).slices
    assert "do not differ" in alike.sentence
    (unlike,) = report(arms, by_slice=parts(10.0, 10.0, 12.0), design=design).slices
    assert unlike.sentence == "they differ beyond chance"
    assert [row.reading for row in unlike.rows] == ["Unclear", "Unclear", "Better"]


def test_an_effect_that_fades_is_a_warning() -> None:
    def days(slope: float) -> dict[str, Any]:
        return {
            "bought": {
                FIRST + timedelta(days=n): {
                    "a": arm(4_000, 10, 4),
                    "b": arm(4_000, 11 - slope * n, 4),
                }
                for n in range(8)
            }
        }

    arms = {"a": arm(32_000, 10, 4), "b": arm(32_000, 10.5, 4)}
    assert report(arms, by_day=days(0.14)).warnings
    assert not report(arms, by_day=days(0.0)).warnings


def test_an_empty_experiment_says_so() -> None:
    found = report({})
    assert {one.state for one in found.checks} == {"unknown"}
    assert found.verdict.code == "running"
    assert found.days_left is None


def test_many_metrics_are_corrected() -> None:
    metrics = (kept(), *(kept(f"m{n}", part="secondary") for n in range(5)))
    same = {"a": arm(5_000, 10, 4), "b": arm(5_000, 10, 4)}
    off = {"a": arm(5_000, 10, 4), "b": arm(5_000, 10.35, 4)}
    sums = {one.metric: off if one.metric == "m0" else same for one in metrics}
    found = report(same, metrics, sums=sums)
    raw = {(c.metric, c.variation): c.p_value for c in found.of("secondary")}
    adjusted = corrected(found.comparisons)
    assert adjusted["m0", "b"] == pytest.approx(5 * (raw["m0", "b"] or 0))


def test_a_quantile_is_compared_as_its_values_say() -> None:
    generator = np.random.default_rng(5)
    values = {"a": generator.lognormal(5, 0.4, 8_000), "b": generator.lognormal(5.1, 0.4, 8_000)}
    bins = {}
    for key, mine in values.items():
        edges = [1e-9 * 1.02**n for n in range(1_200, 1_800)]
        counts, _ = np.histogram(mine, edges)
        bins[key] = [
            (low, high, int(n))
            for low, high, n in zip(edges[:-1], edges[1:], counts, strict=True)
            if n
        ]
    same = {key: arm(8_000, 150, 60) for key in "ab"}
    metrics = (kept("p99", aggregation="quantile", quantile=0.99, direction="down"),)
    (one,) = report(same, metrics, sums={"p99": same}, bins={"p99": bins}).comparisons
    plain, other = (np.quantile(values[key], 0.99) for key in "ab")
    assert one.control == pytest.approx(plain, rel=0.01)
    assert one.effect == pytest.approx(other / plain - 1, abs=0.01)
    fixed = quantile_effect(
        *(quantile_of(values[key], 0.99) for key in "ab")  # type: ignore[arg-type]
    )
    assert isinstance(fixed, Effect)
    assert one.lo is not None
    assert one.hi is not None
    assert fixed.hi is not None
    assert fixed.lo is not None
    assert one.lo < fixed.lo / plain
    assert fixed.hi / plain < one.hi < 3 * fixed.hi / plain


def test_too_few_units_have_no_p99() -> None:
    few = {key: arm(50, 150, 60) for key in "ab"}
    metrics = (kept("p99", aggregation="quantile", quantile=0.99),)
    (one,) = report(few, metrics, bins={"p99": {key: [(1.0, 2.0, 50)] for key in "ab"}}).comparisons
    assert (one.effect, one.reading) == (None, "Not known")
