"""What the pages about monitors show: the values of `queries` in the words of the templates."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from access.paging import page_of
from access.panels import ask
from access.queries import names
from eventlog import store
from eventlog.records import Record
from monitoring import kinds, queries, trying
from monitoring.kinds import Kind
from monitoring.kinds.base import Counting, figure
from monitoring.kinds.describe import form_fields
from monitoring.kinds.framed import Framed
from monitoring.models import BreachRow, MonitorRow
from monitoring.pictures import picture, sparks
from monitoring.queries import MonitorView
from monitoring.signal_classes import Signal
from monitoring.state import Judgement, Urgency

STATES = {
    # status: word, dot, chip, banner, icon
    "ok": ("in bounds", "good", "good", "", "check"),
    "pending": ("watching", "warn", "warn", "", "clock"),
    "breached": ("out of bounds", "bad", "bad", "bad", "warn"),
    "no_data": ("no data", "nodata", "", "warn", "eye"),
    "error": ("cannot be evaluated", "warn", "warn", "warn", "warn"),
    "paused": ("paused", "", "", "", "lock"),
}
RANGES = {
    "1h": ("1 h", timedelta(hours=1)),
    "6h": ("6 h", timedelta(hours=6)),
    "1d": ("1 d", timedelta(days=1)),
    "7d": ("7 d", timedelta(days=7)),
    "30d": ("30 d", timedelta(days=30)),
}
FRESH = timedelta(hours=1)
HISTORY = 50
LEARNING, COMPANION = "robust_deviation", "trend"
# What people say of a breach: word, tone, what it means.
JUDGEMENTS = {
    str(Judgement.TRUE): ("true", "good", "It was as the monitor said, and worth knowing."),
    str(Judgement.TRUE_AND_GOOD): ("true and good", "good", "It was so, and it was welcome."),
    str(Judgement.UNACTIONABLE): ("unactionable", "warn", "It was so, and nothing was to be done."),
    str(Judgement.FALSE): ("false", "bad", "It was not so."),
}
CHANGES = {
    "monitor.created": ("plus", "created it"),
    "monitor.revised": ("back", "revised it"),
    "monitor.paused": ("lock", "paused it"),
    "monitor.resumed": ("check", "resumed it"),
    "monitor.removed": ("x", "removed it"),
}


def url_of(id: UUID | str) -> str:
    """Address of a monitor's page."""
    return f"/monitors/{id}"


def state_of(status: str) -> dict[str, str]:
    """A status as word, dot, chip, banner and icon."""
    word, dot, chip, tone, icon = STATES.get(status, STATES["error"])
    return {"word": word, "dot": dot, "chip": chip, "tone": tone, "icon": icon}


def count_words(counts: Mapping[str, int]) -> str:
    """How many monitors are in which state, in one line."""
    return ", ".join(f"{counts[name]} {STATES[name][0]}" for name in STATES if counts.get(name))


def short_row(view: MonitorView) -> dict[str, Any]:
    """A monitor in a side column."""
    return {
        "name": view.name,
        "url": url_of(view.id),
        "state": state_of(view.status),
        "since": view.since,
    }


# The list


def listed(search: str, status: str, cursor: str | None) -> dict[str, Any]:
    """One page of monitors. Raises `BadCursor`."""
    page = queries.monitors_page(search, status if status in STATES else "", cursor)
    lines = sparks(page.monitors)
    counts = queries.status_counts()
    return {
        "rows": [_row(view, lines.get(view.ref)) for view in page.monitors],
        "next": page.next,
        "search": search,
        "status": status,
        "tabs": _tabs(counts, status),
        "total": sum(counts.values()),
        "waiting": queries.unjudged().count(),
    }


def _tabs(counts: Mapping[str, int], status: str) -> list[dict[str, Any]]:
    tabs = [{"label": "All", "count": sum(counts.values()), "status": "", "current": not status}]
    return tabs + [
        {
            "label": STATES[name][0].capitalize(),
            "count": counts[name],
            "status": name,
            "current": name == status,
        }
        for name in STATES
        if counts.get(name)
    ]


def _row(view: MonitorView, line: Any) -> dict[str, Any]:
    return {"view": view, "url": url_of(view.id), "state": state_of(view.status), "line": line}


# One monitor


