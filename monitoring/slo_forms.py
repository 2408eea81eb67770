"""Forms of objectives: fields with what was filled in, and the settings that a filled form means.

A field is named by the path of the setting that it holds, so that a refusal, which names a path,
finds its place. Shares are percentages here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

from monitoring.models import SloRow
from monitoring.pages import filled
from monitoring.slo import definition
from monitoring.slo.burn import URGENCIES, Guard, Pair, standard
from monitoring.slo.definition import MAX_PAIRS, METHODS, Bound, Ratio, Slo
from monitoring.slo.exact import BadSlo, plain, ratio, spelled
from monitoring.slo.indicator import Occurrences, TimeSlices
from monitoring.slo.selectors import parse, spell
from monitoring.slo.windows import Rolling
from monitoring.state import Layer

Given = Mapping[str, str]
Fields = list[dict[str, Any]]

COUNTED = [
    ("good", "good events beside all events"),
    ("bad", "bad events beside all events"),
    ("value", "values of one series, held to a bound"),
    ("", "nothing yet: the series follow later"),
]
OPERATORS = [("lt", "below"), ("lte", "at most"), ("gt", "above"), ("gte", "at least")]
WINDOWS = [("rolling", "rolling"), ("calendar", "by the calendar")]
ALERTS = [("standard", "the standard pairs"), ("own", "the pairs below")]
EMPTY_PAIRS = 2

PROMISE: Fields = [
    {"name": "name", "label": "Name", "input": "text", "required": True},
    {
        "name": "owner",
        "label": "Owner",
        "input": "text",
        "help": "Who answers for it: a person, a team, a product.",
    },
    {
        "name": "subjects",
        "label": "What it speaks for",
        "input": "text",
        "help": "Refs with spaces between, the root first: model:search-ranking service:search",
    },
    {"name": "description", "label": "Description", "input": "textarea"},
    {
        "name": "layer",
        "label": "Layer of the system",
        "input": "select",
        "required": True,
        "initial": str(Layer.SERVING),
        "choices": [str(layer) for layer in Layer],
    },
    {"name": "environment", "label": "Environment", "input": "text", "initial": "production"},
    {
        "name": "severity",
        "label": "Severity of the incident it declares",
        "input": "select",
        "choices": ["", "1", "2", "3", "4"],
    },
    {
        "name": "review_on",
        "label": "Review on",
        "input": "date",
        "help": "When somebody should look at it again; 90 days from now if it is left empty.",
    },
]
KEY: dict[str, Any] = {
    "name": "key",
    "label": "Key",
    "input": "text",
    "help": "Its place in addresses and refs, for good. The name makes one if it is left empty.",
}
TARGET: Fields = [
    {
        "name": "target",
        "label": "Target",
        "unit": "%",
        "input": "text",
        "required": True,
        "help": "Share that is to be good, such as 99.9.",
    },
    {
        "name": "window.kind",
        "label": "Window",
        "input": "select",
        "required": True,
        "options": WINDOWS,
    },
    {
        "name": "window.duration",
        "label": "Length of the window",
        "input": "text",
        "required": True,
        "initial": "30d",
        "help": "30d or 4w; by the calendar also 1M, 1Q or 1Y.",
    },
    {
        "name": "window.start",
        "label": "First day, by the calendar",
        "input": "text",
        "help": "Local time: 2026-01-01 00:00:00. A rolling window has none.",
    },
    {
        "name": "window.zone",
        "label": "Time zone, by the calendar",
        "input": "text",
        "help": "Such as Europe/Vienna; UTC if it is left empty.",
    },
]
COUNTS: Fields = [
    {
        "name": "counted",
        "label": "What is counted",
        "input": "select",
        "required": True,
        "options": COUNTED,
    },
    {
        "name": "indicator.source.total",
        "label": "Series of all events, or of values",
        "input": "text",
        "help": 'requests{service="web"}',
    },
    {
        "name": "indicator.source.part",
        "label": "Series of good or bad events",
        "input": "text",
        "help": 'ok{service="web"}. Its points belong to the others by their time.',
    },
    {
        "name": "indicator.source.counter",
        "label": "Values are running totals, not counts since the point before",
        "input": "checkbox",
    },
    {
        "name": "indicator.source.op",
        "label": "A value is good while it is",
        "input": "select",
        "options": OPERATORS,
    },
    {"name": "indicator.source.bound", "label": "Bound of values", "input": "text"},
    {
        "name": "indicator.method",
        "label": "How it counts",
        "input": "select",
        "required": True,
        "options": [(method, method.replace("_", " ")) for method in METHODS],
        "help": "Every event alike, or every slice of time alike.",
    },
    {
        "name": "indicator.every",
        "label": "How often counts come, for occurrences",
        "input": "text",
        "initial": "1m",
    },
    {
        "name": "indicator.slice",
        "label": "Length of a slice, for slices",
        "input": "text",
        "initial": "1m",
    },
    {
        "name": "indicator.slice_target",
        "label": "Share of good events that makes a slice good, for time slices",
        "unit": "%",
        "input": "text",
        "initial": "95",
    },
    {
        "name": "indicator.idle_is_good",
        "label": "A slice without events counts as good, not at all if not",
        "input": "checkbox",
    },
]
CHOICE: dict[str, Any] = {
    "name": "alerts",
    "label": "Alert while both windows of one of",
    "input": "select",
    "required": True,
    "options": ALERTS,
    "help": "The standard pairs page at 2 % of the budget in 1 h and 5 % in 6 h, and notify at 10 %"
    " in 1 d and in 3 d, as far as the target lets them fire.",
}
PAIR: Fields = [
    {"name": "name", "label": "Name", "input": "text"},
    {
        "name": "urgency",
        "label": "Urgency",
        "input": "select",
        "required": True,
        "options": [(urgency, urgency) for urgency in URGENCIES],
    },
    {"name": "fraction", "label": "Share of the budget", "unit": "%", "input": "text"},
    {"name": "long", "label": "Long window", "input": "text"},
    {"name": "short", "label": "Short window", "input": "text"},
    {"name": "min_coverage", "label": "Least share that is counted", "unit": "%", "input": "text", "initial": "0"},
    {"name": "min_events", "label": "Events that suffice", "input": "text", "initial": str(Guard().min_events)},
    {"name": "min_bad", "label": "Bad events that suffice", "input": "text", "initial": str(Guard().min_bad)},
]  # fmt: skip
REASON: dict[str, Any] = {
    "name": "reason",
    "label": "Why it changes",
    "input": "text",
    "required": True,
}
# What is asked of a pair only if it is filled in.
TOLD = ("name", "fraction", "long", "short")
# The form has one field for the good and the bad series, whichever it is.
PLACES = {"indicator.source.good": "indicator.source.part", "indicator.source.bad": "indicator.source.part"}  # fmt: skip


def form(given: Given, problem: str = "", at: str = "", *, new: bool = False) -> dict[str, Any]:
    """The fields with what was filled in; `problem` beside the one that `at` belongs to."""
    posted = bool(problem)
    # Pairs that were left empty between others are closed up, as the settings count them.
    given = {**given, **_closed_up(given)}
    count = min(MAX_PAIRS, len(_pairs_filled(given)) + EMPTY_PAIRS)
    named = {place: [{**field, "name": f"alerts.{place}.{field['name']}"} for field in PAIR]
             for place in range(count)}  # fmt: skip
    groups = {
        "promise": [*PROMISE[:1], KEY, *PROMISE[1:]] if new else PROMISE,
        "target": TARGET,
        "counts": COUNTS,
        "choice": [CHOICE],
        "why": [] if new else [REASON],
    }
    every = [field["name"] for fields in [*groups.values(), *named.values()] for field in fields]
    errors = {place: problem} if (place := _place(at, every)) else {}
    shown: dict[str, Any] = {
        name: filled(fields, given, errors, "", posted=posted) for name, fields in groups.items()
    }
    shown["pairs"] = [
        {"number": place + 1, "fields": filled(fields, given, errors, "", posted=False)}
        for place, fields in named.items()
    ]
    own = given.get("alerts") == "own" or any(name.startswith("alerts.") for name in errors)
    return {**shown, "own": own, "problem": problem, "beside": bool(errors)}


def _place(path: str, names: list[str]) -> str:
    """The field that a path of the settings belongs to; empty without one."""
    for whole, place in PLACES.items():
        if path == whole or path.startswith(f"{whole}."):
            path = place
    fits = [name for name in names if path == name or path.startswith(f"{name}.")]
    return max(fits, key=len, default="")


# --- from a form ---


def fields_of(given: Given) -> dict[str, Any]:
    """Fields of the command that the form means. Raises `BadSlo`."""
    severity = _text(given, "severity")
    return {
        **{name: _text(given, name) for name in ("name", "owner", "description", "review_on")},
        "subjects": _text(given, "subjects").replace(",", " ").split(),
        "layer": _text(given, "layer"),
        "environment": _text(given, "environment") or "production",
        "severity": int(severity) if severity in ("1", "2", "3", "4") else None,
        "settings": settings_of(given),
    }


def settings_of(given: Given) -> dict[str, Any]:
    """The plain form of an objective that a form means. Raises `BadSlo` naming the field."""
    settings: dict[str, Any] = {
        "target": _target(given),
        "window": _window(given),
        "indicator": _indicator(given),
    }
    if given.get("alerts") == "own":
        settings["alerts"] = [_pair(given, place) for place in _pairs_filled(given)]
    else:
        _check_standard(definition.read(settings))
    return settings


def _check_standard(read: Slo) -> None:
    """The standard pairs are left out where they cannot fire; all of them would be no alert."""
    if not read.pairs:
        raise BadSlo(
            "alerts",
            f"none of the standard pairs can ever fire: everything bad burns an objective of"
            f" {plain(100 * read.target)} % at {float(1 / (1 - read.target)):.4g}, and they need"
            " more, or windows that are shorter than it has. Choose pairs of your own",
        )


def _target(given: Given) -> str:
    share = _percent(given, "target")
    if not 0 < share <= 1:
        raise BadSlo("target", "must be above 0 % and below 100 %, such as 99.9")
    return plain(share)


def _window(given: Given) -> dict[str, str]:
    kind = _text(given, "window.kind") or "rolling"
    window = {"kind": kind, "duration": _text(given, "window.duration")}
    if kind != "calendar":
        return window
    start = _text(given, "window.start")
    start = f"{start} 00:00:00" if len(start) == len("2026-01-01") else start
    return {**window, "start": start, "zone": _text(given, "window.zone") or "UTC"}


def _indicator(given: Given) -> dict[str, Any]:
    method = _text(given, "indicator.method") or METHODS[0]
    about: dict[str, Any] = {"method": method, "source": _source(given)}
    if method == "occurrences":
        return {**about, "every": _text(given, "indicator.every") or "1m"}
    about |= {
        "slice": _text(given, "indicator.slice") or "1m",
        "idle_is_good": bool(_text(given, "indicator.idle_is_good")),
    }
    if method == "time_slices":
        about["slice_target"] = plain(_percent(given, "indicator.slice_target"))
    return about


def _source(given: Given) -> dict[str, Any] | None:
    counted = _text(given, "counted")
    if not counted:
        return None
    total = _series(given, "indicator.source.total")
    if counted == "value":
        bound = _number(given, "indicator.source.bound")
        return {"value": total, "op": _text(given, "indicator.source.op"), "bound": plain(bound)}
    part = _series(given, "indicator.source.part")
    counter = bool(_text(given, "indicator.source.counter"))
    return {"bad" if counted == "bad" else "good": part, "total": total, "counter": counter}


def _series(given: Given, name: str) -> dict[str, Any]:
    text = _text(given, name)
    if not text:
        raise BadSlo(name, 'is needed to count anything: a series such as ok{service="web"}')
    selector = parse(text, name)
    return {"series": selector.series, "labels": selector.labels}


def _pairs_filled(given: Given) -> list[int]:
    """Places of the pairs in which something was written."""
    return [
        place
        for place in range(MAX_PAIRS)
        if any(_text(given, f"alerts.{place}.{name}") for name in TOLD)
    ]


def _closed_up(given: Given) -> dict[str, str]:
    told = [{f["name"]: given.get(f"alerts.{place}.{f['name']}", f.get("initial", "")) for f in PAIR}
            for place in _pairs_filled(given)]  # fmt: skip
    told += [{f["name"]: f.get("initial", "") for f in PAIR}] * (MAX_PAIRS - len(told))
    return {
        f"alerts.{place}.{name}": value
        for place, pair in enumerate(told)
        for name, value in pair.items()
    }


def _pair(given: Given, place: int) -> dict[str, Any]:
    at = f"alerts.{_pairs_filled(given).index(place)}"
    own = {f["name"]: _text(given, f"alerts.{place}.{f['name']}") for f in PAIR}
    shares = {
        name: plain(_as_percent(own[name] or "0", f"{at}.{name}"))
        for name in ("fraction", "min_coverage")
    }
    wholes = {name: _whole(own[name], f"{at}.{name}") for name in ("min_events", "min_bad")}
    return {**own, **shares, **wholes}


def _text(given: Given, name: str) -> str:
    return given.get(name, "").strip()


def _percent(given: Given, name: str) -> Fraction:
    return _as_percent(_text(given, name), name)


def _as_percent(text: str, name: str) -> Fraction:
    text = text.removesuffix("%").strip().replace(",", ".")
    return ratio(text, name, quotient=True) / 100


def _number(given: Given, name: str) -> Fraction:
    return ratio(_text(given, name).replace("−", "-").replace(",", "."), name)


def _whole(text: str, name: str) -> int:
    if not text:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) < 9):
        raise BadSlo(name, "must be a whole number")
    return int(text)


# --- to a form ---


def values_of(row: SloRow) -> dict[str, str]:
    """What the form of an objective is filled with, as it is."""
    read = definition.read(row.settings)
    window, source = read.window, read.source
    values = {
        "name": row.name,
        "owner": row.owner,
        "description": row.description,
        "subjects": " ".join(row.subjects),
        "layer": row.layer,
        "environment": row.environment,
        "severity": str(row.severity or ""),
        "review_on": row.review_on.isoformat(),
        "target": plain(100 * read.target),
        "window.kind": window.kind,
        "window.duration": row.settings["window"]["duration"],
        "counted": "",
        "indicator.method": read.indicator.method,
    }
    if not isinstance(window, Rolling):
        values |= {"window.start": row.settings["window"]["start"], "window.zone": window.zone}
    if isinstance(read.indicator, Occurrences):
        values["indicator.every"] = spelled(read.indicator.every)
    else:
        values["indicator.slice"] = spelled(read.indicator.width)
        values["indicator.idle_is_good"] = "yes" if read.indicator.idle_is_good else ""
    if isinstance(read.indicator, TimeSlices):
        values["indicator.slice_target"] = plain(100 * read.indicator.target)
    if isinstance(source, Ratio):
        values |= {
            "counted": "bad" if source.is_bad else "good",
            "indicator.source.total": spell(source.total),
            "indicator.source.part": spell(source.part),
            "indicator.source.counter": "yes" if source.counter else "",
        }
    elif isinstance(source, Bound):
        values |= {
            "counted": "value",
            "indicator.source.total": spell(source.value),
            "indicator.source.op": source.op,
            "indicator.source.bound": plain(source.bound),
        }
    return values | _alert_values(read)


def _alert_values(read: Slo) -> dict[str, str]:
    usual = standard(read.target, read.window, read.indicator)
    values = {"alerts": "standard" if usual and read.pairs == usual else "own"}
    for place, pair in enumerate(read.pairs if values["alerts"] == "own" else ()):
        values |= {f"alerts.{place}.{name}": value for name, value in _pair_values(pair).items()}
    return values


def _pair_values(pair: Pair) -> dict[str, str]:
    shares = replace(pair, fraction=100 * pair.fraction, min_coverage=100 * pair.min_coverage)
    given = definition.plain_pair(shares)
    return {name: str(value) for name, value in given.items()}
