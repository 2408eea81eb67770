"""What the pages about objectives show: the values of `slos` in the words of the templates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from access.paging import page_of
from access.panels import ask
from access.queries import names
from eventlog import store
from eventlog.records import Record
from monitoring import pages, queries, slos
from monitoring.commands.objectives import ids_of
from monitoring.kinds.base import figure, span
from monitoring.models import MonitorRow, SloRow
from monitoring.slo import definition
from monitoring.slo.burn import URGENCIES, Reading, fault, standard, usual
from monitoring.slo.compliance import FRAMES, Kept, zone_of
from monitoring.slo.definition import Bound, Ratio, Slo
from monitoring.slo.exact import end_of, ratio, spelled
from monitoring.slo.selectors import spell
from monitoring.slo.slices import Slice
from monitoring.slo.windows import Rolling, zone_named
from monitoring.slos import Standing
from monitoring.state import Layer

STATES = {
    # status: word, dot, chip, icon
    "firing": ("burning too fast", "bad", "bad", "warn"),
    "quiet": ("within its budget", "good", "good", "check"),
    "unknown": ("no data", "nodata", "", "eye"),
    "not_connected": ("no series connected", "", "", "eye"),
    "retired": ("retired", "", "", "lock"),
}
# What the monitors of an objective say, the worst first, and what that makes of it.
WORST = ("breached", "error", "no_data", "pending", "paused", "ok")
AS_STATE = {"breached": "firing", "ok": "quiet", "pending": "quiet"}
PAIR_STATES = {
    # state: words, dot
    "firing": ("over the mark", "bad"),
    "held": ("over the mark, too few events to be sure", "warn"),
    "quiet": ("below the mark", ""),
    "unknown": ("too few counts to say", "nodata"),
}
CHANGES = {
    "slo.created": ("plus", "made the promise"),
    "slo.changed": ("back", "changed it"),
    "slo.reviewed": ("eye", "looked at it again"),
    "slo.retired": ("x", "retired it"),
}
PERIODS = {"month": 12, "quarter": 8, "window": 12}
FRAME_WORDS = {"month": "Months", "quarter": "Quarters", "window": "Its own windows"}
OUTCOMES = {
    # outcome: word, chip, icon
    "met": ("met", "good", "check"),
    "missed": ("missed", "bad", "x"),
    "unknown": ("nothing counted", "", "eye"),
}
AHEAD = 0.08
HISTORY = 50


def url_of(key: str) -> str:
    """Address of an objective's page."""
    return f"/slos/{key}"


def state_of(status: str) -> dict[str, str]:
    """A status as word, dot, chip and icon."""
    word, dot, chip, icon = STATES.get(status, STATES["unknown"])
    return {"word": word, "dot": dot, "chip": chip, "icon": icon}


def percent(share: float) -> str:
    """A share of the whole: two digits after the point, more where it is nearly all."""
    text = f"{100 * share:.{5 if 0.999 < share < 1 else 2}f}"
    return f"{text.rstrip('0').rstrip('.')} %".replace("-", "−")


# The list


def listed(
    search: str, layer: str, cursor: str | None, today: datetime, due: bool = False
) -> dict[str, Any]:
    """One page of objectives, with `due` of those whose review has come. Raises `BadCursor`."""
    layer = layer if layer in list(Layer) else ""
    day = today.date()
    rows = slos.slos(search, layer, due=day if due else None)
    page = page_of(rows, slos.BY_NAME, cursor, 25)
    watched = _watched(page.rows)
    return {
        "rows": [_row(row, watched, today) for row in page.rows],
        "next": page.next,
        "search": search,
        "layer": layer,
        "tabs": _tabs(layer, due),
        "due": due,
        "overdue": slos.slos(due=day).count(),
        "total": slos.slos().count(),
    }


def _tabs(layer: str, due: bool) -> list[dict[str, Any]]:
    choices = [("", "All"), *((str(each), str(each).capitalize()) for each in Layer)]
    return [
        {"layer": each, "label": label, "current": each == layer and not due}
        for each, label in choices
    ]


def _watched(rows: Iterable[SloRow]) -> dict[str, queries.MonitorView]:
    """The monitors of several objectives by id, in two queries."""
    wanted = [one for row in rows for one in ids_of(f"slo:{row.key}", row.settings)]
    views = queries.views(MonitorRow.objects.filter(id__in=wanted))
    return {str(view.id): view for view in views}