def monitor(
    view: MonitorView, span: str, until: datetime | None, cursor: str | None, now: datetime
) -> dict[str, Any]:
    """Chart, breaches, definition and history of one monitor. Raises `BadCursor`."""
    newest = view.last_at or now
    end = until or (now if now - newest < FRESH else newest)
    span = span if span in RANGES else _fitting(end - view.created_at)
    start = end - RANGES[span][1]
    page = page_of(queries.breaches(view.id), queries.LATEST, cursor, 25)
    links = ask("incident of a breach", [f"breach:{row.id}" for row in page.rows], now)
    return {
        "view": view,
        "url": url_of(view.id),
        "state": state_of(view.status),
        "stats": _stats(view),
        "picture": picture(view, start, end),
        "ranges": ranges(span, until),
        "earlier": shifted(span, start),
        "later": shifted(span, min(end + RANGES[span][1], newest)) if end < newest else "",
        "breaches": [_breach(row, links) for row in page.rows],
        "next": page.next,
        "incidents": _open_links(links),
        "parameters": _parameters(view),
        "summary": kinds.named(view.kind).summary,
        "companion": _companion(view),
        "history": _history(view.id),
    }


def _fitting(age: timedelta) -> str:
    """The shortest range that shows a young monitor's whole life; a day for one that replays."""
    young = (name for name in ("1h", "6h") if timedelta(0) < age <= RANGES[name][1])
    return next(young, "1d")


def ranges(span: str, until: datetime | None) -> list[dict[str, Any]]:
    """The ranges that a chart offers, as links."""
    tail = f"&until={_plain(until)}" if until else ""
    return [
        {"label": label, "href": f"?range={name}{tail}", "current": name == span}
        for name, (label, _) in RANGES.items()
    ]


def shifted(span: str, until: datetime) -> str:
    """The link to the same range up to another time."""
    return f"?range={span}&until={_plain(until)}"


