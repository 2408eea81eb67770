"""Service level objectives as plain values: what is promised, and how it stands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db.models import Q, QuerySet

from eventlog.clock import now
from monitoring import counting
from monitoring.commands.objectives import REVIEWED_AFTER, ids_of
from monitoring.measurements import latest_point
from monitoring.models import MonitorRow, SloRow
from monitoring.queries import without_nul
from monitoring.slo import definition
from monitoring.slo.budget import Budget, budget, burn_down
from monitoring.slo.burn import Alert, Reading, evaluate
from monitoring.slo.compliance import Kept, kept, periods
from monitoring.slo.definition import Ratio, Selector, Slo
from monitoring.slo.exact import DAY, BadSlo, end_of, minute_of, plain, span, spelled, whole_minute
from monitoring.slo.indicator import settled
from monitoring.slo.ledger import Ledger, target_of
from monitoring.slo.openslo import Objective, exported, key_of
from monitoring.slo.slices import MAX_SLICES, Ranked, Slice, ranked
from monitoring.slo.windows import Period
from monitoring.state import Promise

BY_NAME = ("name", "key")
DRAWN = 120
NOT_IN_OPENSLO = ("owner", "layer", "environment", "severity", "subjects")


@dataclass(frozen=True)
class Standing:
    """How an objective stands at the end of a minute.

    `status` is ``firing``, ``quiet``, ``unknown`` or ``not_connected``; `wrong` counts minutes whose
    measurements cannot be counts, which are left out. `line` is the share of the budget left over
    time, `gaps` are stretches of the window without counts.
    """

    status: str
    at: datetime
    slo: Slo
    budget: Budget | None
    alert: Alert | None
    line: list[tuple[datetime, float]]
    gaps: list[tuple[datetime, datetime]]
    wrong: int


def slos(
    search: str = "", layer: str = "", retired: bool = False, due: date | None = None
) -> QuerySet[SloRow]:
    """Objectives whose name, key, owner or subjects contain `search`.

    With `due`, those in force whose review has come by that day.
    """
    rows = SloRow.objects.filter(retired_at__isnull=not retired)
    if due is not None:
        rows = rows.filter(retired_at=None, review_on__lte=due)
    search, layer = without_nul(search), without_nul(layer)
    if search:
        rows = rows.filter(
            Q(name__icontains=search)
            | Q(key__icontains=search)
            | Q(owner__icontains=search)
            | Q(subjects__icontains=search)
        )
    return rows.filter(layer=layer) if layer else rows


def slo(key: str) -> SloRow | None:
    """One objective, in force or retired."""
    return SloRow.objects.filter(key=without_nul(key)).first()


def review_is_due(row: SloRow, today: date) -> bool:
    """Whether somebody should look at an objective again."""
    return row.retired_at is None and row.review_on <= today


def monitors_of(row: SloRow) -> list[MonitorRow]:
    """The monitors of an objective that are in service, the most urgent first."""
    wanted = ids_of(f"slo:{row.key}", row.settings) if row.retired_at is None else []
    found = {str(one.id): one for one in MonitorRow.objects.filter(id__in=wanted)}
    return [found[one] for one in wanted if one in found]


def latest(slo: Slo) -> datetime | None:
    """How far event time has come for the objective's series; None before anything arrived."""
    selector = _own(slo)
    series = counting.series_id(selector) if selector else None
    known = latest_point(series) if series is not None else None
    if known is None:
        return None
    time, recorded_at = known
    return max(time, time + (now() - recorded_at))


def standing(row: SloRow, as_of: datetime | None = None) -> Standing:
    """How an objective stands, now or as of another time, by what is known today."""
    read = definition.read(row.settings)
    at = as_of or latest(read)
    if read.source is None or at is None:
        nothing = "unknown" if read.source else "not_connected"
        return Standing(nothing, at or now(), read, None, None, [], [], 0)
    minute = whole_minute(at)
    book, wrong = _ledger(row, read, minute)
    alert = evaluate(book, read.pairs, read.window.nominal, minute)
    found = budget(book, read.window, minute)
    line = burn_down(book, found, DRAWN) if found else []
    return Standing(
        status=_status(alert, book),
        at=end_of(minute),
        slo=read,
        budget=found,
        alert=alert,
        line=[(end_of(each), float(share)) for each, share in line],
        gaps=[
            (end_of(before), end_of(after))
            for before, after in (book.gaps(found.period.start, minute) if found else [])
        ],
        wrong=len(wrong),
    )


