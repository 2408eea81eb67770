"""The sums behind results: exact, whatever the order, the batches, the repeats and the crashes."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eventlog.clock import now
from experiments.ingest import exposures, outcomes
from experiments.models import Bin, Cell, Exposure, Outcome, TrackedRow, UnitValue
from experiments.queries import ends_of
from experiments.results import joint_moments
from tests.cast import Player, machine
from tests.experiments.studies import define, start, stop

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
METRICS: dict[str, dict[str, Any]] = {
    "bought": {"aggregation": "conversion", "source": "purchase"},
    "purchases": {"aggregation": "count", "source": "purchase", "cap": "3"},
    "revenue": {"aggregation": "sum", "source": "purchase", "before_days": 7},
    "basket": {"aggregation": "mean", "source": "purchase", "window_hours": 24},
    "most": {"aggregation": "quantile", "source": "purchase", "quantile": "0.9"},
    "per_visit": {"aggregation": "ratio", "source": "purchase", "denominator": "visit"},
}


@pytest.fixture
def tracked(db: None) -> None:
    """Two phases of an experiment with these metrics, the first one over by now."""
    definitions = define(METRICS)
    start("exp", definitions, slices=["country"])
    stop("exp")
    start("exp", definitions, slices=["country"], hypothesis="It is still found sooner.")


def minute(n: int) -> str:
    return (START + timedelta(minutes=n)).isoformat()


def exposed() -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(
        lambda phase, unit, variation, at, country: {
            "kind": "exposure",
            "experiment": "exp",
            "phase": phase,
            "unit": f"u{unit}",
            "variation": variation,
            "time": minute(at * 300),
            "attributes": {"country": country},
        },
        st.sampled_from("12"),
        st.integers(0, 5),
        st.sampled_from("aaab"),
        st.integers(0, 9),
        st.sampled_from(["CH", "FI"]),
    )


def happened() -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(
        lambda source, unit, at, value, id: {
            "kind": "outcome",
            "source": source,
            "unit": f"u{unit}",
            "time": minute(at * 240 - 600),
            "value": value,
            "id": f"{id}",
        },
        st.sampled_from(["purchase", "purchase", "visit"]),
        st.integers(0, 5),
        st.integers(0, 20),
        st.floats(-1e9, 1e9).map(lambda v: round(v, 6)) | st.sampled_from([1e8, 1e8 + 0.1, 0.1]),
        st.integers(0, 10**6),
    )


def take(batch: list[dict[str, Any]]) -> None:
    for kind, door in (("exposure", exposures), ("outcome", outcomes)):
        items = [
            {k: v for k, v in one.items() if k != "kind"} for one in batch if one["kind"] == kind
        ]
        rows, faults = door.read(items, now())
        assert not faults
        door.write(rows)


def clear() -> None:
    for model in (Exposure, Outcome, UnitValue, Cell, Bin):
        model.objects.all().delete()


def cells() -> dict[tuple[Any, ...], tuple[Fraction, ...]]:
    names = ("n", "x", "xx", "y", "yy", "xy")
    return {
        (c.phase, c.metric, c.variation, c.slice, c.day): tuple(
            Fraction(getattr(c, name)) for name in names
        )
        for c in Cell.objects.all()
        if any(getattr(c, name) for name in names)
    }


def computed_by_hand() -> dict[tuple[Any, ...], tuple[Fraction, ...]]:
    """The same from the raw rows, one unit after the other, in fractions."""
    found: dict[tuple[Any, ...], list[Fraction]] = defaultdict(lambda: [Fraction(0)] * 6)
    for e in Exposure.objects.filter(several=False):
        said = list(Outcome.objects.filter(unit=e.unit))
        for metric, given_ in METRICS.items():
            x, y = _of_unit(given_, e, said)
            for name in ("", f"country={e.attributes['country']}"):
                key = (e.phase, metric, e.variation, name, e.exposed_at.date())
                parts = (1, x, x * x, y, y * y, x * y)
                found[key] = [a + b for a, b in zip(found[key], parts, strict=True)]
    return {key: tuple(sums) for key, sums in found.items()}


def binned() -> dict[tuple[str, str], list[tuple[float, float]]]:
    """Ends of the bins that units are in, by phase and variation."""
    found: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    for row in Bin.objects.exclude(n=0).order_by("bin"):
        found[row.phase, row.variation] += [ends_of(row.bin)] * row.n
    return dict(found)


def binned_by_hand() -> dict[tuple[str, str], list[tuple[float, float]]]:
    """Every unit's value lies in the bin that is counted for it, in order."""
    values: dict[tuple[str, str], list[float]] = defaultdict(list)
    for row in UnitValue.objects.filter(metric="most"):
        values[row.phase, row.variation].append(float(row.x))
    bins = binned()
    for key, mine in values.items():
        assert len(bins[key]) == len(mine)
        for (low, high), value in zip(bins[key], sorted(mine), strict=True):
            assert low * (1 - 1e-9) <= value <= high * (1 + 1e-9) or abs(value) < 1e-9 or value < 0
            assert value >= 0 or low * (1 + 1e-9) <= value <= high * (1 - 1e-9)
    return bins if values else {}


