"""A service level objective as it is written down: plain JSON in, exact parts out, and back.

The plain form is what the API, events and rows hold; `read` checks it and gives it exact parts.
Ratios are decimal texts there and spans texts such as ``30d``, so that nothing is rounded between
them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from monitoring.labels import BadSeries, check_series
from monitoring.slo.burn import Guard, Pair, check_pairs, standard
from monitoring.slo.exact import SPAN, BadSlo, plain, ratio, span, spelled
from monitoring.slo.indicator import Indicator, Occurrences, RatioTimeSlices, TimeSlices
from monitoring.slo.ledger import target_of
from monitoring.slo.windows import Calendar, Rolling, Window

METHODS = ("occurrences", "time_slices", "ratio_time_slices")
OPERATORS = ("lt", "lte", "gt", "gte")
MAX_PAIRS = 10
START = "%Y-%m-%d %H:%M:%S"

Plain = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Selector:
    """One series, named exactly."""

    series: str
    labels: dict[str, str]


@dataclass(frozen=True, slots=True)
class Ratio:
    """Two series whose points belong together by their time: `part` of `total`.

    `part` counts good events, or bad ones if `is_bad`. Values are counts since the point before;
    with `counter` they are running totals, which only rise and may begin again from 0.
    """

    part: Selector
    total: Selector
    is_bad: bool = False
    counter: bool = False


@dataclass(frozen=True, slots=True)
class Bound:
    """One series whose values are good while they are `op` than the bound."""

    value: Selector
    op: str
    bound: Fraction


Source = Ratio | Bound


@dataclass(frozen=True, slots=True)
class Slo:
    """What is promised, over which time, and which burn rates raise an alarm.

    `source` is None while no series is connected: the objective is kept and not evaluated.
    """

    target: Fraction
    window: Window
    indicator: Indicator
    source: Source | None
    pairs: tuple[Pair, ...]

    @property
    def lookback(self) -> int:
        """Minutes of counts that alerts look back on."""
        return max((pair.long for pair in self.pairs), default=0)


def read(given: Mapping[str, Any]) -> Slo:
    """An objective from its plain form; alerts that are None are the standard ones.

    Raises `BadSlo` naming the field, also for settings that can never fire.
    """
    known(given, ("target", "window", "indicator", "alerts"), "")
    target = target_of(given.get("target"), "target")
    window = _window(mapping(given.get("window"), "window"))
    about = mapping(given.get("indicator"), "indicator")
    indicator, source = _indicator(about), _source(about.get("source"), "indicator.source")
    if given.get("alerts") is None:
        pairs = standard(target, window, indicator)
    else:
        pairs = _pairs(given["alerts"])
    check_pairs(pairs, target, window, indicator)
    return Slo(target, window, indicator, source, pairs)


def written(slo: Slo) -> Plain:
    """The plain form of an objective, every setting written out."""
    return {
        "target": plain(slo.target),
        "window": _plain_window(slo.window),
        "indicator": {**_plain_indicator(slo.indicator), "source": _plain_source(slo.source)},
        "alerts": [plain_pair(pair) for pair in slo.pairs],
    }


# --- reading ---


def mapping(value: Any, field: str) -> Mapping[str, Any]:
    """An object with texts as names. Raises `BadSlo`."""
    if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
        raise BadSlo(field, "must be an object")
    return value


def known(value: Mapping[str, Any], names: Sequence[str], field: str) -> None:
    """Refuses names that nobody would read. Raises `BadSlo`."""
    for name in value:
        if name not in names:
            where = f"{field}.{name}" if field else name
            raise BadSlo(where, f"is not known here; there are {', '.join(names)}")


def choice(value: Any, choices: Sequence[str], field: str) -> str:
    """One of some texts. Raises `BadSlo`."""
    if not isinstance(value, str) or value not in choices:
        raise BadSlo(field, f"must be one of {', '.join(choices)}")
    return value


def flag(value: Any, field: str) -> bool:
    """True or false. Raises `BadSlo`."""
    if not isinstance(value, bool):
        raise BadSlo(field, "must be true or false")
    return value


def _window(given: Mapping[str, Any]) -> Window:
    kind = choice(given.get("kind", "rolling"), ("rolling", "calendar"), "window.kind")
    minutes = span(given.get("duration"), "window.duration")
    if kind == "rolling":
        known(given, ("kind", "duration"), "window")
        return Rolling(minutes)
    known(given, ("kind", "duration", "start", "zone"), "window")
    found = SPAN.fullmatch(given["duration"])
    assert found is not None  # `span` read it
    return Calendar(int(found[1]), found[2], _start(given.get("start")), _zone(given))


def _start(value: Any) -> datetime:
    try:
        # Local by definition: the zone stands beside it.
        return datetime.strptime(value, START)  # noqa: DTZ007
    except (TypeError, ValueError):
        raise BadSlo("window.start", "must be a local time such as 2026-01-01 00:00:00") from None


def _zone(given: Mapping[str, Any]) -> str:
    zone = given.get("zone", "UTC")
    if not isinstance(zone, str):
        raise BadSlo("window.zone", "must be a time zone such as Europe/Vienna")
    return zone


def _indicator(given: Mapping[str, Any]) -> Indicator:
    method = choice(given.get("method", "occurrences"), METHODS, "indicator.method")
    allowed = ["method", "source"]
    allowed += ["every"] if method == "occurrences" else ["slice", "idle_is_good"]
    if method == "time_slices":
        allowed += ["slice_target"]
    known(given, allowed, "indicator")
    if method == "occurrences":
        return Occurrences(span(given.get("every", "1m"), "indicator.every"))
    width = span(given.get("slice", "1m"), "indicator.slice")
    idle = flag(given.get("idle_is_good", False), "indicator.idle_is_good")
    if method == "ratio_time_slices":
        return RatioTimeSlices(width, idle)
    return TimeSlices(width, ratio(given.get("slice_target"), "indicator.slice_target"), idle)


def _source(given: Any, field: str) -> Source | None:
    if given is None:
        return None
    about = mapping(given, field)
    if "value" in about:
        known(about, ("value", "op", "bound"), field)
        op = choice(about.get("op"), OPERATORS, f"{field}.op")
        bound = ratio(about.get("bound"), f"{field}.bound")
        return Bound(_selector(about["value"], f"{field}.value"), op, bound)
    known(about, ("good", "bad", "total", "counter"), field)
    if ("good" in about) == ("bad" in about):
        raise BadSlo(field, "needs either good or bad beside total, or a value with op and bound")
    part = "bad" if "bad" in about else "good"
    total = _selector(about.get("total"), f"{field}.total")
    selected = _selector(about[part], f"{field}.{part}")
    if selected == total:
        raise BadSlo(f"{field}.{part}", "is the same series as total: its ratio is always 1")
    counter = flag(about.get("counter", False), f"{field}.counter")
    return Ratio(selected, total, part == "bad", counter)


def _selector(given: Any, field: str) -> Selector:
    about = mapping(given, field)
    known(about, ("series", "labels"), field)
    labels = about.get("labels", {})
    try:
        check_series(about.get("series"), labels)
    except BadSeries as error:
        raise BadSlo(f"{field}.{error.field}", error.message) from None
    return Selector(about["series"], dict(sorted(labels.items())))


def _pairs(given: Any) -> tuple[Pair, ...]:
    if not isinstance(given, Sequence) or isinstance(given, str):
        raise BadSlo("alerts", "must be a list")
    if len(given) > MAX_PAIRS:
        raise BadSlo("alerts", f"may have {MAX_PAIRS} pairs at most")
    return tuple(_pair(one, f"alerts.{place}") for place, one in enumerate(given))


PAIR = ("name", "urgency", "fraction", "long", "short", "min_coverage", "min_events", "min_bad")


def _pair(given: Any, field: str) -> Pair:
    about = mapping(given, field)
    known(about, PAIR, field)
    usual = Guard()
    name, urgency = about.get("name"), about.get("urgency", "notify")
    if not isinstance(name, str):
        raise BadSlo(f"{field}.name", "must be a text")
    if not isinstance(urgency, str):
        raise BadSlo(f"{field}.urgency", "must be a text")
    return Pair(
        name=name,
        urgency=urgency,
        fraction=ratio(about.get("fraction"), f"{field}.fraction", quotient=True),
        long=span(about.get("long"), f"{field}.long"),
        short=span(about.get("short"), f"{field}.short"),
        min_coverage=ratio(about.get("min_coverage", 0), f"{field}.min_coverage"),
        guard=Guard(
            _whole(about.get("min_events", usual.min_events), f"{field}.min_events"),
            _whole(about.get("min_bad", usual.min_bad), f"{field}.min_bad"),
        ),
    )


def _whole(value: Any, field: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadSlo(field, "must be a whole number")
    return value


# --- writing ---


def _plain_window(window: Window) -> Plain:
    if isinstance(window, Rolling):
        return {"kind": "rolling", "duration": spelled(window.minutes)}
    return {
        "kind": "calendar",
        "duration": f"{window.count}{window.unit}",
        "start": window.start.strftime(START),
        "zone": window.zone,
    }


def _plain_indicator(indicator: Indicator) -> Plain:
    if isinstance(indicator, Occurrences):
        return {"method": indicator.method, "every": spelled(indicator.every)}
    about: Plain = {"method": indicator.method, "slice": spelled(indicator.width)}
    if isinstance(indicator, TimeSlices):
        about["slice_target"] = plain(indicator.target)
    return {**about, "idle_is_good": indicator.idle_is_good}


def _plain_source(source: Source | None) -> Plain | None:
    if source is None:
        return None
    if isinstance(source, Bound):
        value, bound = asdict(source.value), plain(source.bound)
        return {"value": value, "op": source.op, "bound": bound}
    part = "bad" if source.is_bad else "good"
    total = asdict(source.total)
    return {part: asdict(source.part), "total": total, "counter": source.counter}


def plain_pair(pair: Pair) -> Plain:
    """The plain form of a pair."""
    return {
        "name": pair.name,
        "urgency": pair.urgency,
        "fraction": plain(pair.fraction),
        "long": spelled(pair.long),
        "short": spelled(pair.short),
        "min_coverage": plain(pair.min_coverage),
        "min_events": pair.guard.min_events,
        "min_bad": pair.guard.min_bad,
    }
