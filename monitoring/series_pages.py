"""What the pages about series show: the catalogue, one series, and the board of a launch."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from access.paging import page_of
from access.queries import names
from monitoring import pages, pictures, queries, series
from monitoring.kinds.base import figure
from monitoring.models import Series
from monitoring.series import MANY, Newest

AT_ONCE = 25


def url_of(id: int) -> str:
    """Address of a series' page."""
    return f"/series/{id}"


def listed(search: str, cursor: str | None, now: datetime) -> dict[str, Any]:
    """One page of the catalogue. Raises `BadCursor`."""
    page = page_of(queries.catalogue(*series.asked(search)), queries.BY_NAME, cursor, AT_ONCE)
    return {
        "rows": _rows(page.rows, pictures.DAY, now),
        "next": page.next,
        "search": search,
        "any": Series.objects.exists(),
    }


def launch(search: str, now: datetime) -> dict[str, Any]:
    """The newest values of the series that fit, the freshest first."""
    fitting = queries.catalogue(*series.asked(search)).order_by(*queries.BY_NAME)
    rows = _rows(list(fitting[:MANY]), pictures.HOUR, now)
    rows.sort(key=lambda row: row["newest"].time if row["newest"] else pictures.NEVER, reverse=True)
    total = fitting.count()
    return {
        "rows": rows,
        "search": search,
        "looked_at": now,
        "total": total,
        "more": total > MANY,
        "again": f"/series/launch?{urlencode({'search': search})}",
        "silent": sum(not row["fresh"] for row in rows),
    }


def _rows(rows: list[Series], length: timedelta, now: datetime) -> list[dict[str, Any]]:
    found, watched = series.newest(row.id for row in rows), series.watched_by(rows)
    lines = pictures.lines({id: each.time for id, each in found.items()}, length)
    senders = names({row.source for row in rows})
    return [
        {
            "row": row,
            "url": url_of(row.id),
            "labels": sorted(row.labels.items()),
            "newest": found.get(row.id),
            "fresh": row.id in found and found[row.id].is_fresh(now),
            "hour": _change(found.get(row.id), "hour_ago"),
            "day": _change(found.get(row.id), "day_ago"),
            "line": lines.get(row.id),
            "source": senders.get(row.source, row.source),
            "monitors": [pages.short_row(view) for view in watched[row.id]],
        }
        for row in rows
    ]


def _change(newest: Newest | None, name: str) -> str:
    """How the newest value differs from an earlier one: ``+12 %``, or by how much around 0."""
    before = getattr(newest, name, None)
    if newest is None or before is None:
        return ""
    if newest.value == before:
        return "±0"
    if before == 0:
        return f"{newest.value:+.4g}".replace("-", "−")
    return f"{100 * (newest.value - before) / abs(before):+.1f} %".replace("-", "−")


def one(row: Series, span: str, until: datetime | None, now: datetime) -> dict[str, Any]:
    """Chart, figures, monitors and corrections of one series."""
    (shown,) = _rows([row], pictures.DAY, now)
    latest: Newest | None = shown["newest"]
    reach = queries.reach(row.id)
    end = until or (latest.time if latest else now)
    span = span if span in pages.RANGES else "1d"
    start = end - pages.RANGES[span][1]
    unit = f" {row.unit}" if row.unit else ""
    return {
        **shown,
        "stats": [
            {"name": "Newest", "value": figure(latest.value) + unit if latest else "none"},
            {"name": "An hour before", "value": shown["hour"] or "not known"},
            {"name": "A day before", "value": shown["day"] or "not known"},
        ],
        "reach": reach,
        "picture": pictures.of_series(row, start, end),
        "ranges": pages.ranges(span, until),
        "earlier": pages.shifted(span, start),
        "later": pages.shifted(span, end + pages.RANGES[span][1]) if _is_past(end, reach) else "",
        "corrections": series.corrections(row.id),
        "monitor_url": f"/monitors/new?{urlencode({'series': str(row)})}",
    }


def _is_past(end: datetime, reach: tuple[datetime, datetime] | None) -> bool:
    return reach is not None and end < reach[1]