def _row(
    row: SloRow, watched: Mapping[str, queries.MonitorView], today: datetime
) -> dict[str, Any]:
    views = [watched[one] for one in ids_of(f"slo:{row.key}", row.settings) if one in watched]
    said = min(views, key=lambda view: WORST.index(view.status), default=None)
    status = AS_STATE.get(said.status, "unknown") if said else "not_connected"
    return {
        "row": row,
        "url": url_of(row.key),
        "state": state_of(status),
        "said": said,
        "promise": promise(definition.read(row.settings)),
        "review_due": slos.review_is_due(row, today.date()),
        "overdue": (today.date() - row.review_on).days,
    }


def promise(slo: Slo) -> str:
    """The target and its window in words: ``99.9 % over 30 d, rolling``."""
    target = percent(float(slo.target))
    if isinstance(slo.window, Rolling):
        return f"{target} over {span(60 * slo.window.minutes)}, rolling"
    units = {"d": "day", "w": "week", "M": "month", "Q": "quarter", "Y": "year"}
    count, unit = slo.window.count, units[slo.window.unit]
    return f"{target} in each {f'{count} {unit}s' if count > 1 else unit}, {slo.window.zone}"


# One objective


def left_out(row: SloRow) -> list[dict[str, str]]:
    """Standard pairs that an objective does without since they could never fire, and why."""
    read = definition.read(row.settings)
    if read.pairs != standard(read.target, read.window, read.indicator):
        return []
    faults = [
        (pair.name, fault(pair, read.target, read.window, read.indicator))
        for pair in usual(read.window, read.indicator)
    ]
    return [
        {"name": name, "why": f"its {found.field} {found.message}."}
        for name, found in faults
        if found is not None
    ]


def objective(row: SloRow, as_of: datetime | None, now: datetime) -> dict[str, Any]:
    """Budget, burn-down, windows, definition and history of one objective."""
    found = slos.standing(row, as_of)
    monitors = queries.views(slos.monitors_of(row))
    breaches = [view.breach for view in monitors if view.breach]
    links = ask("incident of a breach", breaches, now)
    status = "retired" if row.retired_at else found.status
    return {
        "row": row,
        "url": url_of(row.key),
        "state": state_of(status),
        "promise": promise(found.slo),
        "stats": _stats(found),
        "picture": _picture(found, row.name),
        "left": percent(float(found.budget.remaining)) if found.budget else "",
        "at": found.at,
        "as_of": as_of,
        "pairs": _pairs(found),
        "left_out": left_out(row),
        "wrong": found.wrong,
        "monitors": [pages.short_row(view) for view in monitors],
        "incidents": list({link["url"]: link for link in links.values() if link["open"]}.values()),
        "definition": _definition(found.slo),
        "review_due": slos.review_is_due(row, now.date()),
        "reviewed_by": names({row.reviewed_by}).get(row.reviewed_by, row.reviewed_by),
        "history": _history(row.key),
    }


def compliance(row: SloRow, frame: str) -> dict[str, Any]:
    """The promise of one objective period by period, newest first."""
    frame = frame if frame in FRAMES else FRAMES[0]
    found = slos.compliance(row, frame, PERIODS[frame])
    read = definition.read(row.settings)
    zone = zone_of(read.window)
    return {
        "row": row,
        "url": url_of(row.key),
        "promise": promise(read),
        "frame": frame,
        "zone": zone,
        "tabs": [
            {"frame": each, "label": FRAME_WORDS[each], "current": each == frame} for each in FRAMES
        ],
        "periods": [_period(each, frame, zone) for each in found],
        "of": "events" if read.indicator.method == "occurrences" else "slices",
    }


