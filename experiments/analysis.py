"""What an experiment's sums say: may they be read at all, and if so, what is likely.

Trust comes first: a failed check takes the place of the verdict. Every effect is compared on the
always-valid scale, so that results may be looked at whenever anybody likes. What decides is corrected
for the number of metrics and arms that decide; guardrails are one-sided and a family of their own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from experiments.state import Aggregation, Direction, Part
from experiments.stats import cuped, multiplicity, ratios, sequential, slices, trend, welch
from experiments.stats.moments import JointMoments
from experiments.stats.plausibility import plausibility
from experiments.stats.quantiles import quantile_of_bins
from experiments.stats.results import Cannot
from experiments.stats.sample_ratio import ALARM, running_ratio, sample_ratio

ONE_VALUE = (Aggregation.CONVERSION, Aggregation.COUNT, Aggregation.SUM)  # a mean over units
MIXED = 0.01  # share of units that met several variations from which nothing is to be believed
BALANCE = 0.001
NOVELTY = 0.01
HETEROGENEOUS = 0.05
FEWEST_SLICE = 100  # units an arm below which a slice is not shown

Arms = Mapping[str, JointMoments]
# Counts by bin of one arm: lower end, upper end, units.
Bins = Sequence[tuple[float, float, int]]
Floats = NDArray[np.float64]
Columns = Mapping[str, Sequence[float]]
Estimates = tuple[list[float], list[float]]  # n, estimate, variance of one unit; control, treatment


@dataclass(frozen=True, slots=True)
class Kept:
    """A metric that is kept, with its part in the experiment."""

    metric: str
    name: str
    aggregation: str
    direction: str
    unit: str
    part: str
    margin: float
    has_covariate: bool
    quantile: float | None = None


@dataclass(frozen=True, slots=True)
class Audited:
    """What an audit found: `kind` is ``interaction`` or ``aa``, `p_value` None if it could not run."""

    kind: str
    subject: str
    p_value: float | None
    words: str


@dataclass(frozen=True, slots=True)
class Data:
    """Everything that is known of a phase, as sums. `hours` since the start."""

    sums: Mapping[str, Arms]
    by_slice: Mapping[str, Mapping[str, Arms]]
    by_day: Mapping[str, Mapping[date, Arms]]
    units: Mapping[str, tuple[int, int]]
    hours: float
    past_lifts: Mapping[str, Sequence[float]] = field(default_factory=dict)
    audits: Sequence[Audited] = ()
    bins: Mapping[str, Mapping[str, Bins]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Check:
    """Whether results may be read: ``passed``, ``failed``, ``cleared`` or ``unknown``."""

    key: str
    name: str
    state: str
    sentence: str


class Comparison(NamedTuple):
    """A treatment beside the control. Shares are of the control's value, None where it is zero.

    `lo` … `hi` is always valid unless `is_fixed`, when it is Welch's and holds for one look only;
    `spread` is the standard deviation of one unit of the control. A named tuple: a page makes
    hundreds of them, and a frozen dataclass takes four times as long.
    """

    metric: str
    name: str
    part: str
    unit: str
    aggregation: str
    direction: str
    variation: str
    slice: str
    n_control: int
    n: int
    control: float
    treatment: float
    difference: float
    effect: float | None
    lo: float | None
    hi: float | None
    p_value: float | None
    margin: float
    is_fixed: bool
    is_harm: bool
    reading: str
    sentence: str
    spread: float = math.nan


@dataclass(frozen=True, slots=True)
class Slices:
    """A metric within slices: where it is shown, and whether the slices differ beyond chance."""

    metric: str
    name: str
    attribute: str
    variation: str
    rows: list[Comparison]
    p_value: float | None
    sentence: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What may be said: ``held``, ``harm``, ``better``, ``worse``, ``inconclusive`` or ``running``."""

    code: str
    sentence: str
    variation: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """Checks, comparisons and what follows from them."""

    checks: list[Check]
    comparisons: list[Comparison]
    slices: list[Slices]
    warnings: list[str]
    verdict: Verdict
    units: int
    planned: int
    days_left: int | None

    def of(self, part: str) -> list[Comparison]:
        """Comparisons of the metrics with this part."""
        return [one for one in self.comparisons if one.part == part]

    def effects(self) -> dict[str, dict[str, float]]:
        """Relative effects by metric and variation."""
        found: dict[str, dict[str, float]] = {}
        for one in self.comparisons:
            if one.effect is not None:
                found.setdefault(one.metric, {})[one.variation] = one.effect
        return found


