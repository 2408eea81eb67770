"""Computes rows of a table of known answers by the product's own statistics.

A row has a family, inputs and expected values; `evaluate` gives what we get for the same names. Sums
of squares stand in for raw values unless these are there as well.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from statsmodels.stats.proportion import confint_proportions_2indep

from experiments.stats import (
    bayes,
    cuped,
    multiplicity,
    noninferiority,
    paired,
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

Values = Mapping[str, Any]
LEAST = 1e-12


def evaluate(row: Values) -> dict[str, Any]:
    """What we get for a row. Raises `KeyError` for a family that is not known."""
    return FAMILIES[row["family"]](row["inputs"])


def agree(expected: Any, got: Any, tolerance: float) -> bool:
    """Whether every expected value is got, numbers within max(1e-12, tolerance × |expected|)."""
    if isinstance(expected, Mapping):
        return isinstance(got, Mapping) and all(
            name in got and agree(value, got[name], tolerance) for name, value in expected.items()
        )
    if isinstance(expected, list | tuple):
        is_list = isinstance(got, list | tuple) and len(got) == len(expected)
        return is_list and all(
            agree(one, other, tolerance) for one, other in zip(expected, got, strict=True)
        )
    if isinstance(expected, bool) or not isinstance(expected, int | float):
        return type(expected) is type(got) and bool(expected == got)
    if not isinstance(got, int | float) or isinstance(got, bool):
        return False
    if math.isnan(expected):
        return math.isnan(got)
    return abs(got - expected) <= max(LEAST, tolerance * abs(expected))


def score(rows: list[Values]) -> dict[str, Any]:
    """``{"rows", "passed", "failed": [{"id", "got", "expected"}]}``."""
    failed = []
    for row in rows:
        try:
            got: Any = evaluate(row)
        except Exception as error:
            # A crash is a failed row with its reason, and the others still count.
            got = f"{type(error).__name__}: {error}"
        if isinstance(got, str) or not agree(row["expected"], got, row.get("tol", 1e-8)):
            failed.append({"id": row.get("id"), "got": got, "expected": row["expected"]})
    return {"rows": len(rows), "passed": len(rows) - len(failed), "failed": failed}


def _sums(arm: Values) -> tuple[int, float, float]:
    return arm["n"], arm["sum"], arm["sum_squares"]


def _moments(inputs: Values, arm: str) -> Moments:
    raw = inputs.get(f"{arm}_raw")
    if raw is not None:
        return Moments.of(raw)
    given = inputs[arm]
    if given.get("type") == "ProportionStatistic":
        share = given["sum"] / given["n"]
        return Moments.of_variance(given["n"], share, share * (1 - share))
    return Moments.of_sums(*_sums(given))


def _both(inputs: Values) -> tuple[Moments, Moments]:
    return _moments(inputs, "control"), _moments(inputs, "treatment")


def _effect(found: Any) -> dict[str, Any]:
    if isinstance(found, Cannot):
        raise ValueError(found.reason)
    assert isinstance(found, Effect)
    return {
        "effect": found.effect,
        "t": found.statistic,
        "df": found.df,
        "p_value": found.p_value,
        "ci": [found.lo, found.hi],
        "se": found.se,
    }


def _sound(found: Any) -> Any:
    if isinstance(found, Cannot):
        raise ValueError(found.reason)
    return found


def _welch(inputs: Values) -> dict[str, Any]:
    return _effect(welch.welch(*_both(inputs), inputs.get("alpha", 0.05)))


def _welch_relative(inputs: Values) -> dict[str, Any]:
    return _effect(welch.welch_relative(*_both(inputs), inputs["alpha"]))


def _welch_from_moments(inputs: Values) -> dict[str, Any]:
    arms = [
        Moments.of_variance(inputs[f"n_{arm}"], inputs[f"mean_{arm}"], inputs[f"var_{arm}"])
        for arm in ("c", "t")
    ]
    return _effect(welch.welch(arms[0], arms[1], inputs.get("alpha", 0.05)))


def _proportions(inputs: Values) -> dict[str, Any]:
    arms = [(inputs[arm]["x"], inputs[arm]["n"]) for arm in ("control", "treatment")]
    found = _sound(proportions.proportions(arms[0], arms[1], inputs["alpha"]))
    return {
        "effect": found.effect,
        "z_pooled": found.z,
        "p_value_pooled": found.p_pooled,
        "p_value_unpooled": found.p_unpooled,
        "ci_wald": list(found.wald),
        "ci_newcombe": list(found.newcombe),
        "ci_score": _score_interval(arms[0], arms[1], inputs["alpha"]),
        "chi2_pvalue": found.chi2_p,
        "fisher_pvalue": found.fisher_p,
    }


def _score_interval(
    control: tuple[int, int], treatment: tuple[int, int], alpha: float
) -> list[float]:
    """As the tables have it, by statsmodels; empty where its search finds none.

    In the cubic for the constrained shares statsmodels has the count of successes where Miettinen and
    Nurminen have n (statsmodels#10269). `proportions.score` is as in their paper, and differs from the
    third digit of the width on.
    """
    try:
        found = confint_proportions_2indep(*treatment, *control, method="score", alpha=alpha)
    except ValueError:
        return []
    return [float(end) for end in found]


def _ratio(inputs: Values) -> dict[str, Any]:
    arms = [
        JointMoments.of_sums(
            _sums(inputs[arm]["num"]), _sums(inputs[arm]["den"]), inputs[arm]["sum_num_den"]
        )
        for arm in ("control", "treatment")
    ]
    alpha = inputs["alpha"]
    return {
        "absolute": _effect(ratios.ratio(arms[0], arms[1], alpha)),
        "relative": _effect(ratios.ratio_relative(arms[0], arms[1], alpha)),
    }


def _cuped(inputs: Values) -> dict[str, Any]:
    arms = [
        JointMoments.of_sums(
            _sums(inputs[arm]["post"]), _sums(inputs[arm]["pre"]), inputs[arm]["sum_post_pre"]
        )
        for arm in ("control", "treatment")
    ]
    found = _sound(cuped.cuped(arms[0], arms[1], inputs["alpha"]))
    return {
        "theta": found.theta[0],
        "absolute": _effect(found.absolute),
        "relative": _effect(found.relative),
        "unadjusted_p_value": _effect(found.unadjusted)["p_value"],
        "variance_reduction": found.variance_reduction,
    }


def _sequential(inputs: Values) -> dict[str, Any]:
    alpha, planned = inputs["alpha"], inputs["tuning_parameter"]
    # A table holds the formula; what keeps its promise with small arms is beside the point there.
    found = _sound(sequential.sequential(*_both(inputs), alpha, planned, guarded=False))
    return _effect(found.effect) | {
        "rho": found.rho,
        "tau": found.tau,
        "halfwidth": found.half,
        "upper_one_sided": found.upper,
    }


def _srm(inputs: Values) -> dict[str, Any]:
    found = _sound(sample_ratio.sample_ratio(inputs["observed"], inputs["weights"]))
    return {"chi2": found.chi2, "p_value": found.p_value, "flagged_at_0_001": found.is_alarm}


def _srm_sequential(inputs: Values) -> dict[str, Any]:
    found = sample_ratio.running_ratio(
        inputs["batches"], inputs["weights"], inputs["dirichlet_concentration"]
    )
    return {"p_values": found.p_values, "log_bayes_factor_last": found.log_bayes_factor}


def _units_proportion(inputs: Values) -> dict[str, Any]:
    base = inputs["baseline"]
    other = base * (1 + inputs["relative_mde"])
    asked = (inputs["alpha"], inputs["power"], inputs["ratio_treatment_to_control"])
    h = power.cohen_h(base, other)
    return {
        "n_control_arcsine": power.units_for_arcsine(h, *asked),
        "n_control_unpooled": power.units_for_proportions(base, other, *asked),
        "cohen_h": h,
    }


def _units_mean(inputs: Values) -> dict[str, Any]:
    asked = (
        inputs["standardised_effect"],
        inputs["alpha"],
        inputs["power"],
        inputs["ratio_treatment_to_control"],
    )
    return {
        "n_control": power.units_for_mean(*asked),
        "n_control_normal_approx": power.units_for_mean_normal(*asked),
    }


def _power_mean(inputs: Values) -> dict[str, Any]:
    n, alpha = inputs["n_per_arm"], inputs["alpha"]
    return {
        "power": power.power_for_mean(n, inputs["standardised_effect"], alpha),
        "mde_at_80": power.detectable_mean(n, alpha),
    }


def _mann_whitney(inputs: Values) -> dict[str, Any]:
    found = _sound(ranks.mann_whitney(inputs["control_raw"], inputs["treatment_raw"]))
    return {
        "U_treatment": found.u,
        "p_value": found.p_value,
        "cles": found.common,
        "hodges_lehmann": found.shift,
    }


def _multiple(inputs: Values) -> dict[str, Any]:
    made = {}
    for method in multiplicity.METHODS:
        found = multiplicity.correct(inputs["p_values"], method, inputs["alpha"])
        made[method] = {"adjusted": found.adjusted, "reject": found.reject}
    return made


def _bayes(inputs: Values) -> dict[str, Any]:
    prior = bayes.Prior(**inputs["prior"])
    lower = inputs.get("lower_is_better", False)
    found = _sound(bayes.posterior(*_both(inputs), prior, lower_is_better=lower))
    return {
        "chance_to_win": found.chance_to_win,
        "posterior_mean": found.mean,
        "posterior_sd": found.sd,
        "ci": [found.lo, found.hi],
        "risk": list(found.risk),
    }


def _paired(inputs: Values) -> dict[str, Any]:
    gaps = np.array(inputs["treatment_raw"]) - np.array(inputs["control_raw"])
    wilcoxon = _sound(paired.wilcoxon(inputs["control_raw"], inputs["treatment_raw"]))
    sums = {"n": len(gaps), "sum_d": float(gaps.sum()), "sum_d2": float((gaps**2).sum())}
    return _effect(paired.paired(Moments.of(gaps), inputs.get("alpha", 0.05))) | {
        "wilcoxon_p": wilcoxon,
        "suff": sums,
    }


def _mcnemar(inputs: Values) -> dict[str, Any]:
    found = _sound(
        paired.mcnemar(
            inputs["both_ok"],
            inputs["only_control_ok"],
            inputs["only_treatment_ok"],
            inputs["both_bad"],
        )
    )
    return {
        "chi2_cc": found.chi2,
        "p_value_cc": found.p_corrected,
        "p_value_exact": found.p_exact,
    }


def _non_inferiority(inputs: Values) -> dict[str, Any]:
    found = _sound(
        noninferiority.non_inferiority(
            *_both(inputs), inputs["margin"], inputs["direction"], inputs["alpha"]
        )
    )
    return {"t": found.t, "p_value": found.p_value, "non_inferior": found.is_non_inferior}


def _stratified(inputs: Values) -> dict[str, Any]:
    found = _sound(slices.stratified(inputs["strata"]))
    return {
        "pooled_odds_ratio": found.odds_ratio,
        "p_value_null": found.p_value,
        "p_value_homogeneity_breslow_day": found.p_homogeneity,
    }


def _heterogeneity(inputs: Values) -> dict[str, Any]:
    found = _sound(slices.heterogeneity(inputs["effects"], inputs["variances"]))
    return {
        "fixed_effect": found.effect,
        "se_fixed": found.se,
        "Q": found.q,
        "p_value": found.p_value,
        "I2": found.i2,
        "tau2_dl": found.tau2,
    }


def _uniformity(inputs: Values) -> dict[str, Any]:
    found = _sound(uniformity.uniformity(inputs["p_values"]))
    return {
        "ks": found.distance,
        "p_value": found.p_value,
        "share_below_05": found.share,
        "binom_p": found.share_p,
    }


def _quantile(inputs: Values) -> dict[str, Any]:
    arms = [
        quantiles.Quantile(
            n=one["n"],
            nu=one["nu"],
            estimate=one["quantile_hat"],
            lower=one["quantile_lower"],
            upper=one["quantile_upper"],
        )
        for one in (inputs["control"], inputs["treatment"])
    ]
    return _effect(quantiles.quantile_effect(arms[0], arms[1], inputs["alpha"]))


def _trend(inputs: Values) -> dict[str, Any]:
    found = _sound(trend.trend(inputs["day"], inputs["effect"], inputs["variance"]))
    return {
        "slope": found.slope,
        "se_known_variance": found.se,
        "z": found.z,
        "p_value": found.p_value,
    }


FAMILIES: dict[str, Callable[[Values], dict[str, Any]]] = {
    "welch_t": _welch,
    "welch_t_relative_delta": _welch_relative,
    "welch_t_from_moments": _welch_from_moments,
    "two_proportion_z": _proportions,
    "ratio_delta": _ratio,
    "cuped": _cuped,
    "sequential_ci": _sequential,
    "srm_chi2": _srm,
    "srm_sequential": _srm_sequential,
    "sample_size_proportion": _units_proportion,
    "sample_size_mean": _units_mean,
    "power_mean": _power_mean,
    "mann_whitney": _mann_whitney,
    "multiple_testing": _multiple,
    "bayes_effect": _bayes,
    "paired_t": _paired,
    "mcnemar": _mcnemar,
    "non_inferiority": _non_inferiority,
    "stratified_cmh": _stratified,
    "segment_heterogeneity": _heterogeneity,
    "aa_uniformity": _uniformity,
    "quantile_effect": _quantile,
    "time_trend": _trend,
}
