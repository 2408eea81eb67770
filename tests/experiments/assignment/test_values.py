"""JSON values as JavaScript prints, converts and orders them."""

from __future__ import annotations

import math
from typing import Any

import pytest

from experiments.assignment import values


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1"),
        (-0.0, "0"),
        (0.1, "0.1"),
        (1e21, "1e+21"),
        (123456789012345680000.0, "123456789012345680000"),
        (1e-6, "0.000001"),
        (1.5e-6, "0.0000015"),
        (1e-7, "1e-7"),
        (1.5e-7, "1.5e-7"),
        (-2.5e-9, "-2.5e-9"),
        (1.25e300, "1.25e+300"),
        (math.inf, "Infinity"),
        (True, "true"),
        (None, "null"),
        ([1, None, "a"], "1,,a"),
        ({}, "[object Object]"),
    ],
)
def test_text(value: Any, text: str) -> None:
    assert values.text(value) == text


@pytest.mark.parametrize(
    ("value", "number"),
    [
        *(("8", 8), (" 8 ", 8), ("", 0), (".5", 0.5), ("5.", 5), ("0x1f", 31)),
        *(("-Infinity", -math.inf), (None, 0), (True, 1), ([], 0), (["3"], 3)),
    ],
)
def test_number(value: Any, number: float) -> None:
    assert values.number(value) == number


@pytest.mark.parametrize("value", ["eight", "0xzz", "1_000", "inf", "nan", {}, [1, 2], "1 2"])
def test_what_is_no_number(value: Any) -> None:
    assert math.isnan(values.number(value))


def test_order() -> None:
    assert values.order("a", "b") < 0 < values.order("10", 9)
    assert values.order(None, 0) == 0
    # U+FF61 is one code unit and greater than the first of the two that write U+1F600
    assert values.order("\uff61", "\U0001f600") > 0
    assert math.isnan(values.order("x", 1))