def as_percent(share: float) -> str:
    """A signed share with the digits that matter: ``+2.35 %``."""
    return f"{signed(share)} %"


def signed(share: float) -> str:
    """The same without its sign for per cent."""
    return f"{share * 100:+.3g}".replace("-", "−")


def analyse(
    design: Mapping[str, Any],
    kept: Sequence[Kept],
    data: Data,
    cleared: Mapping[str, Any] | None = None,
) -> Report:
    """Everything that the sums of a phase say about its design."""
    keys = [one["key"] for one in design["variations"]]
    comparisons = _comparisons(design, kept, data, keys)
    checks = _checks(design, kept, data, keys, comparisons, cleared or {})
    units = sum(count for count, _ in data.units.values())
    return Report(
        checks=checks,
        comparisons=comparisons,
        slices=_slices(design, kept, data, keys),
        warnings=_warnings(kept, data, keys),
        verdict=_verdict(design, checks, comparisons, data, units),
        units=units,
        planned=design["units"],
        days_left=_days_left(design, data, units),
    )


def _comparisons(
    design: Mapping[str, Any], kept: Sequence[Kept], data: Data, keys: Sequence[str]
) -> list[Comparison]:
    """Every metric and treatment, part by part, each part with an alpha of its own."""
    found: list[Comparison] = []
    for part in Part:
        mine = [one for one in kept if one.part == part]
        family = max(1, len(mine) * (len(keys) - 1))
        alpha = design["alpha"] / (1 if part == Part.SECONDARY else family)
        asked = [(one, "", data.sums.get(one.metric, {}), key) for one in mine for key in keys[1:]]
        found += _compare(design, asked, keys[0], alpha, data.bins)
    return found


Asked = tuple[Kept, str, Arms, str]


def _compare(
    design: Mapping[str, Any],
    asked: Sequence[Asked],
    control: str,
    alpha: float,
    bins: Mapping[str, Mapping[str, Bins]] | None = None,
) -> list[Comparison]:
    """All of them in two calls over arrays: on the metric's scale, and as shares of the control."""
    if not asked:
        return []
    rows = [
        _quantiles(kept, (bins or {}).get(kept.metric, {}), control, key)
        if kept.quantile is not None
        else _arms(kept, arms.get(control), arms.get(key))
        for kept, _, arms, key in asked
    ]
    controls = np.array([row[0] for row in rows], dtype=np.float64)
    treatments = np.array([row[1] for row in rows], dtype=np.float64)
    planned = float(design["units"])
    plain, shares, fixed = (
        {name: values.tolist() for name, values in found.items()}
        for found in (
            sequential.batch(controls, treatments, alpha, planned),
            sequential.batch_relative(controls, treatments, alpha, planned),
            welch.batch(*_as_shares(controls, treatments), alpha),
        )
    )
    return [
        _comparison(design, one, rows[n], n, plain, shares, fixed) for n, one in enumerate(asked)
    ]


def _arms(kept: Kept, control: JointMoments | None, treatment: JointMoments | None) -> Estimates:
    """(n, estimate, variance of one unit) of both arms, with what the covariate explains gone."""
    c, t = control or JointMoments(), treatment or JointMoments()
    if kept.aggregation in (Aggregation.MEAN, Aggregation.RATIO):
        return _ratio(c), _ratio(t)
    theta, mean = cuped.pooled(c, t) if kept.has_covariate else (0.0, 0.0)
    return _adjusted(c, theta, mean), _adjusted(t, theta, mean)


def _quantiles(
    kept: Kept, bins: Mapping[str, Bins], control: str, treatment: str
) -> tuple[list[float], list[float]]:
    """As `_arms`, with the variance that gives a quantile its standard error."""
    first, second = (_quantile(kept, bins.get(key, ())) for key in (control, treatment))
    return first, second


def _quantile(kept: Kept, counts: Bins) -> list[float]:
    found = quantile_of_bins(counts, kept.quantile or 0.5)
    if isinstance(found, Cannot):
        return [sum(count for *_, count in counts), math.nan, math.nan]
    return [found.n, found.estimate, found.se(0.05) ** 2 * found.n]


def _ratio(arm: JointMoments) -> list[float]:
    if arm.n < 2 or arm.y.mean == 0:
        return [arm.n, math.nan, math.nan]
    return [arm.n, arm.x.mean / arm.y.mean, ratios.variance(arm)]


