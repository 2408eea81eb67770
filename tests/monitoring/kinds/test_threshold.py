"""A value beyond a fixed bound."""

from __future__ import annotations

import math

import pytest

from monitoring.kinds import BadParameter, make
from tests.monitoring.kinds.series import judge, judge_in_parts, points, statuses

QUICK = {"needed": 1, "of": 1, "clear_after": 1}


@pytest.mark.parametrize(
    ("op", "expected"),
    [("above", "ooB"), ("at_or_above", "oBB"), ("below", "Boo"), ("at_or_below", "BBo")],
)
def test_the_bound_itself_belongs_to_the_side_that_the_operator_says(
    op: str, expected: str
) -> None:
    kind = make("threshold", {"value": 10, "op": op, **QUICK})
    assert statuses(judge(kind, points([9, 10, 11]))) == expected


def test_n_of_m_points_open_a_breach_and_good_points_in_a_row_close_it() -> None:
    kind = make("threshold", {"value": 10, "needed": 2, "of": 3, "clear_after": 2})
    values = [11, 1, 1, 11, 1, 11, 1, 11, 1, 1, 1]
    assert statuses(judge(kind, points(values))) == "poopoBBBBoo"


def test_a_separate_all_clear_keeps_the_breach_until_it_is_passed() -> None:
    kind = make("threshold", {"value": 10, "clear_value": 8, **QUICK})
    assert statuses(judge(kind, points([11, 9, 8.5, 8, 9]))) == "BBBoo"


def test_a_value_that_is_no_number_is_no_data_and_leaves_the_breach() -> None:
    kind = make("threshold", {"value": 10, **QUICK})
    assert statuses(judge(kind, points([11, math.nan, 12]))) == "BnB"


def test_the_verdict_explains_itself() -> None:
    kind = make("threshold", {"value": 0.01, "needed": 2, "of": 3})
    good, bad = judge(kind, points([0.005, 0.034]))
    assert good.sentence == "0.005 is not above 0.01."
    assert bad.sentence == ("0.034 is above 0.01: 1 of the last 2 points, 2 of 3 open a breach.")
    assert (bad.hi, bad.lo, bad.value) == (0.01, None, 0.034)


def test_parts_give_the_same_verdicts_as_the_whole() -> None:
    kind = make("threshold", {"value": 5, "needed": 2, "of": 3, "clear_after": 3})
    read = points([n * 7 % 11 for n in range(100)])
    assert judge_in_parts(kind, read, 7) == judge(kind, read)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({}, "value"),
        ({"value": "high"}, "value"),
        ({"value": True}, "value"),
        ({"value": math.inf}, "value"),
        ({"value": 1, "op": ">"}, "op"),
        ({"value": 1, "needed": 0}, "needed"),
        ({"value": 1, "needed": 1.5}, "needed"),
        ({"value": 1, "needed": 4, "of": 3}, "needed"),
        ({"value": 1, "clear_value": 2}, "clear_value"),
        ({"value": 1, "limit": 2}, "limit"),
    ],
)
def test_a_bad_parameter_is_refused_by_name(values: dict[str, object], field: str) -> None:
    with pytest.raises(BadParameter) as caught:
        make("threshold", values)
    assert caught.value.field == field
