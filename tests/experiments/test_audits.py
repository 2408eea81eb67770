"""Audits: experiments that change each other are found, and tests that cry wolf."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest

from eventlog.clock import now
from experiments import audits, queries
from experiments.commands import CreateFlag
from experiments.ingest import exposures, outcomes
from experiments.models import Audit
from experiments.reports import report_of
from tests.experiments.studies import define, do, start

METRICS: dict[str, dict[str, Any]] = {
    "spent": {"aggregation": "sum", "source": "purchase"},
    "price": {"aggregation": "mean", "source": "purchase"},
}


@pytest.fixture
def two(db: None) -> None:
    """Two experiments on two flags at once."""
    definitions = define(METRICS)
    for name in ("one", "other"):
        do(CreateFlag(flag=name, at=now(), kind="string", default="blue"))
        start(name, definitions, flag=name)


def meet(effect: float, units: int = 1_200) -> None:
    """Units are in both; each arm b adds one, and both together add `effect` besides."""
    chance, at = random.Random(3), now().isoformat()
    met, done = [], []
    for n in range(units):
        mine, theirs = "ab"[n % 2], "ab"[n // 2 % 2]
        for name, arm in (("one", mine), ("other", theirs)):
            met.append(
                {"experiment": name, "phase": "1", "unit": f"u{n}", "variation": arm, "time": at}
            )
        value = 10 + (mine == "b") + (theirs == "b") + effect * (mine == theirs == "b")
        value += chance.gauss(0, 2)
        done.append({"source": "purchase", "unit": f"u{n}", "time": at, "value": round(value, 4)})
    for door, items in ((exposures, met), (outcomes, done)):
        rows, faults = door.read(items, now())
        assert not faults
        door.write(rows)


def state(key: str) -> str:
    row = queries.experiment("one")
    assert row is not None
    return next(one.state for one in report_of(row, now()).checks if one.key == key)


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize(("effect", "expected"), [(0.0, "passed"), (3.0, "failed")])
def test_experiments_that_change_each_other_are_found(effect: float, expected: str) -> None:
    assert state("interaction") == "unknown"
    meet(effect)
    assert audits.audit(now()) == 2 * 3
    assert state("interaction") == expected
    (found,) = Audit.objects.filter(experiment="one", kind="interaction")
    assert found.subject == "other:spent"
    assert audits.audit(now()) == 0, "once an hour, or a day"
    assert audits.audit(now() + timedelta(hours=2)) == 2


@pytest.mark.usefixtures("two")
def test_where_nothing_differs_the_tests_find_as_little_as_they_claim() -> None:
    meet(0.0)
    audits.audit(now())
    assert state("aa") == "passed"
    for one in Audit.objects.filter(kind="aa"):
        assert one.p_value is not None
        assert "of 200 below 0.05" in one.words


@pytest.mark.usefixtures("two")
def test_units_that_are_not_independent_make_it_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    meet(0.0)
    whole = audits.split

    def repeated(seed: str, units: Any, x: Any, y: Any) -> Any:
        """As if each unit had been counted as nine."""
        return tuple([9 * half[0], *half[1:]] for half in whole(seed, units, x, y))

    monkeypatch.setattr(audits, "split", repeated)
    audits.audit(now())
    assert state("aa") == "failed"


@pytest.mark.usefixtures("two")
def test_too_few_units_are_said_to_be_too_few() -> None:
    meet(0.0, units=40)
    audits.audit(now())
    assert state("aa") == "unknown"
    assert all(one.p_value is None for one in Audit.objects.filter(kind="aa"))