def _adjusted(arm: JointMoments, theta: float, mean: float) -> list[float]:
    x, y = arm.x, arm.y
    left = max(x.m2 + theta**2 * y.m2 - 2 * theta * arm.c, 0.0)
    variance = left / (x.n - 1) if x.n > 1 else math.nan
    return [x.n, x.mean - theta * (y.mean - mean), variance]


def _as_shares(controls: Floats, treatments: Floats) -> tuple[Floats, Floats]:
    """Both arms as shares of the control's estimate, by the delta method."""
    with np.errstate(divide="ignore", invalid="ignore"):
        base = np.where(controls[:, 1] == 0, np.nan, controls[:, 1])
        ratio = treatments[:, 1] / base
        one = np.ones_like(base)
        return (
            np.column_stack([controls[:, 0], one, controls[:, 2] * ratio**2 / base**2]),
            np.column_stack([treatments[:, 0], ratio, treatments[:, 2] / base**2]),
        )


def _comparison(
    design: Mapping[str, Any],
    asked: Asked,
    arms: Estimates,
    n: int,
    plain: Columns,
    shares: Columns,
    fixed: Columns,
) -> Comparison:
    kept, name, _, key = asked
    control, treatment = arms
    is_fixed = math.isnan(shares["effect"][n])
    scale = fixed if is_fixed else shares
    effect, lo, hi = _number(scale["effect"][n]), _number(scale["lo"][n]), _number(scale["hi"][n])
    harm = None if is_fixed else _harm(kept, shares, plain, n)
    reading, sentence = _read(design, kept, arms, (effect, lo, hi), is_fixed, harm)
    return Comparison(
        metric=kept.metric,
        name=kept.name,
        part=kept.part,
        unit=kept.unit,
        aggregation=kept.aggregation,
        direction=kept.direction,
        variation=key,
        slice=name,
        n_control=int(control[0]),
        n=int(treatment[0]),
        control=control[1],
        treatment=treatment[1],
        difference=treatment[1] - control[1],
        effect=effect,
        lo=lo,
        hi=hi,
        p_value=None if is_fixed else _number(plain["p_value"][n]),
        margin=kept.margin,
        is_fixed=is_fixed,
        is_harm=harm is not None and harm[0] > kept.margin,
        reading=reading,
        sentence=sentence,
        spread=math.sqrt(control[2]) if control[2] > 0 else math.nan,
    )


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _harm(kept: Kept, shares: Columns, plain: Columns, n: int) -> tuple[float, float] | None:
    """One-sided bounds of how much worse the treatment is, as a share of the control."""
    if kept.part != Part.GUARDRAIL:
        return None
    lower, upper = float(shares["lower"][n]), float(shares["upper"][n])
    return (lower, upper) if kept.direction == Direction.DOWN else (-upper, -lower)


def _read(
    design: Mapping[str, Any],
    kept: Kept,
    arms: Estimates,
    interval: tuple[float | None, float | None, float | None],
    is_fixed: bool,
    harm: tuple[float, float] | None,
) -> tuple[str, str]:
    """The reading in a word or two, and what stands behind it in a sentence."""
    n = int(min(arms[0][0], arms[1][0]))
    effect, lo, hi = interval
    if harm is not None:
        return _read_guardrail(kept, harm)
    if is_fixed or effect is None or lo is None or hi is None:
        if n < sequential.FEWEST:
            needed = _needed(design, arms)
            said = f"{n:,} unit{'' if n == 1 else 's'} in an arm say nothing yet"
            return "Inconclusive", said + (f"; about {needed:,} an arm would" if needed else "")
        return "Not known", "nothing has varied yet, or too little is known of the control"
    up = kept.direction == Direction.UP
    if lo > 0 or hi < 0:
        is_good = (lo > 0) == up
        return ("Better", "likely") if is_good else ("Worse", "likely")
    needed = _needed(design, arms)
    return "Unclear", f"about {needed:,} an arm would tell" if needed and needed > n else ""


def _read_guardrail(kept: Kept, harm: tuple[float, float]) -> tuple[str, str]:
    lower, upper = harm
    limit = f"limit of {as_percent(kept.margin)}"
    if lower > kept.margin:
        return "Worse", f"beyond the {limit}" if kept.margin else "beyond chance"
    if upper < kept.margin:
        return "Within limit", ""
    if math.isinf(upper):
        return "Not known yet", "too little is known of the control"
    return "Not known yet", f"it may be worse by up to {as_percent(upper)}"


