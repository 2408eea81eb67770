"""Every event of things and edges is a declared change, or is known to change nothing."""

from __future__ import annotations

from typing import Any

import pytest

from access.changes import kinds
from eventlog.core import event_types

CHANGES_NOTHING = {
    "edge.counted": "how much went along an edge",
    "edge.ruled_out": "what was only supposed is supposed no longer",
}


def test_every_event_that_changes_something_is_in_the_catalogue() -> None:
    ours = {type for type in event_types() if type.startswith(("entity.", "edge."))}
    assert ours - set(kinds()) == set(CHANGES_NOTHING)


def drawn(kind: str, source: str = "trained_model:ranker@7") -> dict[str, Any]:
    return {"kind": kind, "source": source, "target": "service:search"}


@pytest.mark.parametrize(
    ("kind", "family", "routine"),
    [
        ("serves", "deployment", False),
        ("shaped_by", "schema", False),
        ("version_of", "version", False),
        ("trained_on", "lineage", False),
        ("used", "lineage", True),
        ("of another release", "lineage", False),
    ],
)
def test_what_sort_of_change_an_edge_is(kind: str, family: str, routine: bool) -> None:
    change, said = kinds()["edge.drawn"], drawn(kind)
    assert (change.family_of(said), change.is_routine(said)) == (family, routine)
    assert change.subject_of("edge:1", said) == "service:search"
    assert change.sentence(said).startswith("trained_model:ranker@7 ")


@pytest.mark.parametrize(
    ("facts", "facets", "family", "routine", "sentence"),
    [
        ({"rows": 5}, {}, "description", True, "described it anew: rows"),
        ({"fields": []}, {}, "schema", False, "described it anew: fields"),
        ({}, {"schema": {}}, "schema", False, "described it anew: schema"),
        ({}, {}, "description", True, "described it anew"),
        (dict.fromkeys("abcdefg"), {}, "description", True, "described it anew: a, b, c, d, e and 2 more"),
    ],
)  # fmt: skip
def test_a_description_is_a_change_if_it_tells_another_shape(
    facts: dict[str, Any], facets: dict[str, Any], family: str, routine: bool, sentence: str
) -> None:
    change, said = kinds()["entity.described"], {"facts": facts, "facets": facets}
    assert (change.family_of(said), change.is_routine(said)) == (family, routine)
    assert change.subject_of("dataset:clicks@42", said) == "dataset:clicks@42"
    assert change.sentence(said) == sentence