def _status(alert: Alert, book: Ledger) -> str:
    """Without alerts to ask, an objective is quiet as long as anything is known."""
    if alert.readings:
        return alert.status
    return "quiet" if book.last is not None else "unknown"


def compliance(row: SloRow, frame: str, count: int, as_of: datetime | None = None) -> list[Kept]:
    """What became of an objective in its latest periods, newest first, by what is known today.

    Periods before anything was counted are left out. Raises `BadSlo` for a frame or count that
    cannot be.
    """
    read = definition.read(row.settings)
    # Refused for an objective without counts as well.
    asked = list(periods(frame, read.window, whole_minute(as_of or now()), count))
    at = as_of or latest(read)
    if read.source is None or at is None:
        return []
    minute = whole_minute(at)
    if as_of is None:
        asked = list(periods(frame, read.window, minute, count))
    # One period at a time: two years of minutes together would take all of a worker's memory.
    found = [_kept(row, read, period, minute) for period in asked]
    while found and found[-1].outcome == "unknown":
        found.pop()
    return found


def _kept(row: SloRow, read: Slo, period: Period, minute: int) -> Kept:
    book, _ = _ledger(row, read, min(period.end, minute), period.start)
    return kept(book, period, minute)


@dataclass(frozen=True)
class Sliced:
    """One objective by the values of one label, `over` so many minutes before `at`.

    `labels` are those that it can be sliced by, `windows` the spans that it can be ordered over.
    """

    labels: list[str]
    by: str
    windows: list[str]
    over: str
    minimum: int
    at: datetime | None
    ranked: Ranked


def sliced(row: SloRow, by: str, over: str, minimum: int, as_of: datetime | None = None) -> Sliced:
    """The slices of an objective, the worst first, by what is known today.

    Slices are the series that have one label more than those of the objective. An empty `by` is the
    first such label, an empty `over` the longest window of an alert. Raises `BadSlo`.
    """
    read = definition.read(row.settings)
    spans = sorted({pair.long for pair in read.pairs}) or [DAY]
    windows = [spelled(each) for each in spans]
    over = over or windows[-1]
    if over not in windows:
        raise BadSlo("over", f"must be one of {', '.join(windows)}")
    if not 1 <= minimum <= 10**9:
        raise BadSlo("minimum", "must be a whole number of events from 1 to a billion")
    own = _own(read)
    labels = counting.slicing_labels(own) if own else []
    if by and by not in labels:
        known = f"one of {', '.join(labels)}" if labels else "empty: no series is sliced by a label"
        raise BadSlo("by", f"must be {known}")
    by, at = by or next(iter(labels), ""), as_of or latest(read)
    nothing = Sliced(labels, by, windows, over, minimum, at, Ranked([], 0, 0))
    if own is None or not by or at is None:
        return nothing
    values = counting.slices_of(own, by, MAX_SLICES + 1)
    if len(values) > MAX_SLICES:
        raise BadSlo("by", f"has more than {MAX_SLICES} values: too many to show")
    minute = whole_minute(at)
    books = {value: _book_of(row, read, by, value, minute, spans[-1]) for value in values}
    found = ranked(books, read.pairs, read.window.nominal, minute, span(over, "over"), minimum)
    return replace(nothing, ranked=found, at=end_of(minute))


def _own(read: Slo) -> Selector | None:
    """The series of all events, or of values."""
    if read.source is None:
        return None
    return read.source.total if isinstance(read.source, Ratio) else read.source.value


def _book_of(row: SloRow, read: Slo, by: str, value: str, minute: int, length: int) -> Ledger:
    assert read.source is not None  # who asks has looked
    part = replace(read, source=counting.sliced_source(read.source, by, value))
    return _ledger(row, part, minute, minute - length)[0]


def _ledger(
    row: SloRow, read: Slo, minute: int, since: int | None = None
) -> tuple[Ledger, list[int]]:
    assert read.source is not None  # who asks has looked
    if since is None:
        since = min(read.window.at(minute).start, minute - read.lookback)
    start = since - read.indicator.reach
    measured = counting.counts(read.source, end_of(max(start, 0)), end_of(minute))
    is_bad = isinstance(read.source, Ratio) and read.source.is_bad
    counts, wrong = settled(measured, is_bad)
    targets = [
        (minute_of(datetime.fromisoformat(since)), target_of(share)) for since, share in row.targets
    ]
    return Ledger(read.indicator, targets, counts), wrong


# --- as the API and the pages say it ---


