"""Flags that nobody thought of: rules of every shape, drawn by hypothesis.

Left out is only where SDKs are known to differ from each other: an order between values of
different types or of none, and a rule that gives null.
"""

from __future__ import annotations

import random
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from experiments.assignment.script import BadScript, Script

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
    return within(operators())


def within(tests: st.SearchStrategy[dict[str, Json]]) -> st.SearchStrategy[dict[str, Json]]:
    """These tests, and what logic makes of them."""
    return st.recursive(
        tests,
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


LEVELS: list[Json] = ["a", "b", 1, True, None, [2]]


def scripts() -> st.SearchStrategy[dict[str, Json]]:
    """A script of a few parameters, some of which depend on who is asked about and on each other."""
    return _scripts().filter(_is_served)


def _is_served(script: dict[str, Json]) -> bool:
    try:
        Script(script)
    except BadScript:
        return False  # one outcome, or more than an experiment can have
    return True


@st.composite
def _scripts(draw: st.DrawFn) -> dict[str, Json]:
    made: list[dict[str, Json]] = []
    for number in range(draw(st.integers(1, 3))):
        one: dict[str, Json] = {"name": f"p{number}"} | draw(draws())
        if draw(st.booleans()):
            about = st.one_of(countries(), *([earlier(made)] if made else []))
            one["when"] = draw(within(about))
        if draw(st.booleans()):
            one["otherwise"] = draw(st.sampled_from(LEVELS))
        made.append(one)
    return {"parameters": made}


@st.composite
def draws(draw: st.DrawFn) -> dict[str, Json]:
    """How a parameter is drawn."""
    count = draw(st.integers(2, 3))
    choices = draw(st.permutations(LEVELS))[:count]
    weights = draw(st.lists(st.integers(1, 9), min_size=count, max_size=count))
    ways: list[dict[str, Json]] = [
        {"draw": "uniform", "choices": choices},
        {"draw": "weighted", "choices": choices, "weights": weights},
        {"draw": "bernoulli", "p": weights[0] / 10},
        {"draw": "fixed", "value": choices[0]},
    ]
    return draw(st.sampled_from(ways))


def countries() -> st.SearchStrategy[dict[str, Json]]:
    """A test of who is asked about."""
    some = st.lists(st.sampled_from(COUNTRIES), max_size=2)
    return st.builds(lambda values: {"country": {"$in": values}}, some)


def earlier(made: list[dict[str, Json]]) -> st.SearchStrategy[dict[str, Json]]:
    """A test of a parameter that was drawn before."""
    names = st.sampled_from([one["name"] for one in made])
    some = st.lists(st.sampled_from(["a", "b", 1, True]), min_size=1, max_size=2)
    return st.builds(lambda name, values: {name: {"$in": values}}, names, some)


Flag = tuple[str, Json, list[dict[str, Json]]]


def some_flags() -> st.SearchStrategy[Flag]:
    """Kind, default and rules of a flag of numbers, or of one whose objects scripts make."""
    number = st.fixed_dictionaries({"force": st.integers(1, 9)}, optional=AUDIENCE) | trials()
    audience = {name: AUDIENCE[name] for name in AUDIENCE.keys() - {"hashVersion"}}
    keys = st.integers(0, 99).map(lambda n: f"script-{n}")
    thing = st.fixed_dictionaries({"script": scripts(), "key": keys}, optional=audience)
    thing |= st.fixed_dictionaries({"force": st.just({"p0": 9})}, optional=AUDIENCE)
    return st.one_of(
        st.tuples(st.just("integer"), st.just(0), st.lists(number, max_size=4).map(_with_ids)),
        st.tuples(st.just("object"), st.just({}), st.lists(thing, max_size=2).map(_with_ids)),
    )


def _with_ids(rules: list[dict[str, Json]]) -> list[dict[str, Json]]:
    return [{**rule, "id": f"r{number}"} for number, rule in enumerate(rules)]


def flags(count: int) -> list[Flag]:
    """As many flags, the same ones every time."""
    drawn: list[Flag] = []

    @settings(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(some_flags())
    def draw(made: Flag) -> None:
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
