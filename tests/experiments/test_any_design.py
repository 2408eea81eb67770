"""Sound bodies with something else in one place: refused by name, or taken, and never a fault."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eventlog.core import Refused
from experiments import fields
from experiments.commands.design import sound_design
from experiments.design_editing import design_of, form_of
from tests.access.test_any_body import VALUES, as_json
from tests.cast import Player
from tests.experiments.laboratory import designed

Path = tuple[str | int, ...]

METRIC = {"name": "Bought", "aggregation": "sum", "source": "order", "cap": "250"}
RULE = {
    "id": "r",
    "key": "t",
    "condition": {"age": {"$gt": 3}},
    "variations": [True, False],
    "weights": [1, 0],
}
SOUND: dict[str, dict[str, Any]] = {
    "experiments": {
        "experiment": "bigger",
        "design": designed("Bigger", ramp=[{"coverage": 0.1, "hours": 24}], condition={"a": 1}),
    },
    "metrics/bought": {"definition": METRIC},
    "flags": {"flag": "f", "kind": "boolean", "default": False, "environments": ["production"]},
    "flags/f/rules": {"environment": "production", "default": True, "rules": [RULE]},
    "flag-groups/g": {"attribute": "id", "values": ["u1"]},
    "layers": {"layer": "page", "size": 100, "cool_down": 7},
}


def places(body: Any, at: Path = ()) -> Iterator[Path]:
    """Every place in a body, the body itself left out."""
    inner = body.items() if isinstance(body, dict) else enumerate(body)
    for key, value in inner:
        yield (*at, key)
        if isinstance(value, (dict, list)):
            yield from places(value, (*at, key))


def put(body: Any, place: Path, value: Any) -> Any:
    """A copy of the body with something else in one place."""
    made = copy.deepcopy(body)
    target = made
    for key in place[:-1]:
        target = target[key]
    target[place[-1]] = value
    return made


def posted(player: Player, door: str, body: Any) -> Any:
    """The answer to a body, whatever it is; one that is a fault is an answer too."""
    browser = player.browser
    browser.raise_request_exception = False
    return browser.generic("POST", f"/api/v1/{door}", as_json(body), "application/json")


NASTY = st.sampled_from(
    [
        "\x00",
        {"\x00": 1},
        "1e9999999",
        "9" * 5_000,
        "1e-400",
        "NaN",
        "-0",
        10**400,
        -1,
        1e308,
        [],
        {},
        [[]],
        None,
        True,
    ]
)


def test_what_the_bodies_were_made_of_is_taken(bo: Player) -> None:
    for door in sorted(SOUND, reverse=True):
        answer = posted(bo, door, SOUND[door])
        assert answer.status_code < 300 or door in ("experiments", "flags/f/rules"), answer.content
    assert posted(bo, "flags/f/rules", SOUND["flags/f/rules"]).status_code == 200
    refused = posted(bo, "experiments", SOUND["experiments"]).json()
    assert (refused["field"], refused["code"]) == ("metrics", "unknown"), "but for its metrics"


@pytest.mark.parametrize(("value", "field"), [("\x00", "values.0"), ({"\x00": 1}, "values.0")])
def test_the_null_character_is_refused_where_it_stands(bo: Player, value: Any, field: str) -> None:
    answer = posted(bo, "flag-groups/g", {"attribute": "id", "values": [value]})
    assert answer.status_code == 400
    assert [one["field"] for one in answer.json()["errors"]] == [field]


@pytest.mark.parametrize("door", SOUND)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_no_body_of_a_door_is_a_fault(door: str, bo: Player, data: st.DataObject) -> None:
    if door.startswith("flags/"):
        bo.api.post("flags", SOUND["flags"])
    place = data.draw(st.sampled_from(list(places(SOUND[door]))))
    body = put(SOUND[door], place, data.draw(NASTY | VALUES))
    try:
        answer = posted(bo, door, body)
    except UnicodeEncodeError:
        return  # a lone surrogate has no bytes to send
    assert answer.status_code < 500, (body, answer.content[:500])
    if answer.status_code >= 400:
        said = answer.json()
        assert said["detail"] or said["errors"]


FORM = {**form_of(sound_design(designed("Bigger")), "boolean"), "offline_gain": "3"}
LINES = st.text(alphabet="0123456789.,e-|% abNa\n", max_size=30) | st.sampled_from(
    ["1e9999999", "1e9999999 | a | true", "NaN", "-1e400", "1e-9999999", "٣"]
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(FORM)), LINES)
def test_no_field_of_a_designs_form_is_a_fault(name: str, text: str) -> None:
    with contextlib.suppress(Refused):
        sound_design(design_of({**FORM, name: text}, "boolean"))


@pytest.mark.parametrize("read", [fields.share_of])
@pytest.mark.parametrize("text", ["1e9999999", "-1e9999999", "NaN", "sNaN", "", "12.5.1"])
def test_a_share_that_is_none_is_refused(read: Callable[[str, str], float], text: str) -> None:
    with pytest.raises(Refused) as refusal:
        read(text, "coverage")
    assert refusal.value.field == "coverage"
