"""Whatever is given for an objective or a document: it is read, or refused by name."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from monitoring.slo import definition, openslo
from monitoring.slo.exact import BadSlo
from tests.monitoring.slo.test_openslo import OWN, own

SCALARS = st.sampled_from(
    ["", "30d", "1m", "0.5", "1e999", "nan", "-1", "\x00", "UTC", "../x", "é" * 300, "lt", "page"]
) | st.sampled_from([None, True, 0, -1, 1, 10**40, 0.5, float("inf"), float("nan")])
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["series", "labels", "name", "target", "spec"]), inner)
    ),
    max_leaves=4,
)
PAIR = {"name": "x", "urgency": "page", "fraction": "0.02", "long": "1h", "short": "5m"}
SETTINGS = {**OWN, "alerts": [PAIR]}
DOCUMENT = openslo.exported(own())


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of everything in a document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for name, each in inner if isinstance(value, dict | list) else ():
        yield (*path, name)
        if isinstance(each, dict | list):
            yield from places(each, (*path, name))


def changed(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    """The document with another value at a path."""
    made = copy.deepcopy(document)
    parent = made
    for name in path[:-1]:
        parent = parent[name]
    parent[path[-1]] = value
    return made


@given(st.sampled_from(list(places(SETTINGS))), VALUES)
def test_settings_are_read_or_refused(path: tuple[Any, ...], value: Any) -> None:
    try:
        found = definition.read(changed(SETTINGS, path, value))
    except BadSlo:
        return
    assert definition.read(definition.written(found)) == found


def test_the_document_itself_is_read() -> None:
    assert len(openslo.objectives(openslo.load(json.dumps(DOCUMENT)))[0]) == 1


@given(st.sampled_from(list(places(DOCUMENT))), VALUES)
def test_documents_are_read_or_refused(path: tuple[Any, ...], value: Any) -> None:
    content = json.dumps(changed(DOCUMENT, path, value))
    try:
        bundle = openslo.load(content)
        found, _ = openslo.objectives(bundle)
    except BadSlo:
        return
    assert all(openslo.exported(one) for one in found)
    assert openslo.load(openslo.dump(bundle.documents)) == bundle
