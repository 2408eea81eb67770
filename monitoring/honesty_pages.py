"""What the pages about honest monitors show: what is to be judged, and what the judgements add up to."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from access.paging import page_of
from access.panels import ask
from access.queries import names
from monitoring import honesty, pages, queries
from monitoring.honesty import Record, Share
from monitoring.models import BreachRow, MissRow
from monitoring.pages import JUDGEMENTS
from monitoring.slo_pages import percent

PERIODS = {"7": "7 d", "30": "30 d", "90": "90 d", "365": "a year"}
LISTS = {"": "To judge", "monitors": "Monitors", "people": "People"}
AT_ONCE = 25
MISSES_SHOWN = 20


def choices() -> list[dict[str, str]]:
    """What can be said of a breach."""
    return [
        {"value": value, "word": word, "help": help}
        for value, (word, _, help) in JUDGEMENTS.items()
    ]


def review(chosen: str, days: str, cursor: str | None, now: datetime) -> dict[str, Any]:
    """One of the three lists. Raises `BadCursor`."""
    chosen = chosen if chosen in LISTS else ""
    days = days if days in PERIODS else "30"
    since = now - timedelta(days=int(days))
    page: dict[str, Any] = {"list": chosen, "days": days, "choices": choices(), "next": None}
    if chosen == "people":
        page |= {"people": _people(since, now)}
    elif chosen == "monitors":
        found = page_of(honesty.ranked(since), honesty.NOISIEST, cursor, AT_ONCE)
        page |= {"rows": [_record(each) for each in honesty.records(found.rows, since)]}
        page |= {"next": found.next}
    else:
        found_breaches = page_of(queries.unjudged(), queries.LATEST, cursor, AT_ONCE)
        page |= {"breaches": _to_judge(found_breaches.rows, now), "next": found_breaches.next}
    waiting = queries.unjudged().count()
    return page | {
        "waiting": waiting,
        "tabs": _tabs(chosen, days, waiting),
        "periods": _periods(days),
    }


def _tabs(chosen: str, days: str, waiting: int) -> list[dict[str, Any]]:
    return [
        {
            "label": label,
            "href": f"?list={name}&days={days}",
            "current": name == chosen,
            "count": None if name else waiting,
        }
        for name, label in LISTS.items()
    ]


def _periods(days: str) -> list[dict[str, Any]]:
    return [
        {"days": each, "label": label, "current": each == days} for each, label in PERIODS.items()
    ]


def _to_judge(rows: list[BreachRow], now: datetime) -> list[dict[str, Any]]:
    links = ask("incident of a breach", [f"breach:{row.id}" for row in rows], now)
    return [
        {
            "row": row,
            "url": pages.url_of(row.monitor),
            "lasted": row.closed_at - row.onset if row.closed_at else None,
            "incident": links.get(f"breach:{row.id}"),
        }
        for row in rows
    ]


def _record(record: Record) -> dict[str, Any]:
    return {
        "record": record,
        "url": pages.url_of(record.id),
        "precision": _share(record.precision),
        "recall": _share(record.recall),
        "judged": [(JUDGEMENTS[name][0], count) for name, count in record.judged.items() if count],
    }


def _share(share: Share | None) -> dict[str, str] | None:
    if share is None:
        return None
    low, high = share.interval
    return {
        "value": percent(share.value),
        "words": f"{share.hits:,} of {share.of:,}, truly {percent(low)} to {percent(high)}",
    }


def _people(since: datetime, now: datetime) -> list[dict[str, Any]]:
    found = honesty.called(since, now)
    called = names({each.person for each in found})
    return [{"name": called.get(each.person, each.person), "called": each} for each in found]


def of_monitor(id: UUID, now: datetime) -> dict[str, Any]:
    """What a monitor's own page says of its honesty: the last 90 days, and what it missed."""
    since = now - timedelta(days=90)
    found = honesty.records(honesty.ranked(since).filter(id=id), since)
    rows = list(honesty.misses(id).order_by(*honesty.MISSES)[:MISSES_SHOWN])
    called = names({row.recorded_by for row in rows})
    return {
        "honesty": _record(found[0]) if found else None,
        "misses": [_miss(row, called) for row in rows],
        "choices": choices(),
    }


def _miss(row: MissRow, called: dict[str, str]) -> dict[str, Any]:
    return {"row": row, "by": called.get(row.recorded_by, row.recorded_by)}
