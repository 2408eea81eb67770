"""Layers: no segment has two owners, and nobody is moved but by the stated rule."""

from __future__ import annotations

import random
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from django.db import IntegrityError, transaction
from scipy.stats import chi2_contingency

from eventlog import store
from eventlog.core import Context, Refused, fold
from eventlog.testing import given
from experiments import events, queries
from experiments.assignment import bulk
from experiments.commands import Allocate, CreateLayer, Release
from experiments.models import AllocationRow, runs
from experiments.state import Layer

AT = datetime(2026, 11, 3, 16, 0, tzinfo=UTC)
ASKED: dict[str, Any] = {"layer": "checkout", "at": AT}
CREATED = events.LayerCreated(
    layer="layer:checkout", unit="id", salt="layer checkout", size=100, cool_down=7
)


def allocated(experiment: str, *segments: int) -> events.SegmentsAllocated:
    return events.SegmentsAllocated(
        layer="layer:checkout", experiment=experiment, segments=list(segments)
    )


def test_segments_are_drawn_from_the_free_ones() -> None:
    outcome = given(CREATED, allocated("a", *range(60))).when(
        Allocate(**ASKED, experiment="b", segments=40)
    )
    assert sorted(outcome.accepted().state.owners["b"]) == list(range(60, 100))


def test_too_many_segments_are_refused_with_what_is_free() -> None:
    command = Allocate(**ASKED, experiment="b", segments=41)
    given(CREATED, allocated("a", *range(60))).when(command).refused("no_room", "segments")


def test_what_was_freed_rests() -> None:
    released = events.SegmentsReleased(
        layer="layer:checkout",
        experiment="a",
        segments=list(range(60)),
        cool_until=(AT + timedelta(days=7)).isoformat(),
    )
    story = given(CREATED, allocated("a", *range(60)), released)
    story.when(Allocate(**ASKED, experiment="b", segments=41)).refused("no_room")
    later = {**ASKED, "at": AT + timedelta(days=7)}
    story.when(Allocate(**later, experiment="b", segments=41)).accepted()


def test_growing_and_shrinking_keep_who_stays() -> None:
    small = given(CREATED).when(Allocate(**ASKED, experiment="a", segments=20)).accepted().state
    grown = fold(small, Allocate(**ASKED, experiment="a", segments=50).decide(small))
    assert set(small.owners["a"]) < set(grown.owners["a"])
    shrunk = fold(grown, Allocate(**ASKED, experiment="a", segments=10).decide(grown))
    assert set(shrunk.owners["a"]) < set(grown.owners["a"])
    assert len(shrunk.owners["a"]) == 10


@pytest.mark.parametrize("seed", range(5))
def test_any_sequence_leaves_every_segment_with_one_owner(seed: int) -> None:
    chance, state, at = random.Random(seed), fold(Layer(), [CREATED]), AT
    for _ in range(200):
        at += timedelta(days=chance.randint(0, 3))
        experiment = chance.choice("abcdef")
        asked: dict[str, Any] = {"layer": "checkout", "at": at, "experiment": experiment}
        command = (
            Release(**asked)
            if chance.random() < 0.3
            else Allocate(**asked, segments=chance.randint(1, 60))
        )
        before = state
        with suppress(Refused):
            state = fold(state, command.decide(state))
        owned = [segment for segments in state.owners.values() for segment in segments]
        assert len(owned) == len(set(owned))
        for other in set("abcdef") - {experiment}:
            assert before.owners.get(other) == state.owners.get(other)


def test_layers_are_independent_of_each_other() -> None:
    units = np.array([f"user-{n:06d}" for n in range(200_000)])
    one, other = (bulk.places(f"layer {name}", units) < 0.3 for name in ("one", "other"))
    table = [[int(np.sum((one == a) & (other == b))) for b in (True, False)] for a in (True, False)]
    assert chi2_contingency(table).pvalue > 0.001


def execute(command: Any) -> None:
    store.execute(command, Context.by("person:ana"))


@pytest.fixture
def layer(db: None) -> None:
    execute(CreateLayer(**ASKED, size=100))


@pytest.mark.usefixtures("layer")
def test_the_rows_show_who_owns_what() -> None:
    execute(Allocate(**ASKED, experiment="a", segments=30))
    execute(Allocate(**ASKED, experiment="b", segments=20))
    execute(Allocate(**ASKED, experiment="a", segments=10))
    execute(Release(**ASKED, experiment="b", reason="done"))
    view = queries.layer("checkout", AT)
    assert view is not None
    assert [(one.experiment, one.count) for one in view.allocations] == [("a", 10)]
    assert view.free == 50
    assert sum(end - start for start, end in view.cooling) == 40


@pytest.mark.usefixtures("layer")
def test_the_database_lets_nobody_own_a_segment_twice() -> None:
    AllocationRow.objects.create(layer="other", experiment="a", segments=[(0, 10)], since=AT)
    row = {"layer": "other", "experiment": "b", "segments": [(9, 12)], "since": AT}
    with pytest.raises(IntegrityError, match="experiments_one_owner"), transaction.atomic():
        AllocationRow.objects.create(**row)
    AllocationRow.objects.all().delete()


def test_neighbours_are_joined() -> None:
    assert runs([3, 1, 2, 7]) == [(1, 4), (7, 8)]