def _of_unit(given_: dict[str, Any], e: Exposure, said: list[Outcome]) -> tuple[Any, Any]:
    hours = given_.get("window_hours", 0)
    end = e.exposed_at + timedelta(hours=hours) if hours else datetime.max.replace(tzinfo=UTC)
    since = e.exposed_at - timedelta(days=given_.get("before_days", 0))
    after = [o for o in said if e.exposed_at <= o.time < end]
    mine = [Fraction(o.value) for o in after if o.source == given_["source"]]
    others = [Fraction(o.value) for o in after if o.source == given_.get("denominator")]
    before = [
        Fraction(o.value)
        for o in said
        if o.source == given_["source"] and since <= o.time < e.exposed_at
    ]
    cap = given_.get("cap")
    kept = [
        min(Fraction(cap), v) if cap else v for v in (Fraction(len(mine)), sum(mine, Fraction(0)))
    ]
    match given_["aggregation"]:
        case "conversion":
            return Fraction(bool(mine)), Fraction(bool(before))
        case "count":
            return kept[0], Fraction(len(before))
        case "sum":
            return kept[1], sum(before, Fraction(0))
        case "quantile":
            return kept[1], Fraction(0)
        case "mean":
            return kept[1], Fraction(len(mine))
    return kept[1], sum(others, Fraction(0))


@pytest.mark.usefixtures("tracked")
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(exposed() | happened(), min_size=1, max_size=25),
    st.randoms(use_true_random=False),
    st.integers(1, 9),
)
def test_no_order_and_no_batching_changes_a_digit(
    said: list[dict[str, Any]], chance: random.Random, size: int
) -> None:
    # An id names one outcome: of two with one id whichever comes first would count.
    said = list({(one.get("id"), one["unit"], one.get("phase")): one for one in said}.values())
    found = []
    for shuffled in (said, chance.sample(said, len(said))):
        clear()
        for n in range(0, len(shuffled), size):
            take(shuffled[n : n + size])
        found.append(cells())
        assert found[-1] == computed_by_hand()
        assert binned() == binned_by_hand()
    assert found[0] == found[1]
    take(said)
    assert cells() == found[0]


def die_before_commit(batch: list[dict[str, Any]]) -> None:
    with transaction.atomic():
        take(batch)
        transaction.set_rollback(True)


@pytest.mark.usefixtures("tracked")
def test_a_variance_beside_a_large_mean_is_right_after_crashes_and_repeats() -> None:
    generator, chance = np.random.default_rng(7), random.Random(7)
    values = [round(1e8 + float(v), 6) for v in generator.normal(0, 1, 600)]
    met = [
        {"kind": "exposure", "experiment": "exp", "phase": "1", "unit": f"u{n}"}
        | {"variation": "ab"[n % 2], "time": minute(0), "attributes": {"country": "CH"}}
        for n in range(600)
    ]
    bought = [
        {
            "kind": "outcome",
            "source": "purchase",
            "unit": f"u{n}",
            "time": minute(5),
            "value": value,
        }
        for n, value in enumerate(values)
    ]
    said = [*met, *bought, *chance.sample(bought, 12)]
    chance.shuffle(said)
    for n in range(0, len(said), 50):
        batch = said[n : n + 50]
        if n % 150 == 0:
            die_before_commit(batch)
        take(batch)
    for variation, mine in (("a", values[::2]), ("b", values[1::2])):
        row = Cell.objects.get(phase="1", metric="revenue", variation=variation, slice="")
        found = joint_moments(row.n, row.x, row.xx, row.y, row.yy, row.xy).x
        exact = [Fraction(repr(v)) for v in mine]
        mean = sum(exact) / len(exact)
        assert found.n == 300
        assert found.mean == pytest.approx(float(mean), rel=1e-15)
        m2 = sum((v - mean) ** 2 for v in exact)
        assert found.m2 == pytest.approx(float(m2), rel=1e-14)
        naive = np.float64(0.0)
        for v in mine:
            naive += np.float64(v) ** 2
        naive -= np.float64(sum(mine)) ** 2 / 300
        assert abs(naive / float(m2) - 1) > 0.1, "a float's sum of squares would have done as well"