def _needed(design: Mapping[str, Any], arms: Estimates) -> int | None:
    """Units an arm to find the smallest effect worth having, or else what is seen now.

    The textbook's number for one look, (z_a + z_b)² (v_c + v_t) / δ²; looking often costs more.
    """
    control, treatment = arms
    smallest = design["smallest_effect"] * abs(control[1])
    target = smallest or abs(treatment[1] - control[1])
    both = [v for v in (control[2], treatment[2]) if not math.isnan(v)]
    if not both or not target or math.isnan(target):
        return None
    z = float(special.ndtri(1 - design["alpha"] / 2) + special.ndtri(design["power"]))
    needed: int = math.ceil(z**2 * 2 * sum(both) / len(both) / target**2)
    return needed


def _checks(
    design: Mapping[str, Any],
    kept: Sequence[Kept],
    data: Data,
    keys: Sequence[str],
    comparisons: Sequence[Comparison],
    cleared: Mapping[str, Any],
) -> list[Check]:
    """Whether the results may be read, the most damning check first."""
    weights = [one["weight"] for one in design["variations"]]
    found = [
        _sample_ratio(data, keys, weights),
        _one_arm_each(data),
        _balance(kept, data, keys),
        _ratio_of_slices(data, keys, weights),
        _not_too_good(data, comparisons),
        _audited(data, "interaction", "No interaction", "nothing else runs on the same units"),
        _audited(data, "aa", "Standing A/A", "not run yet"),
    ]
    return [
        Check(one.key, one.name, "cleared", f"{one.sentence} {cleared[one.key]['finding']}")
        if one.state == "failed" and one.key in cleared
        else one
        for one in found
    ]


def _sample_ratio(data: Data, keys: Sequence[str], weights: Sequence[float]) -> Check:
    """Counts against weights, by the test that may be looked at whenever anybody likes."""
    counts = [data.units.get(key, (0, 0))[0] - data.units.get(key, (0, 0))[1] for key in keys]
    strange = sorted(data.units.keys() - set(keys))
    key, name = "sample_ratio", "Sample ratio"
    if strange:
        return Check(key, name, "failed", f"units met {strange[0]!r}, which is no variation")
    if sum(counts) == 0:
        return Check(key, name, "unknown", "nobody has been exposed yet")
    p = running_ratio([counts], weights).p_values[-1]
    shares = " : ".join(f"{count / sum(counts) * 100:.2f}" for count in counts)
    state = "failed" if p < ALARM else "passed"
    return Check(key, name, state, f"{shares}, p = {_p(p)}")


def _one_arm_each(data: Data) -> Check:
    units = sum(count for count, _ in data.units.values())
    mixed = sum(several for _, several in data.units.values())
    key, name = "one_arm", "One arm each"
    if not units:
        return Check(key, name, "unknown", "nobody has been exposed yet")
    share = mixed / units
    said = f"{share * 100:.2f} % of the units met several"
    return Check(key, name, "failed" if share > MIXED else "passed", said)


def _balance(kept: Sequence[Kept], data: Data, keys: Sequence[str]) -> Check:
    """Before exposure the arms must not differ: nothing has been done to them yet."""
    key, name = "balance", "Pre-period balance"
    worst: tuple[float, float, str] | None = None
    tests = 0
    for one in kept:
        arms = data.sums.get(one.metric, {})
        if not one.has_covariate or keys[0] not in arms:
            continue
        for treatment in keys[1:]:
            found = welch.welch(arms[keys[0]].y, arms.get(treatment, JointMoments()).y)
            if isinstance(found, Cannot):
                continue
            tests += 1
            base = arms[keys[0]].y.mean
            gap = found.effect / base if base else math.inf
            if worst is None or found.p_value < worst[0]:
                worst = (found.p_value, gap, one.name)
    if worst is None:
        return Check(key, name, "unknown", "no metric has a period before exposure")
    p, gap, metric = worst
    state = "failed" if p < BALANCE / tests else "passed"
    return Check(key, name, state, f"largest gap {as_percent(gap)} ({metric}), p = {_p(p)}")


def _ratio_of_slices(data: Data, keys: Sequence[str], weights: Sequence[float]) -> Check:
    """The sample ratio within every slice: a mismatch in one browser hides in the whole."""
    key, name = "slice_ratio", "Sample ratio by slice"
    first = next(iter(data.by_slice.values()), {})
    tested = {}
    for part, arms in first.items():
        counts = [arms[k].n if k in arms else 0 for k in keys]
        found = sample_ratio(counts, weights)
        if not isinstance(found, Cannot):
            tested[part] = found.p_value
    if not tested:
        return Check(key, name, "unknown", "no slices, or too few units in them")
    worst = min(tested, key=lambda part: tested[part])
    state = "failed" if tested[worst] < ALARM / len(tested) else "passed"
    return Check(key, name, state, f"{worst}, p = {_p(tested[worst])}, of {len(tested)} slices")


