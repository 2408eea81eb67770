"""A whole population falls where each of its units falls alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.assignment import bulk
from experiments.assignment.buckets import bucket_ranges, choose
from experiments.assignment.hashing import bucket

# numpy's texts end at a null character, and a lone surrogate is no character.
TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))


@given(seed=st.text(st.characters(exclude_categories=["Cs"])), values=TEXTS)
@pytest.mark.parametrize("version", [1, 2])
def test_together_as_alone(version: int, seed: str, values: list[str]) -> None:
    alone = [bucket(seed, value, version) for value in values]
    assert list(bulk.places(seed, values, version)) == alone


def test_numbers_of_every_length() -> None:
    numbers = [str(10**digits - 1) for digits in range(1, 12)] + ["0", "10", "4294967295"]
    assert list(bulk.places("s", numbers)) == [bucket("s", number, 2) for number in numbers]


def test_arms_are_those_of_one_unit() -> None:
    ranges = bucket_ranges(3, 0.7, [0.5, 0.3, 0.2])
    found = bulk.places("seed", np.array([f"user-{n}" for n in range(20_000)]))
    assert list(bulk.arms(found, ranges)) == [choose(place, ranges) for place in found]


def test_an_unknown_version_is_refused() -> None:
    with pytest.raises(ValueError, match="version 3"):
        bulk.places("s", ["a"], 3)