@pytest.mark.usefixtures("tracked")
def test_what_happened_after_the_end_does_not_count(time_machine: Any) -> None:
    until = TrackedRow.objects.filter(phase="1").latest("until").until
    assert until is not None
    time_machine.move_to(until + timedelta(hours=2))

    def after(minutes: int) -> str:
        return (until + timedelta(minutes=minutes)).isoformat()

    unit = {"kind": "exposure", "experiment": "exp", "variation": "a", "attributes": {}}
    take([{**unit, "phase": phase, "unit": "u1", "time": after(-60)} for phase in "12"])
    done = {"kind": "outcome", "source": "purchase", "unit": "u1"}
    take([{**done, "time": after(minutes)} for minutes in (-30, 30)])
    take([{**unit, "phase": phase, "unit": "u2", "time": after(10)} for phase in "12"])
    found = {
        # A day of first exposure each, and the two may lie on both sides of midnight.
        phase: [
            sum(
                getattr(cell, name)
                for cell in Cell.objects.filter(phase=phase, metric="purchases", slice="")
            )
            for name in ("n", "x")
        ]
        for phase in "12"
    }
    assert found == {"1": [1, 1], "2": [2, 2]}


@pytest.mark.usefixtures("tracked")
def test_who_was_to_be_exposed_after_an_end_is_taken_out_once(time_machine: Any) -> None:
    ahead = (now() + timedelta(minutes=4)).isoformat()
    unit = {"kind": "exposure", "experiment": "exp", "variation": "a", "attributes": {}}
    take([{**unit, "phase": "2", "unit": "u1", "time": ahead}])
    counted = Cell.objects.filter(phase="2", metric="purchases", slice="")
    assert sum(cell.n for cell in counted) == 1
    before = now()
    stop("exp")
    time_machine.move_to(before + timedelta(minutes=10))
    for minutes in (1, 2, 3):
        at = (before - timedelta(minutes=minutes)).isoformat()
        take([{"kind": "outcome", "source": "purchase", "unit": "u1", "time": at}])
        assert sum(cell.n for cell in counted.all()) == 0
    assert not UnitValue.objects.filter(phase="2", metric="purchases").exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"time": "2026-11-03T16:00:00"}, "time"),
        ({"time": "0001-01-01T00:00:00+14:00"}, "time"),
        ({"time": "1969-12-31T23:59:59Z"}, "time"),
        ({"unit": ""}, "unit"),
        ({"source": "a b"}, "source"),
        ({"value": "3"}, "value"),
        ({"value": True}, "value"),
        ({"value": 2e15}, "value"),
        ({"id": 3}, "id"),
        ({"what": "x"}, "what"),
    ],
)
def test_a_bad_outcome_is_named_and_the_good_ones_kept(
    olga: Player, wrong: dict[str, Any], field: str
) -> None:
    sender = machine("outcomes:write").api
    good = {"source": "purchase", "unit": "u1", "time": minute(0)}
    said = sender.post("outcomes", [good, {**good, "unit": "u2"} | wrong])
    assert (said.status_code, said.json()["accepted"]) == (200, 1)
    (error,) = said.json()["errors"]
    assert (error["index"], error["field"]) == (1, field)
    assert sender.post("outcomes", [good]).json()["known"] == 1
    assert olga.api.post("outcomes", [good]).status_code == 403
