"""The list of experiments, one of them with its results, the design's form, metrics and calendar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.utils.safestring import SafeString

from access.changes import kinds
from access.paging import page_of
from access.queries import names
from eventlog import store
from eventlog.core import Refused
from eventlog.records import Record
from experiments import design_editing, queries
from experiments.analysis import Comparison, Report, as_percent, corrected
from experiments.commands.design import DEFAULTS
from experiments.differences import as_text
from experiments.models import ExperimentRow, Look, MetricRow
from experiments.pictures import (
    Point,
    forest,
    forest_scale,
    gains_drawn,
    over_time,
    scale_of,
    scale_of_gains,
)
from experiments.reports import report_of
from experiments.state import LIVE, Aggregation, Direction, Part, Status
from experiments.written import PARTS, effect_text, interval_text, value_text

PLACES = (
    ("experiments", "/experiments/", "Experiments"),
    ("calendar", "/experiments/calendar", "Calendar"),
    ("metrics", "/experiments/metrics", "Metrics"),
    ("planner", "/experiments/planner", "Planner"),
    ("offline", "/experiments/offline", "Offline and online"),
)
TONES = {
    Status.RUNNING: "accent",
    Status.PAUSED: "warn",
    Status.IN_REVIEW: "accent",
    Status.DECIDED: "good",
}
VERDICTS = {"held": "warn", "harm": "bad", "better": "good", "worse": "bad"}
READINGS = {"Better": "good", "Worse": "bad"}
HISTORY = 200
CALENDAR = timedelta(days=60)
CALENDAR_MOST = 200
ICONS = {
    "experiment.designed": "message",
    "experiment.review_asked": "user",
    "experiment.approved": "check",
    "experiment.sent_back": "back",
    "experiment.queued": "clock",
    "experiment.started": "flag",
    "experiment.ramped": "chart",
    "experiment.paused": "lock",
    "experiment.resumed": "flag",
    "experiment.stopped": "x",
    "experiment.stop_observed": "eye",
    "experiment.stop_not_observed": "warn",
    "experiment.check_cleared": "check",
    "experiment.decided": "check",
    "experiment.archived": "lock",
}


def places(current: str) -> list[dict[str, object]]:
    """The tabs that these pages share."""
    return [
        {"href": href, "label": label, "current": name == current} for name, href, label in PLACES
    ]


def listed(search: str, status: str, cursor: str | None, now: datetime) -> dict[str, Any]:
    """One page of experiments. Raises `BadCursor`."""
    status = status if status in list(Status) else ""
    page = page_of(queries.experiments(search, status), queries.LATEST, cursor)
    called = names({row.owner for row in page.rows} | {row.designed_by for row in page.rows})
    return {
        "places": places("experiments"),
        "rows": [_row(row, called, now) for row in page.rows],
        "next": page.next,
        "search": search,
        "status": status,
        "statuses": [str(one) for one in Status],
    }


def _row(row: ExperimentRow, called: Mapping[str, str], now: datetime) -> dict[str, Any]:
    return {
        "row": row,
        "tone": TONES.get(Status(row.status), ""),
        "words": _status_words(row, now),
        "owner": called.get(row.owner, row.owner) or called.get(row.designed_by, row.designed_by),
        "primary": [one["metric"] for one in row.design["metrics"] if one["part"] == Part.PRIMARY],
    }


def _status_words(row: ExperimentRow, now: datetime) -> str:
    if row.status in LIVE and row.started_at:
        day = (now - row.started_at).days + 1
        return f"{row.status.capitalize()}, day {day} of {row.design['days']}"
    if row.status == Status.STOPPED:
        return f"Stopped: {row.stop['cause']}"
    if row.status == Status.DECIDED:
        return f"Decided: {row.decision['decision']} {row.decision['variation']}".strip()
    return row.status.capitalize()


def experiment(row: ExperimentRow, asked: Mapping[str, str], now: datetime) -> dict[str, Any]:
    """One experiment: whether its results may be read, what they say, its design and its story."""
    report = report_of(row, now)
    history, told_by = _history(row)
    called = names({row.owner, row.designed_by, row.reviewed_by, *told_by})
    return {
        "places": places("experiments"),
        "row": row,
        "tone": TONES.get(Status(row.status), ""),
        "words": _status_words(row, now),
        "owner": called.get(row.owner, row.owner),
        "designed_by": called.get(row.designed_by, row.designed_by),
        "reviewed_by": called.get(row.reviewed_by, row.reviewed_by),
        "shares": " / ".join(f"{one['weight'] * 100:.3g}" for one in row.design["variations"]),
        "report": report,
        "verdict_tone": VERDICTS.get(report.verdict.code, ""),
        "is_started": row.phase > 0,
        "clearable": [
            one for one in report.checks if one.state == "failed" and one.key != "sample_ratio"
        ],
        **_results(report),
        **_over_time(row, report, asked.get("metric", "")),
        "arms": _arms(row),
        "design": _design(row),
        "sample": f"{report.units:,} of {report.planned:,}",
        "days_left": report.days_left,
        "history": [one | {"by": called.get(one["by"], one["by"])} for one in history],
        "before": _before(row),
    }


def _results(report: Report) -> dict[str, Any]:
    shown = report.comparisons
    scale = scale_of(shown)
    learnt = corrected(shown)
    groups = [
        (title, [_comparison(one, scale, learnt) for one in report.of(part)])
        for part, title in PARTS.items()
    ]
    return {
        "groups": [(title, rows) for title, rows in groups if rows],
        "scale": SafeString(forest_scale(scale)),
        "slices": [
            {
                "one": one,
                "rows": [_comparison(row, scale_of(one.rows), {}) for row in one.rows],
                "scale": SafeString(forest_scale(scale_of(one.rows))),
            }
            for one in report.slices
        ],
    }


def _comparison(
    one: Comparison, scale: Any, learnt: Mapping[tuple[str, str], float]
) -> dict[str, Any]:
    adjusted = learnt.get((one.metric, one.variation))
    return {
        "one": one,
        "control": value_text(one.control, one),
        "treatment": value_text(one.treatment, one),
        "effect": effect_text(one),
        "interval": interval_text(one),
        "is_bad": one.reading == "Worse",
        "tone": READINGS.get(one.reading, ""),
        "picture": SafeString(forest(one, scale)),
        "limit": f"limit {as_percent(one.margin)}" if one.margin else "",
        "p": f"p = {adjusted:.3f}, corrected" if adjusted is not None else "",
    }


def _over_time(row: ExperimentRow, report: Report, wanted: str) -> dict[str, Any]:
    """The lift of one metric over time; the one that decides unless another is asked for."""
    keys = [one.metric for one in report.comparisons]
    metric = wanted if wanted in keys else next(iter(keys), "")
    looks = queries.looks_of(row.key, row.phase, metric) if metric else []
    treatment = next((one.variation for one in report.comparisons if one.metric == metric), "")
    mine = [look for look in looks if look.variation == treatment]
    named = {one.metric: one.name for one in report.comparisons}
    return {
        "metrics": [{"key": key, "name": named[key], "current": key == metric} for key in named],
        "metric_name": named.get(metric, ""),
        "looks": list(reversed(mine))[:50],
        "chart": SafeString(_chart(row, mine, named.get(metric, ""))) if len(mine) > 1 else "",
    }


def _chart(row: ExperimentRow, looks: Sequence[Look], name: str) -> str:
    began = min(row.started_at or looks[0].at, looks[0].at)
    points = [
        Point(max(0.0, (look.at - began).total_seconds() / 3_600), look.effect, look.lo, look.hi)
        for look in looks
    ]
    last = looks[-1]
    words = f"Lift of {name} so far: {as_percent(last.effect)}, from {as_percent(last.lo)} to {as_percent(last.hi)}"
    return over_time(points, row.design["days"], row.design["smallest_effect"], words)


def _arms(row: ExperimentRow) -> list[dict[str, Any]]:
    units = queries.units_of(row.key, row.phase)
    total = sum(count for count, _ in units.values())
    return [
        {
            "key": one["key"],
            "value": as_text(one["value"], 60),
            "units": units.get(one["key"], (0, 0))[0],
            "several": units.get(one["key"], (0, 0))[1],
            "share": units.get(one["key"], (0, 0))[0] / total * 100 if total else None,
            "expected": one["weight"] * 100,
        }
        for one in row.design["variations"]
    ]


def _design(row: ExperimentRow) -> list[tuple[str, str]]:
    design = row.design
    facts = [
        (
            "Smallest effect",
            as_percent(design["smallest_effect"]) if design["smallest_effect"] else "none is set",
        ),
        ("Alpha, power", f"{design['alpha']:g}, {design['power']:g}"),
        ("Lasts", f"{design['min_days']} to {design['days']} days"),
        ("Unit", design["unit"]),
        ("Takes part", ", ".join(f"{one['coverage'] * 100:.3g} %" for one in design["ramp"])),
        ("Stops", ", ".join(_stops(design)) or "by hand only"),
    ]
    if design["slices"]:
        facts.append(("Slices", ", ".join(design["slices"])))
    if design["condition"]:
        facts.append(("Who", as_text(design["condition"], 120)))
    return facts


def _stops(design: Mapping[str, Any]) -> list[str]:
    found = ["on harm"] if design["stop_on_harm"] else []
    return [*found, "when confident"] if design["stop_when_confident"] else found


def _before(row: ExperimentRow) -> list[ExperimentRow]:
    """What ran in the same layer, or on the same flag, before."""
    rows = ExperimentRow.objects.exclude(key=row.key).exclude(stopped_at=None)
    same = rows.filter(layer=row.layer) if row.layer else rows.filter(flag=row.flag)
    return list(same.order_by("-stopped_at")[:5])


def _history(row: ExperimentRow) -> tuple[list[dict[str, Any]], set[str]]:
    ref = f"experiment:{row.key}"
    records = store.read_stream(ref, max(0, row.version - HISTORY), HISTORY)
    told = [_entry(record) for record in records if record.type in ICONS]
    return list(reversed(told)), {one["by"] for one in told}


def _entry(record: Record) -> dict[str, Any]:
    said = record.payload
    return {
        "at": record.occurred_at,
        "icon": ICONS[record.type],
        "by": record.actor,
        "text": _sentence(record.type, said),
        # What was seen after a stop repeats the reason of the stop, which is told already.
        "comment": ""
        if record.type == "experiment.stop_observed"
        else said.get("sentence") or said.get("comment") or said.get("reason") or "",
    }


def _sentence(type: str, said: Mapping[str, Any]) -> str:
    words = {
        "experiment.review_asked": "asked for a review",
        "experiment.approved": "approved the design",
        "experiment.sent_back": "sent the design back",
        "experiment.queued": f"queued it from {str(said.get('not_before', ''))[:16].replace('T', ' ')}",
        "experiment.check_cleared": f"looked into {said.get('check')}: {said.get('finding')}",
        "experiment.archived": "archived it",
    }
    if type == "experiment.stop_observed":
        count = said["processes"]
        return f"saw {count} process{'es' if count != 1 else ''} without it after {said['seconds']:.1f} s"
    if type == "experiment.stop_not_observed":
        return f"did not see it gone after {said['seconds']:.0f} s"
    if type == "experiment.designed" and said["is_running"]:
        return "changed the design after there were data"
    return words.get(type) or kinds()[type].sentence(said)


def design_form(
    row: ExperimentRow | None, given: Mapping[str, str], refusal: Refused | None, kind: str
) -> dict[str, Any]:
    """The form of a new design, or of one that is changed."""
    if given:
        form: dict[str, Any] = dict(given.items())
    elif row is not None:
        form = design_editing.form_of(row.design, kind)
    else:
        blank = {**DEFAULTS, "title": "", "hypothesis": "", "flag": "", "metrics": []}
        blank["variations"] = [
            {"key": key, "value": value, "weight": 0.5}
            for key, value in (("control", False), ("treatment", True))
        ]
        form = design_editing.form_of(blank, "boolean") | {"metrics": "primary | "}
    return {
        "places": places("experiments"),
        "row": row,
        "form": form,
        "is_running": row is not None and row.status in LIVE,
        "problem": refusal.message if refusal else "",
        "field": refusal.field if refusal else "",
        "flags": list(queries.flags().order_by("key").values_list("key", flat=True)[:500]),
        "library": list(queries.metrics().order_by("key").values_list("key", flat=True)[:500]),
        "layers": queries.layer_keys(),
    }


def metrics(search: str, cursor: str | None) -> dict[str, Any]:
    """One page of the library. Raises `BadCursor`."""
    page = page_of(queries.metrics(search), queries.BY_METRIC, cursor)
    return {
        "places": places("metrics"),
        "rows": [_metric(row) for row in page.rows],
        "next": page.next,
        "search": search,
        "aggregations": [str(one) for one in Aggregation],
        "directions": [str(one) for one in Direction],
    }


def _metric(row: MetricRow) -> dict[str, Any]:
    one = row.definition
    words = {
        "conversion": f"share of units with a {one['source']}",
        "count": f"number of {one['source']} a unit",
        "sum": f"total of {one['source']} a unit",
        "mean": f"mean of {one['source']}",
        "ratio": f"{one['source']} by {one['denominator']}",
        "quantile": f"{one.get('quantile')} quantile over units of {one['source']}",
    }
    return {
        "row": row,
        "one": one,
        "words": words[one["aggregation"]],
        "used_by": queries.users_of_metric(row.key),
    }


def calendar(now: datetime) -> dict[str, Any]:
    """What ran, runs and waits, by layer, on one axis of time."""
    start, end = now - CALENDAR / 2, now + CALENDAR / 2
    rows = ExperimentRow.objects.exclude(started_at=None, not_before=None).order_by("layer", "key")
    lanes: dict[str, list[dict[str, Any]]] = {}
    for row in rows[:CALENDAR_MOST]:
        bar = _bar(row, start, end, now)
        if bar is not None:
            lanes.setdefault(row.layer, []).append(bar)
    weeks = [start + timedelta(days=7 * n) for n in range(int(CALENDAR.days / 7) + 1)]
    return {
        "places": places("calendar"),
        "lanes": [{"layer": layer, "bars": bars} for layer, bars in sorted(lanes.items())],
        "weeks": [{"at": at, "x": _x(at, start, end)} for at in weeks],
        "today": _x(now, start, end),
    }


def _bar(
    row: ExperimentRow, start: datetime, end: datetime, now: datetime
) -> dict[str, Any] | None:
    waits = row.status == Status.QUEUED
    begin = row.not_before if waits else row.started_at
    if begin is None or (row.status in (Status.DRAFT, Status.IN_REVIEW, Status.APPROVED)):
        return None
    planned = begin + timedelta(days=row.design["days"])
    stop = row.stopped_at or planned
    if stop < start or begin > end:
        return None
    x1, x2 = _x(max(begin, start), start, end), _x(min(stop, end), start, end)
    return {
        "row": row,
        "x": x1,
        "width": max(0.5, x2 - x1),
        "tone": "seg-rest" if waits else "seg-0" if row.status in LIVE else "seg-2",
        "begin": begin,
        "stop": stop,
        "is_open": row.stopped_at is None,
    }


def _x(at: datetime, start: datetime, end: datetime) -> float:
    return (at - start) / (end - start) * 100


def offline() -> dict[str, Any]:
    """What was gained offline beside what came of it online, across decided experiments."""
    rows = queries.gains()
    agree = sum(one.agrees for one in rows if one.agrees is not None)
    known = sum(one.agrees is not None for one in rows)
    groups: dict[str, list[queries.Gain]] = {}
    for one in rows:
        groups.setdefault(one.offline_metric or one.flag, []).append(one)
    return {
        "places": places("offline"),
        "groups": [
            {
                "name": name,
                "rows": [
                    {
                        "one": one,
                        "offline": as_percent(one.offline),
                        "online": as_percent(one.online),
                        "interval": one.interval_text,
                        "picture": SafeString(gains_drawn(one, scale_of_gains(mine))),
                    }
                    for one in mine
                ],
                "scale": SafeString(forest_scale(scale_of_gains(mine))),
                "slope": queries.slope_of(mine),
            }
            for name, mine in sorted(groups.items())
        ],
        "count": len(rows),
        "agree": agree,
        "known": known,
    }
