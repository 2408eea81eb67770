"""Each statistic beside another way to compute it, and its refusals."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, optimize, stats
from statsmodels.stats.contingency_tables import StratifiedTable
from statsmodels.stats.multitest import multipletests

from experiments.stats import (
    bayes,
    cuped,
    interaction,
    multiplicity,
    noninferiority,
    paired,
    plausibility,
    power,
    proportions,
    quantiles,
    ranks,
    ratios,
    sample_ratio,
    sequential,
    slices,
    trend,
    uniformity,
    welch,
)
from experiments.stats.moments import JointMoments, Moments
from experiments.stats.results import Cannot, Effect

CHANCE = np.random.default_rng(7)
ONE, OTHER = CHANCE.normal(10, 2, 400), CHANCE.normal(10.4, 3, 300)
A, B = Moments.of(ONE), Moments.of(OTHER)


def sound(found: Any) -> Any:
    assert not isinstance(found, Cannot), found
    return found


def test_welch_beside_scipy() -> None:
    found = sound(welch.welch(A, B))
    theirs = stats.ttest_ind(OTHER, ONE, equal_var=False)
    interval = theirs.confidence_interval(0.95)
    assert found.p_value == pytest.approx(theirs.pvalue, rel=1e-10)
    assert found.interval == pytest.approx((interval.low, interval.high), rel=1e-10)


def test_the_batch_is_the_same_as_one_by_one() -> None:
    arms = np.array([[A.n, A.mean, A.variance], [5, 1.0, 2.0], [1, 1.0, 2.0]])
    others = np.array([[B.n, B.mean, B.variance], [6, 1.5, 1.0], [9, 1.0, 2.0]])
    many = welch.batch(arms, others)
    assert many["p_value"][0] == pytest.approx(sound(welch.welch(A, B)).p_value)
    assert np.isnan(many["p_value"][2])


def test_a_tiny_p_value_is_no_zero() -> None:
    found = sound(welch.welch(Moments.of(ONE), Moments.of(ONE + 5)))
    assert 0 < found.p_value < 1e-50


def test_a_ratio_beside_a_bootstrap() -> None:
    views = CHANCE.poisson(8, 2_000) + 1.0
    clicks = CHANCE.binomial(views.astype(int), 0.3).astype(float)
    arm = JointMoments.of(clicks, views)
    se = sound(ratios.ratio(arm, arm)).se / math.sqrt(2)
    rows = CHANCE.integers(0, 2_000, (2_000, 2_000))
    drawn = clicks[rows].sum(axis=1) / views[rows].sum(axis=1)
    assert se == pytest.approx(drawn.std(), rel=0.06)


def test_cuped_with_several_covariates_beside_least_squares() -> None:
    known = CHANCE.normal(size=(700, 3))
    outcome = known @ [1.0, -2.0, 0.5] + np.concatenate([ONE, OTHER])
    found = sound(cuped.cuped_raw((outcome[:400], known[:400]), (outcome[400:], known[400:])))
    assert found.theta == pytest.approx((1.0, -2.0, 0.5), abs=0.25)
    assert found.variance_reduction > 0.3
    assert found.absolute.se < sound(found.unadjusted).se


def test_one_covariate_is_the_same_by_both_ways() -> None:
    known = CHANCE.normal(size=700)
    outcome = known + np.concatenate([ONE, OTHER])
    arms = [(outcome[:400], known[:400]), (outcome[400:], known[400:])]
    joint = sound(cuped.cuped(*(JointMoments.of(*arm) for arm in arms)))
    raw = sound(cuped.cuped_raw(*((y, x.reshape(-1, 1)) for y, x in arms)))
    assert joint.absolute.effect == pytest.approx(raw.absolute.effect)
    assert sound(joint.relative).se == pytest.approx(sound(raw.relative).se)


def test_the_sequential_p_value_beside_quadrature() -> None:
    found = sound(sequential.sequential(A, B))
    gap, se = found.effect.effect, found.effect.se

    def likelihood(shift: float) -> float:
        return float(stats.norm.pdf(gap, shift, se) * stats.norm.pdf(shift, 0, found.tau))

    mixed, _ = integrate.quad(likelihood, -10 * found.tau, 10 * found.tau, points=[0, gap])
    assert found.effect.p_value == pytest.approx(min(1, stats.norm.pdf(gap, 0, se) / mixed))


def test_looking_after_every_batch_keeps_the_promise() -> None:
    chance, alarms, runs = np.random.default_rng(3), 0, 300
    for _ in range(runs):
        values = chance.normal(size=(2, 40, 50))
        arms = [Moments(), Moments()]
        for look in range(40):
            arms = [arm.merge(Moments.of(values[i, look])) for i, arm in enumerate(arms)]
            if sound(sequential.sequential(*arms, planned=4_000)).effect.p_value <= 0.05:
                alarms += 1
                break
    assert alarms <= stats.binom.ppf(0.999, runs, 0.05)


def test_a_small_arm_that_saw_nothing_is_not_certain_of_itself() -> None:
    many, few = Moments.of_proportion(1_900, 38), Moments.of_proportion(100, 0)
    bare = sound(sequential.sequential(many, few, planned=2_000, guarded=False))
    kept = sound(sequential.sequential(many, few, planned=2_000))
    assert bare.effect.p_value < 0.05 < kept.effect.p_value
    gone = Moments.of_proportion(10_000, 0)
    lost = sound(sequential.sequential(Moments.of_proportion(190_000, 3_800), gone))
    assert lost.effect.p_value < 1e-6
    other = sound(sequential.sequential(few, many, planned=2_000))
    assert other.effect.p_value == pytest.approx(kept.effect.p_value)


@pytest.mark.parametrize("n", [10_000, 190_000])
def test_an_arm_that_fell_to_nothing_is_harmed(n: int) -> None:
    control = np.array([[n, 0.02, 0.0196]])
    found = sequential.batch_relative(control, np.array([[10_000, 0.0, 0.0]]))
    assert found["effect"][0] == -1
    assert found["upper"][0] < -0.5
    assert found["p_value"][0] < 1e-6
    plain = Moments.of_variance(n, 0.02, 0.0196), Moments.of_variance(10_000, 0.0, 0.0)
    assert sound(sequential.sequential(*plain)).upper < 0


def test_always_valid_lifts_beside_the_differences() -> None:
    control = np.array([[4_000.0, 10.0, 9.0]])
    near = sequential.batch_relative(control, np.array([[5_000.0, 10.01, 16.0]]))
    plain = sequential.batch(control, np.array([[5_000.0, 10.01, 16.0]]))
    assert near["effect"] * 10 == pytest.approx(plain["effect"])
    assert near["se"] * 10 == pytest.approx(plain["se"], rel=1e-2)
    assert near["upper"] * 10 == pytest.approx(plain["upper"], rel=5e-2)
    # An end of the lift is where the treatment cannot be told from that many times the control.
    far = sequential.batch_relative(control, np.array([[4_000.0, 13.0, 16.0]]))
    for end in ("lo", "hi"):
        times = 1 + far[end][0]
        scaled = np.array([[4_000.0, 10 * times, 9 * times**2]])
        again = sequential.batch(scaled, np.array([[4_000.0, 13.0, 16.0]]))
        assert again[end][0] == pytest.approx(0, abs=1e-9)
    small = sequential.batch_relative(np.array([[30.0, 0.1, 9.0]]), control)
    assert (small["lo"][0], small["hi"][0]) == (-math.inf, math.inf)
    nothing = np.array([[4_000.0, 0.0, 9.0]])
    assert np.isnan(sequential.batch_relative(nothing, control)["effect"]).all()


def test_a_posterior_beside_quadrature() -> None:
    found = sound(bayes.posterior(A, B, bayes.Prior(0.0, 0.09)))
    loss, _ = integrate.quad(
        lambda x: max(0.0, -x) * stats.norm.pdf(x, found.mean, found.sd), -1, 1, points=[0]
    )
    assert found.risk[1] == pytest.approx(loss, abs=1e-9)
    assert found.chance_to_win == pytest.approx(stats.norm.sf(0, found.mean, found.sd))


def test_guardrails_know_three_answers() -> None:
    same, worse = Moments.of_variance(4_000, 100.0, 100.0), Moments.of_variance(4_000, 106.0, 100.0)
    safe = sound(noninferiority.non_inferiority(same, same, 1.0))
    harm = sound(noninferiority.non_inferiority(same, worse, 1.0))
    assert safe.is_non_inferior
    assert not harm.is_non_inferior
    better = noninferiority.non_inferiority(same, worse, 1.0, "higher_is_better")
    assert sound(better).is_non_inferior
    with pytest.raises(ValueError, match="margin"):
        noninferiority.non_inferiority(same, same, 0)


def test_the_planner_of_the_story() -> None:
    assert math.ceil(power.units_for_proportions_pooled(0.023, 0.043)) == 1_252
    assert math.ceil(power.units_for_proportions(0.023, 0.043)) == 1_249


def test_a_power_is_reached_by_simulation() -> None:
    n = math.ceil(power.units_for_mean(0.5))
    chance = np.random.default_rng(5)
    runs = 4_000
    x, y = chance.normal(0, 1, (runs, n)), chance.normal(0.5, 1, (runs, n))
    found = (stats.ttest_ind(y, x, axis=1, equal_var=False).pvalue < 0.05).mean()
    assert found == pytest.approx(0.8, abs=0.025)


def test_ten_against_two_thousand_is_inconclusive() -> None:
    many = Moments.of_variance(2_158, 193.0, 150.0**2)
    few = Moments.of_variance(10, 204.0, 150.0**2)
    found = sound(welch.welch(many, few))
    assert found.lo < 0 < found.hi
    assert found.hi - found.lo > 200


def test_an_effect_beyond_belief_is_an_alarm() -> None:
    assert plausibility.plausibility(0.6, 3, 100).is_alarm
    assert plausibility.plausibility(0.12, 9, 2).is_alarm
    assert plausibility.plausibility(0.12, 3, 2, past=[0.01] * 30).is_alarm
    assert not plausibility.plausibility(0.02, 2, 48).is_alarm


def test_two_experiments_that_change_each_other() -> None:
    chance = np.random.default_rng(2)
    cells = [Moments.of(chance.normal(mean, 1, 2_000)) for mean in (0, 0.5, 0.5, 2.0)]
    assert sound(interaction.interaction(tuple(cells))).p_value < 1e-6  # type: ignore[arg-type]
    apart = [Moments.of(chance.normal(mean, 1, 2_000)) for mean in (0, 0.5, 0.5, 1.0)]
    assert sound(interaction.interaction(tuple(apart))).p_value > 0.001  # type: ignore[arg-type]


def test_quantiles_cover() -> None:
    chance = np.random.default_rng(4)
    hits = 0
    for _ in range(400):
        arms = [sound(quantiles.quantile_of(chance.exponential(size=800), 0.9)) for _ in range(2)]
        effect = sound(quantiles.quantile_effect(*arms))
        hits += effect.lo <= 0 <= effect.hi
    assert 0.92 <= hits / 400 <= 0.985


EMPTY, SINGLE, SAME = Moments(), Moments.of([1.0]), Moments.of([3.0, 3.0])


@pytest.mark.parametrize(
    "found",
    [
        welch.welch(EMPTY, A),
        welch.welch(SINGLE, A),
        welch.welch(SAME, SAME),
        welch.welch_relative(Moments.of([-1.0, 1.0]), A),
        proportions.proportions((0, 0), (1, 2)),
        proportions.proportions((0, 10), (0, 10)),
        ratios.ratio(JointMoments(), JointMoments()),
        sequential.sequential(SAME, SAME),
        bayes.posterior(SINGLE, A),
        sample_ratio.sample_ratio([5, 5], [1, 0]),
        sample_ratio.sample_ratio([1, 2], [1, 1]),
        quantiles.quantile_of([1.0, 2.0], 0.99),
        ranks.mann_whitney([], [1.0]),
        ranks.mann_whitney([1.0], [1.0]),
        paired.paired(SINGLE),
        paired.wilcoxon([1.0], [1.0]),
        paired.mcnemar(5, 0, 0, 5),
        slices.heterogeneity([1.0], [1.0]),
        slices.heterogeneity([1.0, 2.0], [1.0, 0.0]),
        trend.trend([0, 1], [1.0, 2.0], [1.0, 1.0]),
        uniformity.uniformity([0.5]),
        interaction.interaction((SINGLE, A, A, A)),
    ],
)
def test_what_cannot_be_tested_says_why(found: Any) -> None:
    assert isinstance(found, Cannot)
    assert found.reason


def test_small_counts_are_tested_exactly() -> None:
    few = proportions.effect_of((1, 20), (4, 20))
    assert isinstance(few, Effect)
    assert few.method == "Fisher's exact test"
    assert sound(proportions.effect_of((100, 1_000), (130, 1_000))).method == "pooled z"


def test_nothing_to_correct() -> None:
    assert multiplicity.correct([]).adjusted == []
    with pytest.raises(KeyError):
        multiplicity.correct([0.1], "wishful")


@pytest.mark.parametrize("alpha", [0, 1, -0.1, 2])
def test_an_alpha_that_is_none(alpha: float) -> None:
    with pytest.raises(ValueError, match="alpha"):
        welch.welch(A, B, alpha)


def likelihood_of(shares: tuple[float, float], arms: list[tuple[int, int]]) -> float:
    return sum(
        float(stats.binom.logpmf(x, n, share)) for share, (x, n) in zip(shares, arms, strict=True)
    )


def test_the_score_interval_by_a_search_for_the_likeliest_shares() -> None:
    """Its ends are where the score statistic is 1.96, with shares that a plain search finds."""
    for arms in ([(7, 60), (13, 90)], [(1, 30), (9, 40)], [(20, 20), (15, 25)]):
        (x, n), (y, m) = arms
        for gap, z in zip(proportions.score(*arms), (1.959964, -1.959964), strict=True):
            found = optimize.minimize_scalar(
                lambda p, gap=gap, arms=arms: -likelihood_of((p, p + gap), arms),
                bounds=(max(0.0, -gap), min(1.0, 1 - gap)),
                method="bounded",
                options={"xatol": 1e-12},
            )
            p, q = found.x, found.x + gap
            variance = (p * (1 - p) / n + q * (1 - q) / m) * (n + m) / (n + m - 1)
            assert (y / m - x / n - gap) / math.sqrt(variance) == pytest.approx(z, abs=1e-4)


def test_the_score_interval_is_there_for_any_counts() -> None:
    for control in [(0, 5), (2, 5), (5, 5)]:
        for treatment in [(0, 8), (3, 8), (8, 8)]:
            lo, hi = proportions.score(control, treatment)
            assert -1 <= lo <= treatment[0] / 8 - control[0] / 5 <= hi <= 1
            other = proportions.score(treatment, control)
            assert other == pytest.approx((-hi, -lo), abs=1e-9)


def test_strata_beside_statsmodels() -> None:
    tables = CHANCE.integers(3, 60, (5, 2, 2))
    theirs = StratifiedTable([table.astype(float) for table in tables])
    found = sound(slices.stratified(tables.tolist()))
    assert found.odds_ratio == pytest.approx(theirs.oddsratio_pooled)
    assert found.p_value == pytest.approx(theirs.test_null_odds().pvalue)
    assert found.p_homogeneity == pytest.approx(theirs.test_equal_odds().pvalue)


def test_strata_with_the_same_odds_and_strata_that_say_nothing() -> None:
    even = [[10, 20], [10, 20]]
    found = sound(slices.stratified([even, even]))
    assert (found.odds_ratio, found.p_homogeneity) == (1.0, 1.0)
    odd, silent = [[30, 20], [10, 20]], [[0, 7], [0, 9]]
    assert slices.stratified([even, odd, silent]) == slices.stratified([even, odd])
    assert isinstance(slices.stratified([silent]), Cannot)
    never = sound(slices.stratified([[[0, 9], [4, 9]]] * 2))
    assert never.odds_ratio == 0
    assert math.isnan(never.p_homogeneity)


@settings(max_examples=20)  # statsmodels' own takes 20 ms and more
@given(p=st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_holm_beside_statsmodels(p: list[float]) -> None:
    theirs = multipletests(p, method="holm")[1]
    assert multiplicity.correct(p).adjusted == pytest.approx(list(theirs))
