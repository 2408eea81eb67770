"""A few of the lives that `check_layers` plays, and that it would notice what it looks for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from eventlog import store
from eventlog.core import Context, Refused
from experiments import queries
from experiments.assignment.compiled import Configuration
from experiments.assignment.subjects import Subject
from experiments.commands import Allocate, CreateFlag, CreateLayer, Release, SetRules, TurnFlag
from experiments.management.commands import check_layers as check
from experiments.state import Layer


def test_no_life_of_a_layer_breaks_a_rule() -> None:
    tally = {"acts": 0, "refused or nothing to do": 0, "ramps": 0}
    assert [words for seed in range(150) for words in check.play(seed, tally)] == []
    assert tally["acts"] > 500
    assert tally["ramps"] > 300


def test_layers_are_independent_over_many_users() -> None:
    found = check.independence(100_000)
    assert min(found.values()) > 0.001 / len(found)


def test_one_salt_for_two_layers_would_be_noticed() -> None:
    parts = np.floor(check.bulk.places("layer one", check.units(10_000)) * check.PARTS)
    assert check._p(parts, parts) < 1e-100


def test_broken_rules_would_be_noticed() -> None:
    before = Layer(
        size=10, owners={"a": (1, 2), "b": (3,)}, cooling={5: "2027-01-01T00:00:00+00:00"}
    )

    def said(owners: dict[str, tuple[int, ...]]) -> list[str]:
        return list(check._sound(before, replace(before, owners=owners), "a", check.AT))

    assert said({"a": (1, 2, 3), "b": (3,)}) == ["two experiments own one segment"]
    assert said({"a": (1, 2), "b": ()}) == ["another experiment than a was changed"]
    assert said({"a": (4,), "b": (3,)}) == ["a was given other segments for its own"]
    assert said({"a": (1, 2, 5), "b": (3,)}) == ["a was given a segment that rests"]
    one, other = (np.array([0, 0]), np.array([0, 1])), (np.array([1, 0]), np.array([0, 2]))
    assert len(list(check._moved(0, one, other))) == 2
    assert len(list(check._ramped(0, 0.1, 0.2, one, (one[0], np.array([1, 1]))))) == 1


@pytest.mark.django_db
def test_the_served_rules_follow_the_segments_and_move_nobody_else() -> None:
    def do(*commands: object) -> None:
        for command in commands:
            store.execute(command, Context.by("person:ana"))  # type: ignore[arg-type]

    at, layer = check.AT, {"layer": "search", "at": check.AT}
    do(CreateLayer(**layer, size=10, cool_down=0))
    for name in ("one", "two"):
        rule = {"id": "t", "key": name, "variations": [0, 1, 2], "layer": "search", "seed": name}
        do(
            CreateFlag(flag=name, kind="integer", default=-1, at=at),
            SetRules(flag=name, environment="production", default=-1, rules=[rule], at=at),
            TurnFlag(flag=name, environment="production", enabled=True, at=at),
        )

    def seen() -> list[tuple[int, int]]:
        served = Configuration(queries.payload("production"))
        people = [Subject({"id": f"user-{number}"}) for number in range(300)]
        return [tuple(served.evaluate(n, one).value for n in ("one", "two")) for one in people]  # type: ignore[misc]

    do(
        Allocate(**layer, experiment="one", segments=5),
        Allocate(**layer, experiment="two", segments=3),
    )
    first = seen()
    assert all(-1 in pair for pair in first), "nobody takes part in both"
    assert any(pair[0] >= 0 for pair in first)
    with pytest.raises(Refused):
        do(Allocate(**layer, experiment="two", segments=6))
    do(Allocate(**layer, experiment="one", segments=7))
    grown = seen()
    assert all(new == old or old == (-1, -1) for old, new in zip(first, grown, strict=True))
    do(Release(**layer, experiment="two"))
    assert [pair[0] for pair in seen()] == [pair[0] for pair in grown]
    assert {pair[1] for pair in seen()} == {-1}
