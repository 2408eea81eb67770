"""Exposures: in any order and any batches the same units and the same counts, counted as they come."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db.models import Count, Q
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eventlog.clock import now
from eventlog.db import with_connection
from experiments.ingest import exposures
from experiments.models import Exposure, ExposureCount
from experiments.queries import phases_met

Item = dict[str, Any]


def items() -> st.SearchStrategy[list[Item]]:
    """Exposures of a few units in two phases, many of them repeated and some contradictory."""
    one = st.builds(
        lambda phase, unit, variation, minute: {
            "experiment": "exp",
            "phase": phase,
            "unit": f"u{unit}",
            "variation": variation,
            "time": f"2026-03-01T12:{minute:02d}:00Z",
        },
        st.sampled_from(["1", "2"]),
        st.integers(0, 6),
        st.sampled_from("ab"),
        st.integers(0, 9),
    )
    return st.lists(one, min_size=1, max_size=30)


def take(batch: list[Item]) -> int:
    rows, faults = exposures.read(batch, now())
    assert not faults
    return exposures.write(rows)


def kept() -> set[tuple[Any, ...]]:
    return set(Exposure.objects.values_list("phase", "unit", "variation", "exposed_at", "several"))


def counted() -> dict[tuple[str, str], tuple[int, int]]:
    rows = ExposureCount.objects.exclude(units=0)
    return {(row.phase, row.variation): (row.units, row.several) for row in rows}


def recounted() -> dict[tuple[str, str], tuple[int, int]]:
    rows = Exposure.objects.values("phase", "variation").annotate(
        units=Count("unit"), mixed=Count("unit", filter=Q(several=True))
    )
    return {(row["phase"], row["variation"]): (row["units"], row["mixed"]) for row in rows}


@pytest.mark.django_db
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(items(), st.randoms(use_true_random=False), st.integers(1, 5))
def test_order_and_batches_change_nothing(said: list[Item], chance: Any, size: int) -> None:
    found = []
    for shuffled in (said, chance.sample(said, len(said))):
        Exposure.objects.all().delete()
        ExposureCount.objects.all().delete()
        new = sum(take(shuffled[n : n + size]) for n in range(0, len(shuffled), size))
        assert new == Exposure.objects.count() == len({(one["phase"], one["unit"]) for one in said})
        assert counted() == recounted()
        found.append(kept())
    assert found[0] == found[1]
    assert take(said) == 0
    assert (kept(), counted()) == (found[1], recounted())


@pytest.mark.django_db(transaction=True)
def test_writers_at_once_lose_no_count_and_do_not_stop_each_other() -> None:
    def batch(writer: int) -> list[Item]:
        return [
            {
                "experiment": f"exp{n % 3}",
                "unit": f"u{(n * 7 + writer) % 39}",
                "variation": "ab"[(n + writer) % 2],
                "time": f"2026-03-01T12:{(n + writer) % 60:02d}:00Z",
            }
            for n in range(120)
        ]

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda writer: with_connection(take, batch(writer)), range(24)))
    kept_units = Counter(Exposure.objects.values_list("experiment", "variation"))
    units = {(row.experiment, row.variation): row.units for row in ExposureCount.objects.all()}
    assert {key: count for key, count in units.items() if count} == kept_units
    mixed = Exposure.objects.filter(several=True).count()
    assert sum(row.several for row in ExposureCount.objects.all()) == mixed > 0


@pytest.mark.django_db
def test_what_came_this_hour_is_told_apart() -> None:
    item = {"experiment": "exp", "unit": "u1", "variation": "a", "time": "2026-03-01T12:00:00Z"}
    take([item])
    (phase,) = phases_met(now())
    assert (phase.units, phase.in_hour) == (1, 1)
    ExposureCount.objects.update(hour="2026-03-01T12:00:00Z")
    (phase,) = phases_met(now())
    assert (phase.units, phase.in_hour) == (1, 0)
    take([item | {"unit": "u2"}, item])
    (phase,) = phases_met(now())
    assert (phase.units, phase.in_hour) == (2, 1)
