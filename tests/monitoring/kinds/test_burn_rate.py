"""The kind that watches an error budget: its parameters, its verdicts, its words."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.kinds import BadParameter, Verdict, make
from monitoring.kinds.burn_rate import BurnRate
from monitoring.slo.definition import Selector
from monitoring.slo.exact import BadSlo, end_of, minute_of
from monitoring.slo.selectors import parse, spell
from tests.monitoring.kinds.series import NOON, statuses

START = minute_of(NOON)
Counted = dict[int, tuple[float, float]]


def kind(**changes: Any) -> BurnRate:
    made = make("burn_rate", {"target": "0.999", "good": "ok", **changes})
    assert isinstance(made, BurnRate)
    return made


def minutes(*bad: float, total: float = 1_000, first: int = 0) -> Counted:
    """Counts of minutes from `first` past noon on, with so many bad ones each."""
    return {START + first + n: (total - each, total) for n, each in enumerate(bad)}


def review(judge: BurnRate, counts: Counted, until: datetime | None = None) -> list[Verdict]:
    return judge.review(counts, None, until or end_of(max(counts)))[1]


CALM = minutes(*[0] * 400, first=-400)


def test_it_breaches_and_clears_to_the_minute() -> None:
    found = review(kind(), CALM | minutes(*[0] + [150] * 20 + [0] * 40))
    times = [(v.at - NOON).total_seconds() / 60 for v in found if v.status == "breached"]
    assert (times[0], times[-1], len(times)) == (6, 48, 43)


def test_parts_give_the_same_verdicts_as_the_whole() -> None:
    counts = CALM | minutes(*[0] + [150] * 20 + [0] * 40)
    judge = kind(clear_after=4)
    judged, found = None, []
    for reached in range(START - 390, START + 61, 7):
        until = end_of(min(reached, max(counts)))
        seen = {minute: each for minute, each in counts.items() if minute <= reached}
        judged, said = judge.review(seen, judged, until)
        found += said
    judged, said = judge.review(counts, judged, end_of(max(counts)))
    assert [*found, *said] == review(judge, counts)


def test_a_breach_waits_for_quiet_minutes() -> None:
    counts = CALM | minutes(*[0] + [1_000] * 5 + [0] * 60)
    at_once, patient = review(kind(), counts), review(kind(clear_after=10), counts)
    count = statuses(at_once).count("B")
    assert statuses(patient).count("B") == count + 9
    after = [v.sentence for v in patient if v.sentence.startswith("No alert")]
    assert after[0].startswith("No alert for 1 of 10 minutes: ")


def test_few_events_are_watched_and_no_breach() -> None:
    counts = minutes(*[0] * 9, total=1, first=-50) | minutes(1, total=1)
    (*_, last) = review(kind(), counts)
    assert last.status == "pending"
    assert "with too few events to be sure: 1 of 10 were bad" in last.sentence


def test_no_traffic_is_told_from_no_counts() -> None:
    idle = minutes(*[0] * 60, total=0)
    assert {v.sentence for v in review(kind(), idle)} == {"Nothing happened: no events over 1 h."}
    _, (said,) = kind().review({}, None, NOON)
    assert (said.status, said.sentence) == ("no_data", "No counts have arrived yet.")
    *_, silent = review(kind(), CALM, end_of(START + 60))
    assert silent.status == "no_data"
    assert silent.sentence == "No counts for 1 h 1 min; 5 min is the limit."


@pytest.mark.parametrize("counts", [(5.0, 3.0), (-1.0, 3.0), (math.nan, 3.0), (1.5, 3.0)])
def test_counts_that_cannot_be_are_an_error(counts: tuple[float, float]) -> None:
    (said,) = review(kind(), {START: counts})
    assert said.status == "error"
    assert "the counting is wrong" in said.sentence


def test_bad_events_are_counted_as_such() -> None:
    counts = CALM | minutes(*[0] + [150] * 20)
    mirrored = {minute: (total - good, total) for minute, (good, total) in counts.items()}
    assert review(kind(), counts) == review(kind(good=None, bad="errors"), mirrored)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"target": "1"}, "target"),
        ({"target": "much"}, "target"),
        ({"good": None}, "good"),
        ({"bad": "errors"}, "good"),
        ({"good": "o k"}, "good"),
        ({"good": "ok{a=b}"}, "good"),
        ({"period": "1h"}, "period"),
        ({"period": "soon"}, "period"),
        ({"method": "time_slices", "slice": "7m"}, "slice"),
        ({"method": "time_slices", "slice_target": "0"}, "slice_target"),
        ({"alerts": "2%"}, "alerts"),
        ({"alerts": ""}, "alerts"),
        ({"alerts": "x% in 1h/5m"}, "alerts"),
        ({"alerts": "1/0% in 1h/5m"}, "alerts"),
        ({"alerts": "200% in 1h/5m"}, "alerts"),
        ({"target": "0.9"}, "alerts"),
        ({"min_coverage": 2}, "min_coverage"),
    ],
)
def test_a_bad_parameter_is_refused_by_name(values: dict[str, Any], field: str) -> None:
    with pytest.raises(BadParameter) as caught:
        kind(**values)
    assert caught.value.field == field


@given(
    st.dictionaries(
        st.from_regex(r"[A-Za-z_][A-Za-z0-9_.-]{0,9}", fullmatch=True),
        st.text(
            st.characters(categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=20
        ).filter(str.isprintable),
        max_size=4,
    )
)
def test_a_series_in_text_comes_back(labels: dict[str, str]) -> None:
    selector = Selector("http.requests:total", dict(sorted(labels.items())))
    assert parse(spell(selector), "good") == selector


@pytest.mark.parametrize(
    "text", ["", "{}", "a{", "a{b}", 'a{b="c"', 'a{b="c" d="e"}', 'a{b="1",b="2"}', 'a{b="\\x"}']
)
def test_what_names_no_series_is_refused(text: str) -> None:
    with pytest.raises(BadSlo):
        parse(text, "good")
