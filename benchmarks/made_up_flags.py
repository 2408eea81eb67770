"""Flags that nobody thought of: rules of every shape, drawn by hypothesis.

Left out is only where SDKs are known to differ from each other: an order between values of
different types or of none, and a rule that gives null.
"""

from __future__ import annotations

import random
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

COUNTRIES = ["FI", "SE", "NO", "DE", "ü", "日本"]
TAGS = ["beta", "staff", "knit", "crochet", "🧶"]
VERSIONS = ["1.2.3", "1.10.0", "2.0.0-rc.1", "2.0.0", "v3"]

Json = Any


def operators() -> st.SearchStrategy[dict[str, Json]]:
    """One attribute's test."""
    countries, tags = st.sampled_from(COUNTRIES), st.sampled_from(TAGS)
    ages, versions = st.integers(0, 99), st.sampled_from(VERSIONS)
    some = st.lists(countries, max_size=3)
    return st.one_of(
        st.builds(lambda v: {"country": v}, countries),
        st.builds(lambda op, v: {"country": {op: v}}, st.sampled_from(["$in", "$nin"]), some),
        st.builds(lambda op, v: {"country": {op: v}}, st.sampled_from(["$ini", "$nini"]), some),
        st.builds(lambda op, v: {"country": {op: v}}, st.sampled_from(["$eq", "$ne"]), countries),
        st.builds(
            lambda op, v: {"age": {op: v}},
            st.sampled_from(["$gt", "$gte", "$lt", "$lte", "$eq", "$ne"]),
            ages,
        ),
        st.builds(
            lambda op, v: {"version": {op: v}},
            st.sampled_from(["$veq", "$vne", "$vgt", "$vgte", "$vlt", "$vlte"]),
            versions,
        ),
        st.builds(lambda v: {"tags": {"$elemMatch": {"$eq": v}}}, tags),
        st.builds(lambda v: {"tags": {"$all": v}}, st.lists(tags, max_size=2)),
        st.builds(lambda v: {"tags": {"$size": v}}, st.integers(0, 3)),
        st.builds(lambda v: {"tags": {"$in": v}}, st.lists(tags, max_size=2)),
        st.builds(lambda v: {"premium": {"$exists": v}}, st.booleans()),
        st.builds(lambda v: {"premium": v}, st.booleans()),
        st.builds(lambda v: {"device.os": v}, st.sampled_from(["ios", "android"])),
        st.builds(
            lambda op, v: {"country": {op: v}},
            st.sampled_from(["$regex", "$regexi"]),
            st.sampled_from(["^F", "[aeiou]$", "^(fi|se)$", ".", "ü"]),
        ),
        st.builds(lambda op: {"id": {op: "beta"}}, st.sampled_from(["$inGroup", "$notInGroup"])),
    )


def conditions() -> st.SearchStrategy[dict[str, Json]]:
    """Tests within tests."""
    return st.recursive(
        operators(),
        lambda inner: st.one_of(
            st.builds(
                lambda op, parts: {op: parts},
                st.sampled_from(["$and", "$or", "$nor"]),
                st.lists(inner, max_size=3),
            ),
            st.builds(lambda part: {"$not": part}, inner),
        ),
        max_leaves=4,
    )


SHARES = st.integers(0, 100).map(lambda percent: percent / 100)
AUDIENCE: dict[str, st.SearchStrategy[Json]] = {
    "condition": conditions(),
    "coverage": SHARES,
    "seed": st.text("abc-🧶", min_size=1, max_size=6),
    "hashVersion": st.sampled_from([1, 2]),
    "hashAttribute": st.sampled_from(["id", "company"]),
}


@st.composite
def trials(draw: st.DrawFn) -> dict[str, Json]:
    """A rule that splits."""
    rule: dict[str, Json] = draw(st.fixed_dictionaries({}, optional=AUDIENCE))
    parts = draw(st.lists(st.integers(1, 9), min_size=2, max_size=4))
    rule |= {
        "variations": list(range(10, 10 + len(parts))),
        "key": f"exp-{draw(st.integers(0, 99))}",
    }
    if draw(st.booleans()):
        rule["weights"] = [part / sum(parts) for part in parts]
    if draw(st.booleans()):
        start = draw(st.integers(0, 9))
        rule["namespace"] = ["page", start / 10, draw(st.integers(start + 1, 10)) / 10]
    return rule


def rules() -> st.SearchStrategy[list[dict[str, Json]]]:
    """The rules of a flag."""
    forced = st.fixed_dictionaries({"force": st.integers(1, 9)}, optional=AUDIENCE)
    return st.lists(forced | trials(), max_size=4).map(
        lambda made: [{**rule, "id": f"r{number}"} for number, rule in enumerate(made)]
    )


def flags(count: int) -> list[list[dict[str, Json]]]:
    """Rules of as many flags, the same ones every time."""
    drawn: list[list[dict[str, Json]]] = []

    @settings(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(rules())
    def draw(made: list[dict[str, Json]]) -> None:
        drawn.append(made)

    draw()
    # Shapes that came twice are taken twice rather than too few.
    return (drawn * (count // len(drawn) + 1))[:count]


def person(chance: random.Random) -> dict[str, Json]:
    """Attributes of somebody."""
    attributes: dict[str, Json] = {
        "id": chance.choice(["user-", "ü", "🧶", ""]) + str(chance.randrange(10**6)),
        "country": chance.choice(COUNTRIES),
        "age": chance.randrange(100),
        "version": chance.choice(VERSIONS),
        "tags": chance.sample(TAGS, chance.randrange(4)),
        "device": {"os": chance.choice(["ios", "android"])},
    }
    if chance.random() < 0.7:
        attributes["premium"] = chance.random() < 0.5
    if chance.random() < 0.8:
        attributes["company"] = chance.randrange(1, 1_000)
    return attributes


GROUP = ["user-1", "ü2", "7"]
