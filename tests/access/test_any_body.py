"""Whatever is sent to whatever door: the answer is ours to give, and never a fault."""

from __future__ import annotations

import json
from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.access.test_rights import WALKED
from tests.cast import Player

DOORS = [
    (method, path)
    for path, _, method in WALKED
    if path.startswith("/api/") and method != "GET" and "/redact" not in path
]
QUERIES = [path for path, _, method in WALKED if path.startswith("/api/") and method == "GET"]
SCHEMA = "/api/v1/schema"  # takes a moment to compose, and reads no more than these
READ_BY_SCHEMA = ("format", "lang")
NASTY = ["", "\x00", "\ud800", "é" * 300, "1e999", "-1", "null", "2026-13-45", "../..", "' OR 1=1"]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(NASTY),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
NAMES = st.sampled_from(
    [
        "name",
        "scopes",
        "expires_at",
        "role",
        "sign_in_name",
        "display_name",
        "email",
        "time_zone",
        "current",
        "new",
        "title",
        "text",
        "severity",
        "series",
        "labels",
        "kind",
        "points",
        "time",
        "value",
        "reason",
        "phase",
        "impact",
    ]
)
BODIES = st.dictionaries(NAMES, VALUES, max_size=8) | VALUES


@pytest.mark.parametrize(("method", "path"), DOORS, ids=[f"{m} {p}" for m, p in DOORS])
@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(body=BODIES)
def test_any_body_is_answered_without_a_fault(root: Player, method: str, path: str, body: object):
    browser = root.browser
    browser.raise_request_exception = False
    try:
        answer = browser.generic(method, path, as_json(body), "application/json")
    except UnicodeEncodeError:
        return  # a lone surrogate has no bytes to send
    assert answer.status_code < 500, answer.content


@pytest.mark.parametrize("path", QUERIES)
def test_any_query_is_answered_without_a_fault(root: Player, path: str):
    browser = root.browser
    browser.raise_request_exception = False
    names = [
        "cursor",
        "limit",
        "search",
        "status",
        "since",
        "until",
        "ref",
        "kind",
        "after",
        "before",
        "format",
        "known_at",
    ]
    if path == SCHEMA:
        names = [*READ_BY_SCHEMA]
    for name, value in product(names, ["%00", "%FF", "9" * 3000, "-1", "[]"]):
        answer = browser.get(f"{path}?{name}={value}")
        assert answer.status_code < 500, f"{name}={value}: {answer.content!r}"


def as_json(body: object) -> bytes:
    return json.dumps(body).encode()
