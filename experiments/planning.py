"""How many units an experiment needs and how long that takes, before there are data.

Sample sizes are the textbook's (Fleiss, Levin and Paik 2003, chapter 4); what looking at any time
costs is worked out from the very interval that results are read by, not guessed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scipy import special

from eventlog.core import Refused
from experiments.stats.power import units_for_proportions_pooled
from experiments.stats.sequential import tightest

KINDS = ("share", "mean", "crossover", "switchback")
LEAST_DAYS, WEEK = 7, 7
WEEKS = (1, 2, 4, 8)
CURVE = 40  # points of the power curve
MOST = 10**12
DEFAULTS: dict[str, Any] = {
    "kind": "share",
    "baseline": 0.1,
    "sd": 0.0,
    "effect": 0.02,
    "relative": True,
    "alpha": 0.05,
    "power": 0.8,
    "arms": 2,
    "metrics": 1,
    "explained": 0.0,
    "correlation": 0.5,
    "units_a_day": 0,
    "coverage": 1.0,
}

UNITS = (
    (
        "request",
        "One person meets both arms, so that what carries over from one request to the next hides"
        " the effect, and requests of one person are not independent. Good for what nobody notices,"
        " such as latency.",
    ),
    (
        "cookie or device",
        "People with several devices or cleared cookies meet both arms, which draws the effect"
        " towards nothing and counts one person several times.",
    ),
    (
        "session",
        "A person may be in another arm tomorrow: effects that take longer than a session are not"
        " seen, and learning from one arm spoils the other.",
    ),
    (
        "user",
        "Only those who sign in can be told apart; who signs in may itself be an outcome. Lasting"
        " effects are seen. The default, where it can be had.",
    ),
)
OTHERWISE = (
    (
        "crossover",
        "Each unit gets both, one after the other, in an order by chance, with a pause between. Few"
        " units suffice; only for what leaves no trace.",
    ),
    (
        "switchback",
        "Everybody gets the same, and it switches from period to period by chance. For markets and"
        " shared resources, where the units of one arm change what the others meet.",
    ),
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What it takes. `an_arm` is for one look at the end, `looking` for looks at any time.

    For a crossover they are units in all, for a switchback periods in all; `pooled` is the other
    textbook formula for two shares. `weeks` are (weeks, smallest effect that is found by then).
    """

    kind: str
    an_arm: int
    pooled: int | None
    looking: int
    total: int
    days: int | None
    reason: str
    difference: float
    alpha: float
    weeks: list[tuple[int, float]]
    curve: list[tuple[int, float]]

    @property
    def extra(self) -> float:
        """How many more units it takes to be allowed to look, as a share."""
        return self.looking / self.an_arm - 1


def sound(given: Mapping[str, Any]) -> dict[str, Any]:
    """The question with its defaults. Raises `Refused` naming the field."""
    if unknown := sorted(given.keys() - DEFAULTS.keys()):
        raise Refused("Is not known.", "unknown_field", unknown[0])
    made = {**DEFAULTS, **given}
    if made["kind"] not in KINDS:
        raise Refused(f"Must be one of {', '.join(KINDS)}.", "bad_value", "kind")
    bounds = (
        *(("alpha", 1e-6, 0.5), ("power", 0.5, 0.999), ("explained", 0.0, 0.99)),
        *(("correlation", -0.99, 0.99), ("coverage", 1e-4, 1.0), ("effect", 1e-9, 1e12)),
        *(("arms", 2, 50), ("metrics", 1, 50), ("units_a_day", 0, MOST), ("sd", 0.0, 1e12)),
    )
    for name, low, high in bounds:
        value = made[name]
        if type(value) not in (int, float) or not low <= value <= high:
            raise Refused(f"Must be a number from {low:g} to {high:g}.", "bad_value", name)
    _check_baseline(made)
    return made


def _check_baseline(made: Mapping[str, Any]) -> None:
    baseline = made["baseline"]
    if type(baseline) not in (int, float) or not abs(baseline) <= 1e12:
        raise Refused("Must be a number.", "bad_value", "baseline")
    if made["relative"] and baseline == 0:
        raise Refused("Nothing is a share of nothing.", "bad_value", "baseline")
    if made["kind"] != "share":
        if made["sd"] <= 0:
            raise Refused("Is needed for a mean, and above 0.", "bad_value", "sd")
        return
    if not 0 < baseline < 1:
        raise Refused("A share lies between 0 and 1.", "bad_value", "baseline")
    if not 0 < baseline + _difference(made) < 1:
        raise Refused("Together with the baseline it is no share.", "bad_value", "effect")


def _difference(made: Mapping[str, Any]) -> float:
    effect = made["effect"] * abs(made["baseline"]) if made["relative"] else made["effect"]
    return float(effect)