def _plain(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")


def _stats(view: MonitorView) -> list[dict[str, Any]]:
    verdict = view.verdict
    stats = [
        {
            "name": "Newest value judged",
            "value": figure(verdict["value"]) if verdict.get("value") is not None else "none",
            "at": view.last_at,
            "bad": view.status == "breached",
        },
        {"name": "Acceptable", "value": acceptable(verdict.get("lo"), verdict.get("hi"))},
        *_surprise(verdict),
        {
            "name": "Looks taken" if _looks(view) else "Points judged",
            "value": f"{view.seen:,}",
            "detail": f"{view.late:,} points came late",
        },
        {"name": "Breaches", "value": f"{view.breaches:,}", "detail": "since it was created"},
    ]
    return stats


def _looks(view: MonitorView) -> bool:
    """Whether it looks at fixed instants and not at each point."""
    return issubclass(kinds.named(view.kind), Framed)


def _surprise(verdict: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What the kind expected and how surprised it is, if it says so."""
    named = (("Expected", "expected"), ("Surprise", "score"))
    return [
        {"name": name, "value": figure(verdict[key])}
        for name, key in named
        if verdict.get(key) is not None
    ]


def acceptable(low: float | None, high: float | None) -> str:
    """A range in words: ``0.58 … 0.66``, ``at least 0.58``, ``at most 3``."""
    if low is None and high is None:
        return "–"
    if low is None or high is None:
        return f"at least {figure(low)}" if low is not None else f"at most {figure(high or 0.0)}"
    return f"{figure(low)} … {figure(high)}"


def _breach(row: BreachRow, links: Mapping[str, Any]) -> dict[str, Any]:
    word, tone, _ = JUDGEMENTS.get(row.judgement, ("", "", ""))
    return {
        "said": {"word": word, "tone": tone},
        "row": row,
        "lasted": row.closed_at - row.onset if row.closed_at else None,
        "incident": links.get(f"breach:{row.id}"),
    }


def _open_links(links: Mapping[str, Any]) -> list[Any]:
    return list({link["url"]: link for link in links.values() if link["open"]}.values())


def _parameters(view: MonitorView) -> list[tuple[str, Any]]:
    shown = [(name.replace("_", " "), value) for name, value in view.parameters.items()]
    return [(name, "none" if value is None else value) for name, value in shown]


def _history(id: UUID) -> list[dict[str, Any]]:
    """What was done to the monitor, newest first."""
    told = [r for r in store.read_stream(f"monitor:{id}", 0, 1000) if r.type in CHANGES][-HISTORY:]
    called = names({record.actor for record in told})
    return [_change(record, called) for record in reversed(told)]


def _companion(view: MonitorView) -> dict[str, str] | None:
    """The monitor of slow changes beside one that learns again and again, or where to make it.

    A median that re-learns takes an outage that grows over weeks for what is usual.
    """
    if view.kind != LEARNING:
        return None
    rows = MonitorRow.objects.filter(fingerprint=view.fingerprint, kind=COMPANION)
    known = rows.order_by("name", "id").values_list("id", "name").first()
    if known:
        return {"name": known[1], "url": url_of(known[0])}
    labels = ",".join(f"{name}={value}" for name, value in sorted(view.labels.items()))
    asked = {
        "kind": COMPANION,
        "series": f"{view.series}{{{labels}}}" if labels else view.series,
        "name": f"{view.name}, over weeks",
        "subjects": " ".join(view.subjects),
    }
    return {"name": "", "url": f"/monitors/new?{urlencode(asked)}"}


def _change(record: Record, called: Mapping[str, str]) -> dict[str, Any]:
    icon, words = CHANGES[record.type]
    reason = record.payload.get("reason")
    return {
        "at": record.occurred_at,
        "icon": icon,
        "text": f"{words}: {reason}" if reason else words,
        "by": called.get(record.actor, record.actor),
    }


# The form


FAMILIES: tuple[tuple[str, Callable[[type[Kind]], bool]], ...] = (
    ("A series, point by point", lambda kind: not issubclass(kind, (Counting, Framed))),
    ("An objective's counts, minute by minute", lambda kind: issubclass(kind, Counting)),
    ("Several series together, at fixed instants", lambda kind: issubclass(kind, Framed)),
)


def gallery() -> dict[str, Any]:
    """Every kind of monitor, by what it looks at."""
    return {
        "families": [
            {
                "title": title,
                "kinds": [_kind(name) for name, kind in kinds.kinds().items() if fits(kind)],
            }
            for title, fits in FAMILIES
        ]
    }


def _kind(name: str) -> dict[str, str]:
    kind = kinds.named(name)
    label = name.replace("_", " ").capitalize()
    return {"name": name, "label": label, "summary": kind.summary, "urgency": kind.urgency}


def form(
    kind: str, given: Mapping[str, str], problem: str, field: str, *, posted: bool = False
) -> dict[str, Any]:
    """The form of a new monitor of one kind, with what was filled in and what is wrong."""
    described, posted = kinds.named(kind), posted or bool(problem)
    errors = {field: problem} if field else {}
    general = filled(GENERAL, given, errors, "", posted=posted)
    own = filled(form_fields(described), given, errors, "parameters.", posted=posted)
    return {
        "kind": _kind(kind),
        "fields": general[:2],
        "about": general[2:],
        "parameters": own,
        "urgencies": [str(urgency) for urgency in Urgency],
        "urgency": given.get("urgency") or described.urgency,
        "ranges": trying.RANGES,
        "problem": problem,
    }


GENERAL: list[dict[str, Any]] = [
    {"name": "name", "label": "Name", "input": "text", "required": True},
    {
        "name": "series",
        "label": "Series",
        "input": "text",
        "required": True,
        "help": "Its name, and labels where it has some: click_through{page=search}",
    },
    {
        "name": "subjects",
        "label": "What it speaks for",
        "input": "text",
        "help": "Refs with spaces between, the root first: model:search-ranking service:search",
    },
    {"name": "description", "label": "Description", "input": "textarea"},
    {
        "name": "severity",
        "label": "Severity of the incident it declares",
        "input": "select",
        "choices": ["", "1", "2", "3", "4"],
    },
    {
        "name": "signal",
        "label": "Class of signal",
        "input": "select",
        "options": [
            ("", "as its kind and its series say"),
            *((str(signal), str(signal).replace("_", " ")) for signal in Signal),
        ],
    },
]


def filled(
    fields: Sequence[Mapping[str, Any]],
    given: Mapping[str, str],
    errors: Mapping[str, str],
    prefix: str,
    *,
    posted: bool,
) -> list[dict[str, Any]]:
    """Fields with what was posted, where a box that was not ticked is not there, or was asked for."""
    filled = []
    for field in fields:
        name = prefix + field["name"]
        value = given.get(name) if posted or name in given else field.get("initial")
        if value is None and field["input"] != "checkbox":
            value = ""
        filled.append({**field, "name": name, "value": value, "error": errors.get(name, "")})
    return filled
