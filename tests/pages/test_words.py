"""Template tags: times, lengths of time, numbers and severities as people read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.template import Context, Template

from config.templatetags.page import duration, number
from monitoring import pages as monitoring_pages

AT = datetime(2026, 11, 3, 16, 42, 9, tzinfo=UTC)


def render(text: str, **values: object) -> str:
    return Template("{% load page %}" + text).render(Context(values))


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(seconds=45), "45 s"),
        (timedelta(minutes=12, seconds=59), "12 min"),
        (timedelta(hours=5, minutes=4), "5 h 04"),
        (timedelta(days=3, hours=4), "3 d 4 h"),
        (timedelta(days=40), "40 d"),
        (None, "–"),
    ],
)
def test_a_length_of_time_has_two_units_at_most(span: timedelta | None, words: str) -> None:
    assert duration(span) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.57791, "0.5779"),
        (0, "0"),
        (24.9166, "24.92"),
        (22_800.4, "22,800"),
        (-71, "−71"),
        (0.00001234, "1.234e−05"),
        (float("nan"), "not a number"),
        (None, "–"),
    ],
)
def test_a_number_has_the_digits_that_matter(value: float | None, words: str) -> None:
    assert number(value) == words


def test_a_moment_is_written_in_utc_for_the_script_to_rewrite() -> None:
    html = render("{% when at 'stamp' %}", at=AT)
    assert 'datetime="2026-11-03T16:42:09Z"' in html
    assert 'data-time="stamp"' in html
    assert ">3 Nov 16:42<" in html


def test_a_distance_says_its_direction() -> None:
    now = AT + timedelta(minutes=4)
    assert ">4 min ago<" in render("{% ago at %}", at=AT, now=now)
    assert ">in 8 min<" in render("{% ago at 'due' %}", at=now + timedelta(minutes=8), now=now)


def test_severity_is_shape_and_word_and_grey_once_over() -> None:
    assert "sev--1" in render("{% severity 1 %}")
    assert ">SEV1<" in render("{% severity 1 %}").replace("</svg>SEV1", ">SEV1")
    assert "sev--closed" in render("{% severity 1 True %}")


@pytest.mark.parametrize(
    ("hours", "span"), [(0.5, "1h"), (4, "6h"), (30, "1d"), (-48, "1d"), (0, "1d")]
)
def test_a_monitors_chart_begins_with_a_range_that_fits_its_age(hours: float, span: str) -> None:
    assert monitoring_pages._fitting(timedelta(hours=hours)) == span
