"""What monitoring shows on other apps' pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from access.panels import provides
from monitoring import pages, pictures, queries
from monitoring.models import MonitorRow
from monitoring.queries import MonitorView

AROUND = timedelta(hours=6)
LONGEST = timedelta(days=30)
TROUBLED = 8
FLAT = 0.05


@provides("trend")
def trends(refs: Sequence[str], now: datetime) -> Mapping[str, Any]:
    """The line of each monitor, and in a word whether it gets better."""
    views = _views(refs)
    sparks = pictures.sparks(views)
    return {view.ref: _trend(view, sparks[view.ref], now) for view in views if view.ref in sparks}


def _trend(view: MonitorView, spark: pictures.Spark, now: datetime) -> dict[str, Any]:
    state = pages.state_of(view.status)
    word, tone = state["word"], "is-bad" if view.status == "breached" else "ink-2"
    if view.status == "breached":
        word = _direction(view, spark)
        tone = "" if word == "getting better" else tone
    elif view.status == "ok":
        word, tone = "back in band", ""
    return {
        "values": spark.values if view.status != "no_data" else [],
        "bad_from": spark.bad_from,
        "words": spark.words,
        "word": word,
        "tone": tone,
        "detail": view.name,
    }


def _direction(view: MonitorView, spark: pictures.Spark) -> str:
    """Whether the newest values move towards what is acceptable."""
    recent = spark.values[-6:]
    bounds = [view.verdict.get(name) for name in ("lo", "hi")]
    known = [bound for bound in bounds if bound is not None]
    if len(recent) < 4 or not known:
        return "out of bounds"
    aim = sum(known) / len(known)
    half = len(recent) // 2
    before = abs(sum(recent[:half]) / half - aim)
    after = abs(sum(recent[-half:]) / half - aim)
    if abs(after - before) <= FLAT * max(before, after, 1e-12):
        return "flat"
    return "getting better" if after < before else "getting worse"


@provides("monitors at a glance")
def at_a_glance(refs: Sequence[str], now: datetime) -> Mapping[str, Any]:
    """For the board: how many monitors there are, and those that are not well."""
    counts = queries.status_counts()
    open_ones = MonitorRow.objects.exclude(breach="").order_by("-breached_since")[:TROUBLED]
    quiet = queries.monitors(status="no_data")[: TROUBLED - len(open_ones)]
    troubled = [*queries.views(open_ones), *queries.views(quiet)]
    seen = {
        "total": sum(counts.values()),
        "breached": counts.get("breached", 0),
        "words": pages.count_words(counts),
        "troubled": [pages.short_row(view) for view in troubled],
    }
    return dict.fromkeys(refs, seen)


@provides("pictures")
def around_breaches(refs: Sequence[str], now: datetime) -> Mapping[str, Any]:
    """A chart of each breach's series around the time it was out of bounds."""
    found = {}
    for ref in refs:
        breach = queries.breach(ref)
        view = queries.monitor(breach.monitor) if breach else None
        if breach is None or view is None or view.last_at is None:
            continue
        start = breach.onset - AROUND
        end = min((breach.closed_at or view.last_at) + AROUND, view.last_at)
        end = min(max(end, breach.onset + timedelta(minutes=30)), start + LONGEST)
        drawn = pictures.picture(view, start, end, (breach.onset, breach.onset, breach.onset))
        if drawn:
            found[ref] = drawn | {"height": 132, "url": pages.url_of(view.id)}
    return found


def _views(refs: Sequence[str]) -> list[MonitorView]:
    ids = []
    for ref in refs:
        kind, _, name = ref.partition(":")
        try:
            ids += [UUID(name)] if kind == "monitor" else []
        except ValueError:
            continue
    return queries.views(MonitorRow.objects.filter(id__in=ids))
