"""Which sorts of signals each service has an indicator of, and whose two views of a thing disagree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from eventlog.db import fast_cursor
from monitoring.models import MonitorRow, SloRow
from monitoring.queries import without_nul
from monitoring.signal_classes import OF_MODELS, OF_SERVICES, Signal, signal_of
from monitoring.slo import definition
from monitoring.slo.definition import Ratio
from registry.queries import things

COVERED = ("service", "model")
MOST = 500
VIEW_WINDOW = timedelta(hours=1)
TOLERANCE = 0.1


@dataclass(frozen=True, slots=True)
class Indicator:
    """A monitor or an objective, by its ref, and how it is called."""

    ref: str
    name: str


@dataclass(slots=True)
class Covered:
    """A service or a model: its indicators by their class, and those of no class that is known."""

    ref: str
    indicators: dict[Signal, list[Indicator]] = field(default_factory=lambda: defaultdict(list))
    unknown: list[Indicator] = field(default_factory=list)
    has_model: bool = False

    @property
    def wanted(self) -> tuple[Signal, ...]:
        """The classes that it should have: those of models where there is one."""
        return (*OF_SERVICES, *OF_MODELS) if self.has_model else OF_SERVICES

    @property
    def missing(self) -> list[Signal]:
        """The classes that it has no indicator of."""
        return [signal for signal in self.wanted if signal not in self.indicators]


@dataclass(frozen=True, slots=True)
class Disagreement:
    """What clients and servers measured of one thing in the last hour of both."""

    name: str
    labels: dict[str, str]
    client: float
    server: float
    at: datetime

    @property
    def gap(self) -> float:
        """The difference, as a share of the larger."""
        return abs(self.client - self.server) / max(abs(self.client), abs(self.server))


def coverage(search: str = "") -> list[Covered]:
    """Services and models with their indicators, what lacks most first; at most 500.

    Known are those that a monitor or an objective speaks for, and the services of the registry.
    """
    found: dict[str, Covered] = {}
    for signal, indicator, subjects in _indicators():
        refs = [ref for ref in subjects if ref.partition(":")[0] in COVERED]
        has_model = any(ref.startswith("model:") for ref in refs)
        for ref in refs:
            covered = found.setdefault(ref, Covered(ref))
            covered.has_model |= has_model
            (covered.unknown if signal is None else covered.indicators[signal]).append(indicator)
    for ref in things.entities("service").values_list("ref", flat=True)[:MOST]:
        found.setdefault(ref, Covered(ref))
    search = without_nul(search).lower()
    fitting = [each for each in found.values() if search in each.ref.lower()]
    return sorted(fitting, key=lambda each: (-len(each.missing), each.ref))[:MOST]


def _indicators() -> Iterable[tuple[Signal | None, Indicator, list[str]]]:
    for row in MonitorRow.objects.exclude(subjects=[]).iterator():
        signal = signal_of(row.signal, row.kind, row.series, row.name)
        yield signal, Indicator(f"monitor:{row.id}", row.name), row.subjects
    for slo in SloRow.objects.filter(retired_at__isnull=True).exclude(subjects=[]).iterator():
        chosen = str(Signal.BUSINESS) if slo.layer == "business" else ""
        signal = signal_of(chosen, "", *_series_of(slo), slo.name)
        yield signal, Indicator(f"slo:{slo.key}", slo.name), slo.subjects


def _series_of(row: SloRow) -> list[str]:
    """The part before the whole: good answers within a time speak of latency, not of traffic."""
    source = definition.read(row.settings).source
    if source is None:
        return []
    if isinstance(source, Ratio):
        return [source.part.series, source.total.series]
    return [source.value.series]


PAIRS = """
SELECT c.name, c.labels - 'view', c.id, s.id FROM monitoring_series c
JOIN monitoring_series s ON s.name = c.name AND s.labels = c.labels || '{"view": "server"}'
WHERE c.labels ->> 'view' = 'client' ORDER BY c.name, c.id LIMIT %s
"""
MEANS = """
WITH ends AS (
    SELECT p.client, p.server, least(
        (SELECT max(time) FROM monitoring_measurement WHERE series_id = p.client),
        (SELECT max(time) FROM monitoring_measurement WHERE series_id = p.server)) AS at
    FROM unnest(%(clients)s::bigint[], %(servers)s::bigint[]) AS p(client, server)
)
SELECT client, at,
    (SELECT avg(value) FROM monitoring_measurement
     WHERE series_id = client AND time > at - %(window)s AND time <= at),
    (SELECT avg(value) FROM monitoring_measurement
     WHERE series_id = server AND time > at - %(window)s AND time <= at)
FROM ends WHERE at IS NOT NULL
"""


def disagreements(tolerance: float = TOLERANCE) -> list[Disagreement]:
    """Series with the label ``view`` whose ``client`` and ``server`` differ by more than a share.

    Their means over the last hour that both have are compared; the widest gaps first.
    """
    with fast_cursor() as cursor:
        cursor.execute(PAIRS, (MOST,))
        pairs = {client: (name, labels, server) for name, labels, client, server in cursor}
        servers = [server for _, _, server in pairs.values()]
        asked = {"clients": list(pairs), "servers": servers, "window": VIEW_WINDOW}
        cursor.execute(MEANS, asked)
        means = cursor.fetchall()
    found = [
        Disagreement(pairs[client][0], pairs[client][1], ours, theirs, at)
        for client, at, ours, theirs in means
        if ours is not None and theirs is not None and ours != theirs
    ]
    return sorted((each for each in found if each.gap > tolerance), key=lambda each: -each.gap)