def _not_too_good(data: Data, comparisons: Sequence[Comparison]) -> Check:
    """Twyman's law, for the metrics that decide."""
    key, name = "too_good", "Not too good"
    deciding = [one for one in comparisons if one.part == Part.PRIMARY and one.effect is not None]
    if not deciding:
        return Check(key, name, "unknown", "no effect to judge yet")
    worst = max(deciding, key=lambda one: abs(one.effect or 0.0))
    se = _standard_error(worst, data)
    z = (worst.effect or 0.0) / se if se else 0.0
    past = data.past_lifts.get(worst.metric, ())
    found = plausibility(worst.effect or 0.0, z, data.hours, past)
    return Check(key, name, "failed" if found.is_alarm else "passed", found.sentence)


def _audited(data: Data, kind: str, name: str, otherwise: str) -> Check:
    """The worst of the audits of a kind, corrected for how many there were."""
    run = [one for one in data.audits if one.kind == kind and one.p_value is not None]
    if not run:
        said = next((one.words for one in data.audits if one.kind == kind), otherwise)
        return Check(kind, name, "unknown", said)
    worst = min(run, key=lambda one: one.p_value or 0.0)
    p = min(1.0, (worst.p_value or 0.0) * len(run))
    state = "failed" if p < ALARM else "passed"
    return Check(kind, name, state, f"{worst.words}, p = {_p(p)}")


def _standard_error(one: Comparison, data: Data) -> float:
    arms = data.sums.get(one.metric, {})
    treatment = arms.get(one.variation)
    control = next((arm for key, arm in arms.items() if key != one.variation), None)
    if treatment is None or control is None or min(treatment.n, control.n) < 2 or not one.control:
        return 0.0
    variance = control.x.variance / control.n + treatment.x.variance / treatment.n
    return math.sqrt(variance) / abs(one.control)


def _p(p: float) -> str:
    return f"{p:.3f}" if p >= 0.001 else "under 0.001"


def _slices(
    design: Mapping[str, Any], kept: Sequence[Kept], data: Data, keys: Sequence[str]
) -> list[Slices]:
    """The deciding metrics within slices; where they do not differ beyond chance, it says so."""
    cuts = [
        _Cut(one, attribute, key, _big(data.by_slice.get(one.metric, {}), attribute, keys[0], key))
        for one in kept
        if one.part == Part.PRIMARY and one.quantile is None
        for attribute in design["slices"]
        for key in keys[1:]
    ]
    found: dict[int, Slices] = {}
    for count in {len(cut.arms) for cut in cuts} - {0}:
        # Corrected for as many slices as are shown: whatever shows as many is compared in one call.
        same = [n for n, cut in enumerate(cuts) if len(cut.arms) == count]
        asked = [asked for n in same for asked in cuts[n].asked()]
        rows = _compare(design, asked, keys[0], design["alpha"] / count)
        for at, n in enumerate(same):
            found[n] = _slice(cuts[n], rows[at * count : (at + 1) * count], keys[0])
    return [found[n] for n in sorted(found)]


@dataclass(frozen=True, slots=True)
class _Cut:
    """A metric within the slices of an attribute that are large enough to be shown."""

    kept: Kept
    attribute: str
    treatment: str
    arms: Mapping[str, Arms]

    def asked(self) -> list[Asked]:
        """What is compared, slice by slice."""
        ordered = sorted(self.arms.items())
        return [(self.kept, name, arms, self.treatment) for name, arms in ordered]


def _big(
    parts: Mapping[str, Arms], attribute: str, control: str, treatment: str
) -> dict[str, Arms]:
    return {
        name: arms
        for name, arms in parts.items()
        if name.startswith(f"{attribute}=")
        and all(key in arms and arms[key].n >= FEWEST_SLICE for key in (control, treatment))
    }