def plan(given: Mapping[str, Any]) -> Plan:
    """What it takes to find the effect. Raises `Refused`."""
    made = sound(given)
    difference = _difference(made)
    # Each arm against the control and each metric that decides: Bonferroni.
    alpha = made["alpha"] / ((made["arms"] - 1) * made["metrics"])
    both = _both(made, difference)
    z = float(special.ndtri(1 - alpha / 2) + special.ndtri(made["power"]))
    exact = z**2 * both / difference**2
    if exact > MOST:
        raise Refused("That would take more than 10^12 units.", "bad_value", "effect")
    an_arm = max(2, math.ceil(exact))
    pooled = None
    if made["kind"] == "share":
        base = made["baseline"]
        found = units_for_proportions_pooled(base, base + difference, alpha, made["power"])
        pooled = math.ceil(found * (1 - made["explained"]))
    looking = _looking(both, difference, alpha, made["power"], an_arm)
    total = looking * (1 if made["kind"] in ("crossover", "switchback") else made["arms"])
    days, reason = _days(made, total)
    return Plan(
        kind=made["kind"],
        an_arm=an_arm,
        pooled=pooled,
        looking=looking,
        total=total,
        days=days,
        reason=reason,
        difference=difference,
        alpha=alpha,
        weeks=_weeks(made, both, z),
        curve=_curve(both, difference, alpha, looking),
    )


def _both(made: Mapping[str, Any], difference: float) -> float:
    """Variance of one unit of each arm together, with what a covariate explains gone."""
    left = 1 - made["explained"]
    if made["kind"] == "share":
        base, other = made["baseline"], made["baseline"] + difference
        return float((base * (1 - base) + other * (1 - other)) * left)
    variance = made["sd"] ** 2
    if made["kind"] == "crossover":
        # Each unit is its own control: the variance of a difference within a unit.
        return float(2 * variance * (1 - made["correlation"]) * left)
    if made["kind"] == "switchback":
        # Half of the periods each; neighbours that resemble each other tell less (Bojinov,
        # Simchi-Levi and Zhao 2023, "Design and analysis of switchback experiments").
        r = max(0.0, made["correlation"])
        return float(4 * variance * (1 + r) / (1 - r) * left)
    return float(2 * variance * left)


def _looking(both: float, difference: float, alpha: float, power: float, least: int) -> int:
    """Units with which the always-valid interval excludes nothing with this power."""
    low, high = least, least
    while _power_looking(both, difference, alpha, high) < power:
        low, high = high, high * 2
    while high - low > max(1, low // 10_000):
        middle = (low + high) // 2
        enough = _power_looking(both, difference, alpha, middle) >= power
        low, high = (low, middle) if enough else (middle, high)
    return high


def _power_looking(both: float, difference: float, alpha: float, an_arm: int) -> float:
    se, n = math.sqrt(both / an_arm), 2 * an_arm
    rho = tightest(alpha, n)
    spread = n * rho**2 + 1
    half = (
        se
        * math.sqrt(n)
        * math.sqrt(2 * spread / (n * rho) ** 2 * math.log(math.sqrt(spread) / alpha))
    )
    return float(special.ndtr((difference - half) / se))


def power_at(both: float, difference: float, alpha: float, an_arm: int) -> float:
    """The chance to find the difference with one look at so many units an arm."""
    reach = float(special.ndtri(1 - alpha / 2))
    return float(special.ndtr(difference / math.sqrt(both / an_arm) - reach))


def _curve(both: float, difference: float, alpha: float, looking: int) -> list[tuple[int, float]]:
    most = max(CURVE, round(looking * 1.25))
    steps = sorted({max(1, round(most * n / CURVE)) for n in range(1, CURVE + 1)})
    return [(n, power_at(both, difference, alpha, n)) for n in steps]


def _a_day(made: Mapping[str, Any]) -> float:
    return float(made["units_a_day"] * made["coverage"])


def _days(made: Mapping[str, Any], total: int) -> tuple[int | None, str]:
    """Days in whole weeks, at least one, since days of a week differ."""
    rate = _a_day(made)
    if not rate:
        return None, "say how many units come a day to know how long it takes"
    exact = total / rate
    days = max(LEAST_DAYS, math.ceil(exact / WEEK) * WEEK)
    if exact <= LEAST_DAYS:
        return days, "a whole week, since the days of a week differ"
    return days, f"{exact:.1f} days of units, in whole weeks"


def _weeks(made: Mapping[str, Any], both: float, z: float) -> list[tuple[int, float]]:
    """The smallest effect that is found by the end of some weeks, on the scale that was asked for."""
    rate = _a_day(made)
    if not rate:
        return []
    share = 1 if made["kind"] in ("crossover", "switchback") else made["arms"]
    scale = abs(made["baseline"]) if made["relative"] else 1.0
    return [(w, z * math.sqrt(both / (rate * w * WEEK / share)) / scale) for w in WEEKS]