def as_values(found: Standing) -> dict[str, Any]:
    """A standing as JSON-safe values: times as ISO text, shares as numbers."""
    return {
        "status": found.status,
        "urgency": found.alert.urgency if found.alert else "",
        "at": found.at,
        "budget": _budget_values(found.budget) if found.budget else None,
        "alerts": [_reading_values(each) for each in found.alert.readings] if found.alert else [],
        "burn_down": [{"time": time, "remaining": share} for time, share in found.line],
        "wrong": found.wrong,
    }


def _budget_values(found: Budget) -> dict[str, Any]:
    gone = found.exhaustion
    error = found.seen.error
    return {
        "start": end_of(found.period.start),
        "end": end_of(found.period.end),
        "events": found.seen.events.total,
        "bad": found.seen.events.bad,
        "error": float(error) if error is not None else None,
        "spent": float(found.spent),
        "remaining": float(found.remaining),
        "burn": float(found.burn) if found.burn is not None else None,
        "coverage": float(found.coverage),
        "exhaustion": end_of(gone) if gone is not None else None,
    }


def _reading_values(found: Reading) -> dict[str, Any]:
    return {
        "name": found.pair.name,
        "urgency": found.pair.urgency,
        "state": found.state,
        "fraction": float(found.pair.fraction),
        "factor": float(found.factor),
        "long": spelled(found.pair.long),
        "short": spelled(found.pair.short),
        "long_burn": float(found.long.burn) if found.long.burn is not None else None,
        "short_burn": float(found.short.burn) if found.short.burn is not None else None,
        "coverage": found.long.covered / found.long.width,
        "events": found.long.events.total,
        "bad": found.long.events.bad,
    }


def kept_values(found: Kept) -> dict[str, Any]:
    """What became of a promise as JSON-safe values; counts are whole, shares of them exact texts."""
    error, spent = found.attained, found.spent
    return {
        "start": end_of(found.period.start),
        "end": end_of(found.period.end),
        "until": end_of(found.until),
        "whole": found.whole,
        "good": found.seen.events.good,
        "bad": found.seen.events.bad,
        "total": found.seen.events.total,
        "objective": plain(found.target),
        "attained": float(error) if error is not None else None,
        "counted_bad": plain(found.bad),
        "allowed_bad": plain(found.allowed),
        "spent": float(spent) if spent is not None else None,
        "coverage": found.seen.covered / found.seen.width if found.seen.width else 0.0,
        "outcome": found.outcome,
    }


def slice_values(found: Slice) -> dict[str, Any]:
    """A slice as JSON-safe values."""
    burn, error = found.seen.burn, found.seen.error
    return {
        "slice": found.key,
        "events": found.seen.events.total,
        "bad": found.seen.events.bad,
        "of_traffic": float(found.of_traffic),
        "of_bad": float(found.of_bad) if found.of_bad is not None else None,
        "attained": float(1 - error) if error is not None else None,
        "burn": float(burn) if burn is not None else None,
        "alerts": [_reading_values(each) for each in found.readings],
    }


def in_openslo(row: SloRow) -> dict[str, Any]:
    """The objective as an OpenSLO document."""
    service = row.document["spec"]["service"] if row.document else service_of(row.subjects)
    objective = Objective(
        key=row.key,
        name=row.name,
        description=row.description,
        service=service or row.key,
        settings=row.settings,
        document=row.document,
        extras={name: getattr(row, name) for name in NOT_IN_OPENSLO}
        | {"review_on": row.review_on.isoformat()},
    )
    usual_review = (row.created_at + REVIEWED_AFTER).date().isoformat()
    return exported(objective, {**assumed(objective.service), "review_on": usual_review})


def assumed(service: str) -> dict[str, Any]:
    """What is taken to be so of an objective whose document does not say."""
    promise = Promise(subjects=[f"service:{key_of(service)}"])
    return {name: getattr(promise, name) for name in NOT_IN_OPENSLO}


def service_of(subjects: Iterable[str]) -> str:
    """The name of the first service among some refs; empty without one."""
    return next((one.partition(":")[2] for one in subjects if one.startswith("service:")), "")


def taken_from(objective: Objective, known: SloRow | None) -> dict[str, Any]:
    """Fields of the command that takes in an imported objective.

    What its document does not say stays as it is known.
    """
    said = assumed(objective.service)
    if known is not None:
        said = {name: getattr(known, name) for name in NOT_IN_OPENSLO}
    return {
        "slo": objective.key,
        "name": objective.name,
        "description": objective.description,
        "settings": objective.settings,
        "document": objective.document,
        **said,
        **objective.extras,
    }