def _slice(cut: _Cut, rows: list[Comparison], control: str) -> Slices:
    usable = [one for one in rows if one.effect is not None and not one.is_fixed]
    p, sentence = None, "too few slices to tell whether they differ"
    if len(usable) > 1:
        spread = [_share_variance(one, cut.arms[one.slice], control) for one in usable]
        test = slices.heterogeneity([one.effect or 0.0 for one in usable], spread)
        if not isinstance(test, Cannot):
            p = test.p_value
            sentence = (
                "they differ beyond chance"
                if p < HETEROGENEOUS
                else "they do not differ beyond chance: read the whole, not the parts"
            )
    kept = cut.kept
    return Slices(kept.metric, kept.name, cut.attribute, cut.treatment, rows, p, sentence)


def _share_variance(one: Comparison, arms: Arms, control: str) -> float:
    c, t = arms[control].x, arms[one.variation].x
    return (c.variance / c.n + t.variance / t.n) / one.control**2


def _warnings(kept: Sequence[Kept], data: Data, keys: Sequence[str]) -> list[str]:
    """What does not forbid a verdict and should be known before it is acted on."""
    found = []
    for one in kept:
        if one.part != Part.PRIMARY or one.aggregation not in ONE_VALUE:
            continue
        for treatment in keys[1:]:
            fading = _trend(data.by_day.get(one.metric, {}), keys[0], treatment)
            if fading is not None and fading.p_value < NOVELTY:
                found.append(
                    f"The effect on {one.name} of {treatment} changes with the day of first"
                    f" exposure ({fading.slope:+.3g} a day, p = {_p(fading.p_value)}): it may be new"
                    " rather than good."
                )
    return found


def _trend(days: Mapping[date, Arms], control: str, treatment: str) -> trend.Trend | None:
    ordered = sorted(days)
    rows = [
        ((day - ordered[0]).days, days[day][control].x, days[day][treatment].x)
        for day in ordered
        if control in days[day] and treatment in days[day]
    ]
    usable = [
        (day, t.mean - c.mean, c.variance / c.n + t.variance / t.n)
        for day, c, t in rows
        if min(c.n, t.n) >= FEWEST_SLICE and c.m2 + t.m2 > 0
    ]
    if len(usable) < 3:
        return None
    found = trend.trend(*map(list, zip(*usable, strict=True)))
    return None if isinstance(found, Cannot) else found


def _verdict(
    design: Mapping[str, Any],
    checks: Sequence[Check],
    comparisons: Sequence[Comparison],
    data: Data,
    units: int,
) -> Verdict:
    failed = [one for one in checks if one.state == "failed"]
    if failed:
        return Verdict("held", f"{failed[0].name}: {failed[0].sentence}.")
    harmed = [one for one in comparisons if one.is_harm]
    if harmed:
        first = harmed[0]
        said = f"{first.name} got worse by {_signed(first)} with {first.variation}."
        return Verdict("harm", said, first.variation)
    deciding = [one for one in comparisons if one.part == Part.PRIMARY]
    for word in ("Better", "Worse"):
        found = [one for one in deciding if one.reading == word]
        if (
            found
            and len({one.reading for one in deciding if one.variation == found[0].variation}) == 1
        ):
            first = found[0]
            said = (
                f"{first.name} is likely {word.lower()} with {first.variation}: {_signed(first)}."
            )
            return Verdict(word.lower(), said, first.variation)
    if data.hours >= design["days"] * 24 or units >= design["units"]:
        said = "The interval still holds effects on both sides of nothing: inconclusive."
        return Verdict("inconclusive", said)
    return Verdict("running", "Not known yet; looking early costs nothing.")


def _signed(one: Comparison) -> str:
    if one.effect is None:
        return f"{one.difference:+.3g}"
    return f"{as_percent(one.effect)} ({signed(one.lo or 0.0)} … {signed(one.hi or 0.0)})"


def _days_left(design: Mapping[str, Any], data: Data, units: int) -> int | None:
    """Whole days until as many units as planned and as many days as at least, at today's rate."""
    days = data.hours / 24
    least = max(0.0, design["min_days"] - days)
    if days <= 0 or not units:
        return None
    rate = units / days
    left: int = math.ceil(max(least, (design["units"] - units) / rate, 0.0))
    return left


def corrected(comparisons: Sequence[Comparison]) -> dict[tuple[str, str], float]:
    """p-values of the metrics one learns from, corrected for how many there are, by (metric, arm)."""
    mine = [one for one in comparisons if one.part == Part.SECONDARY and one.p_value is not None]
    found = multiplicity.correct([one.p_value or 0.0 for one in mine], "fdr_bh").adjusted
    return {(one.metric, one.variation): p for one, p in zip(mine, found, strict=True)}
