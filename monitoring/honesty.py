"""How honest the monitors are: what people said of their breaches, and what they missed.

Precision is the share of judged breaches that were worth having (true, or true and good); recall is
the share of what should have been noticed that was. Both carry the exact interval of a share, since
a monitor with three breaches proves little.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from access.panels import ask
from monitoring.kinds.intervals import Interval, clopper_pearson
from monitoring.models import BreachRow, MissRow, MonitorRow
from monitoring.state import Judgement

CONFIDENCE = 0.95
NOISE = (str(Judgement.FALSE), str(Judgement.UNACTIONABLE))
WORTH = (str(Judgement.TRUE), str(Judgement.TRUE_AND_GOOD))
NOISIEST = ("-noise", "-opened", "name", "id")
MISSES = ("-since", "-id")
MOST_BREACHES = 5_000
CALLED = "people called by a breach"


@dataclass(frozen=True)
class Share:
    """A share of a count, with its exact 95 % interval. `of` is never 0."""

    hits: int
    of: int

    @property
    def value(self) -> float:
        """The share itself."""
        return self.hits / self.of

    @property
    def interval(self) -> Interval:
        """What it may truly be."""
        return clopper_pearson(self.hits, self.of, CONFIDENCE)


@dataclass(frozen=True)
class Record:
    """A monitor's breaches of a time by what people said of them, and what it missed."""

    id: UUID
    name: str
    kind: str
    urgency: str
    opened: int
    judged: dict[str, int]
    misses: int

    @property
    def noise(self) -> int:
        """Breaches that were not worth having."""
        return sum(self.judged[each] for each in NOISE)

    @property
    def unjudged(self) -> int:
        """Breaches of which nobody said anything."""
        return self.opened - sum(self.judged.values())

    @property
    def precision(self) -> Share | None:
        """None while nothing is judged."""
        of = sum(self.judged.values())
        return Share(sum(self.judged[each] for each in WORTH), of) if of else None

    @property
    def recall(self) -> Share | None:
        """None while nothing is known that should have been noticed."""
        found = sum(self.judged[each] for each in WORTH)
        return Share(found, found + self.misses) if found + self.misses else None


@dataclass(frozen=True)
class Called:
    """How often a person was called by breaches of a time, and how often for nothing."""

    person: str
    called: int
    noise: int
    unjudged: int


def ranked(since: datetime) -> QuerySet[MonitorRow]:
    """Monitors that breached or missed something since then; read in the order `NOISIEST`."""
    opened = BreachRow.objects.filter(monitor=OuterRef("id"), opened_at__gte=since)
    missed = MissRow.objects.filter(monitor=OuterRef("id"), since__gte=since)
    return MonitorRow.objects.annotate(
        opened=_counted(opened),
        noise=_counted(opened.filter(judgement__in=NOISE)),
        missed=_counted(missed),
    ).exclude(opened=0, missed=0)


def _counted(rows: QuerySet[BreachRow] | QuerySet[MissRow]) -> Coalesce:
    counted = rows.order_by().values("monitor").annotate(n=Count("id")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def records(rows: Iterable[MonitorRow], since: datetime) -> list[Record]:
    """The records of these monitors, in two queries however many there are."""
    rows = list(rows)
    ids = [row.id for row in rows]
    said: dict[UUID, Counter[str]] = {id: Counter() for id in ids}
    grouped = BreachRow.objects.filter(monitor__in=ids, opened_at__gte=since)
    for id, judgement, n in grouped.values_list("monitor", "judgement").annotate(n=Count("id")):
        said[id][judgement] = n
    missed = MissRow.objects.filter(monitor__in=ids, since__gte=since)
    misses = dict(missed.values_list("monitor").annotate(n=Count("id")))
    return [
        Record(
            row.id,
            row.name,
            row.kind,
            row.urgency,
            opened=said[row.id].total(),
            judged={str(each): said[row.id][str(each)] for each in Judgement},
            misses=misses.get(row.id, 0),
        )
        for row in rows
    ]


def called(since: datetime, now: datetime) -> list[Called]:
    """Whom the latest 5,000 breaches since then called, those first who were called for nothing."""
    rows = BreachRow.objects.filter(opened_at__gte=since).order_by("-opened_at")[:MOST_BREACHES]
    said = {f"breach:{id}": judgement for id, judgement in rows.values_list("id", "judgement")}
    by_person: dict[str, list[str]] = {}
    for ref, people in ask(CALLED, list(said), now).items():
        for person in people:
            by_person.setdefault(person, []).append(said[ref])
    found = [
        Called(person, len(each), sum(one in NOISE for one in each), each.count(""))
        for person, each in by_person.items()
    ]
    return sorted(found, key=lambda one: (-one.noise, -one.called, one.person))


def misses(monitor: UUID | str) -> QuerySet[MissRow]:
    """What a monitor missed; a page of them is read in the order `MISSES`."""
    return MissRow.objects.filter(monitor=monitor)