def _period(found: Kept, frame: str, zone: str) -> dict[str, Any]:
    start, end = (
        end_of(at).astimezone(zone_named(zone)) for at in (found.period.start, found.period.end)
    )
    names = {"month": f"{start:%B %Y}", "quarter": f"Q{(start.month + 2) // 3} {start.year}"}
    word, chip, icon = OUTCOMES[found.outcome]
    spent, events = found.spent, found.seen.events
    return {
        "name": names.get(frame, f"{start:%-d %b %Y} to {end:%-d %b %Y}"),
        "runs": not found.whole,
        "word": word,
        "chip": chip,
        "icon": icon,
        "good": f"{events.good:,}",
        "total": f"{events.total:,}",
        "bad": f"{float(found.bad):,.6g}" if found.bad.denominator > 1 else f"{int(found.bad):,}",
        "allowed": figure(float(found.allowed)),
        "attained": percent(float(found.attained)) if found.attained is not None else "–",
        "objective": percent(float(found.target)),
        "spent": percent(float(spent)) if spent is not None else "–",
        "fill": f"{min(100.0, 100 * float(spent or 0)):.1f}%",
        "over": found.outcome == "missed",
        "coverage": percent(found.seen.covered / found.seen.width) if found.seen.width else "–",
    }


def slices(row: SloRow, by: str, over: str, minimum: int) -> dict[str, Any]:
    """Where the bad events of an objective are. Raises `BadSlo`."""
    found = slos.sliced(row, by, over, minimum)
    read = definition.read(row.settings)
    return {
        "row": row,
        "url": url_of(row.key),
        "promise": promise(read),
        "found": found,
        "target": percent(float(read.target)),
        "slices": [_slice(each) for each in found.ranked.slices],
    }


def _slice(found: Slice) -> dict[str, Any]:
    of_traffic, of_bad = float(found.of_traffic), float(found.of_bad or 0)
    burn, error = found.seen.burn, found.seen.error
    return {
        "name": found.key,
        "of_traffic": percent(of_traffic),
        "of_bad": percent(of_bad),
        "fill": f"{100 * of_bad:.1f}%",
        "mark": f"{100 * of_traffic:.1f}%",
        "over": burn is not None and burn > 1,
        "attained": percent(float(1 - error)) if error is not None else "–",
        "events": f"{found.seen.events.total:,}",
        "bad": f"{found.seen.events.bad:,}",
        "burn": f"{figure(float(burn))}×" if burn is not None else "–",
        "pairs": [_pair(each) for each in found.readings],
    }


def _stats(found: Standing) -> list[dict[str, Any]]:
    budget = found.budget
    if budget is None:
        return []
    events, error = budget.seen.events, budget.seen.error or 0
    burn = budget.burn
    return [
        {
            "name": "Budget left",
            "value": percent(float(budget.remaining)),
            "detail": f"{percent(float(budget.spent))} spent",
            "bad": budget.remaining <= 0,
        },
        {
            "name": f"Burn rate, {span(60 * budget.lookback)}",
            "value": f"{figure(float(burn))}×" if burn is not None else "–",
            "detail": "1× lasts the window",
            "bad": burn is not None and burn > 1,
        },
        _exhaustion(found),
        {
            "name": "Attained",
            "value": percent(float(1 - error)),
            "detail": f"target {percent(float(found.slo.target))}",
            "bad": error > 1 - found.slo.target,
        },
        {
            "name": "Bad events",
            "value": f"{events.bad:,}",
            "detail": f"of {events.total:,}; {percent(float(budget.coverage))} of the time counted",
        },
    ]


def _exhaustion(found: Standing) -> dict[str, Any]:
    gone = found.budget.exhaustion if found.budget else None
    if gone is None:
        return {"name": "Gone at this rate", "value": "not in this window"}
    at = end_of(gone)
    if at <= found.at:
        return {"name": "Gone", "value": f"{span(found.at - at)} ago", "when": at, "bad": True}
    return {
        "name": "Gone at this rate",
        "value": f"in {span(at - found.at)}",
        "when": at,
        "bad": True,
    }


def _picture(found: Standing, name: str) -> dict[str, Any] | None:
    budget = found.budget
    if budget is None:
        return None
    start, end = end_of(budget.period.start), end_of(budget.period.end)
    gone = end_of(budget.exhaustion) if budget.exhaustion is not None else None
    until = max(end, found.at + AHEAD * (end - start)) if gone and gone > found.at else end
    cells = [
        (at, 100 * left, 100 * left, 100 * left)
        for at, left in found.line
        if not any(before < at < after for before, after in found.gaps)
    ]
    marks = [{"time": found.at, "label": "now", "kind": ""}]
    if gone and found.at < gone <= until:
        marks.append({"time": gone, "label": "gone at this rate", "kind": "accent"})
    return {
        "since": start,
        "until": until,
        "cells": cells,
        "band": [(start, None, 100.0, None), (end, None, 0.0, None)],
        "spans": [(before, after, "nodata", "") for before, after in found.gaps],
        "marks": marks,
        "name": "% of the error budget left",
        "last": percent(float(budget.remaining)),
        "words": _words(found, name),
        "key": "budget",
    }


