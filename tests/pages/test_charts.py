"""Drawing: geometry, holes and ticks. Expected numbers are worked out by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import pytest

from config.charts import (
    Band,
    Cell,
    Picture,
    Span,
    cells_of,
    nice_ticks,
    spark,
    tick_text,
    time_chart,
    time_ticks,
)

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def cell(minute: int, value: float) -> Cell:
    return Cell(START + minute * MINUTE, value, value, value)


def picture(*cells: Cell, **more: object) -> Picture:
    facts: dict[str, object] = {
        "since": START,
        "until": START + 100 * MINUTE,
        "cells": cells,
        "words": "Requests & errors",
    }
    return Picture(**facts | more)  # type: ignore[arg-type]


def lines(chart: str) -> list[str]:
    """The paths of the measured line."""
    root = ElementTree.fromstring(chart)
    return [e.attrib["d"] for e in root.iter("path") if "c-line" in e.attrib["class"].split()]


def test_a_chart_is_well_formed_and_says_what_it_shows() -> None:
    root = ElementTree.fromstring(time_chart(picture(cell(0, 1), cell(50, 3))))
    assert root.attrib["role"] == "img"
    assert root.attrib["aria-label"] == "Requests & errors"


def test_time_runs_from_the_left_edge_to_the_right() -> None:
    (line,) = lines(time_chart(picture(*(cell(minute, 1.0) for minute in range(0, 101, 10)))))
    assert line.startswith("M0.0 ")
    assert " 1000.0 " in line


def test_no_line_is_drawn_across_missing_data() -> None:
    cells = [cell(minute, 1.0) for minute in (*range(20), *range(60, 80))]
    assert len(lines(time_chart(picture(*cells)))) == 2


def test_the_line_turns_red_where_it_was_out_of_bounds() -> None:
    cells = [cell(minute, 1.0) for minute in range(100)]
    spans = [Span(START + 50 * MINUTE, START + 99 * MINUTE, "breach")]
    chart = time_chart(picture(*cells, spans=spans))
    assert chart.count("c-line--bad") == 1
    assert 'class="c-area--bad" x="50.0%"' in chart


def test_missing_data_is_hatched() -> None:
    spans = [Span(START, START + 25 * MINUTE, "nodata")]
    chart = time_chart(picture(cell(30, 1), cell(31, 2), spans=spans, key="m1"))
    assert '<rect fill="url(#hatch-m1)" x="0.0%" width="25.000%"' in chart


def test_a_far_bound_does_not_flatten_the_data() -> None:
    band = [Band(START, 0, 1.5, 1e9), Band(START + 100 * MINUTE, 0, 1.5, 1e9)]
    (line, *_) = lines(time_chart(picture(cell(0, 1), cell(50, 2), band=band)))[-1:]
    ys = [float(y) for y in line.lstrip("M").split()[1::2]]
    assert max(ys) - min(ys) > 50


def test_cells_keep_the_extremes_of_what_they_stand_for() -> None:
    points = [(START + index * MINUTE, float(index % 7)) for index in range(7_000)]
    cells = cells_of(points, count=100)
    assert len(cells) == 100
    assert {(c.low, c.high, c.mean) for c in cells} == {(0.0, 6.0, 3.0)}


def test_values_that_are_no_numbers_are_left_out_of_cells() -> None:
    points = [(START, 1.0), (START + MINUTE, float("nan")), (START + 2 * MINUTE, float("inf"))]
    assert cells_of(points) == [cell(0, 1.0)]


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0.0, 1.0, [0.0, 0.25, 0.5, 0.75, 1.0]),
        (0.0, 97.0, [0.0, 25.0, 50.0, 75.0]),
        (-3.0, 5.0, [-2.0, 0.0, 2.0, 4.0]),
        (5.0, 5.0, []),
    ],
)
def test_ticks_are_round_numbers(low: float, high: float, ticks: list[float]) -> None:
    assert nice_ticks(low, high) == ticks


@pytest.mark.parametrize(
    ("value", "text"), [(0.25, "0.25"), (-2, "−2"), (12_500, "12.5 k"), (3.1e6, "3.1 M")]
)
def test_tick_labels_are_short(value: float, text: str) -> None:
    assert tick_text(value) == text


def test_time_ticks_are_round_moments() -> None:
    ticks = time_ticks(START + 7 * MINUTE, START + timedelta(hours=24))
    assert [f"{at:%H:%M}" for at in ticks[:3]] == ["12:00", "15:00", "18:00"]
    assert len(ticks) <= 9


def test_a_small_line_needs_two_values() -> None:
    assert "nodata" in spark([1.0], None, "nothing yet")
    assert "c-dot--bad" in spark([1.0, 2.0, 5.0], 1, "rising")
    assert "c-line--bad" not in spark([1.0, 2.0, 5.0], None, "rising")