def _words(found: Standing, name: str) -> str:
    assert found.budget is not None  # who draws has looked
    left = percent(float(found.budget.remaining))
    gone = _exhaustion(found)
    count = len(found.gaps)
    gaps = f"; {count} stretch{'' if count == 1 else 'es'} without counts" if count else ""
    return f"Error budget of {name}: {left} left. {gone['name']}: {gone['value']}{gaps}"


def _pairs(found: Standing) -> list[dict[str, Any]]:
    readings = found.alert.readings if found.alert else ()
    return [_pair(reading) for reading in readings]


def _pair(reading: Reading) -> dict[str, Any]:
    words, dot = PAIR_STATES[reading.state]
    factor, burn = float(reading.factor), float(reading.long.burn or 0)
    over = burn > factor
    # The meter is a fifth longer than what there is to show.
    whole = 1.2 * max(factor, burn)
    short = reading.short.burn
    return {
        "name": reading.pair.name,
        "long": spelled(reading.pair.long),
        "short": spelled(reading.pair.short),
        "burn": f"{figure(burn)}×" if reading.long.burn is not None else "–",
        "short_burn": f"{figure(float(short))}×" if short is not None else "–",
        "factor": f"{figure(factor)}×",
        "fill": f"{100 * burn / whole:.1f}%",
        "mark": f"{100 * factor / whole:.1f}%",
        "over": over,
        "words": words,
        "dot": dot,
        "urgency": reading.pair.urgency,
        "urgent": reading.pair.urgency == URGENCIES[0],
        "share": percent(float(reading.pair.fraction)),
    }


def _definition(slo: Slo) -> list[tuple[str, str]]:
    rows = [("counts", slo.indicator.method.replace("_", " "))]
    settings = definition.written(slo)["indicator"]
    if settings.get("every", "1m") != "1m":
        rows.append(("every", settings["every"]))
    if "slice" in settings:
        rows.append(("slice", settings["slice"]))
    if "slice_target" in settings:
        rows.append(("good slice", percent(float(ratio(settings["slice_target"], "slice_target")))))
    source = slo.source
    if isinstance(source, Ratio):
        rows.append(("bad" if source.is_bad else "good", spell(source.part)))
        rows.append(("total", spell(source.total)))
        rows.append(("values", "running totals" if source.counter else "counts since the last"))
    elif isinstance(source, Bound):
        words = {"lt": "below", "lte": "at most", "gt": "above", "gte": "at least"}[source.op]
        rows.append(("good", f"{words} {figure(float(source.bound))}"))
        rows.append(("series", spell(source.value)))
    return rows


def _history(key: str) -> list[dict[str, Any]]:
    """What was decided about the objective, newest first."""
    told = [r for r in store.read_stream(f"slo:{key}", 0, 1000) if r.type in CHANGES][-HISTORY:]
    called = names({record.actor for record in told})
    targets = _targets(told)
    return [_change(*each, called) for each in reversed(list(zip(told, targets, strict=True)))]


def _targets(told: Sequence[Record]) -> list[str]:
    """What each change made of the target, in words; empty where it stayed."""
    found, before = [], ""
    for record in told:
        target = record.payload.get("settings", {}).get("target", before)
        changed = bool(before) and target != before
        found.append(f" ({percent(float(before))} → {percent(float(target))})" if changed else "")
        before = target
    return found


def _change(record: Record, target: str, called: Mapping[str, str]) -> dict[str, Any]:
    icon, words = CHANGES[record.type]
    reason = record.payload.get("reason")
    return {
        "at": record.occurred_at,
        "icon": icon,
        "text": f"{words}{target}: {reason}" if reason else f"{words}{target}",
        "by": called.get(record.actor, record.actor),
    }
