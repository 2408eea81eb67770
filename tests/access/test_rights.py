from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from access import rights
from access.api.permissions import action_for
from access.doors import PUBLIC, Requires, requires
from access.rights import ACTIONS, NOBODY, ROLES, SCOPES, Actor, can, of_role, of_scopes
from access.state import Role
from tests.cast import Api, player

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
SAMPLES = {"uuid": str(UUID(int=7)), "int": "1", "str": "x", "slug": "x", "path": "x"}


def routes(resolver: URLResolver | None = None, prefix: str = "/") -> Iterator[tuple[str, Any]]:
    """Every address, with sample values for its parameters, and what answers there."""
    for entry in (resolver or get_resolver()).url_patterns:
        path = prefix + sample(entry)
        if isinstance(entry, URLResolver):
            yield from routes(entry, path)
        else:
            yield path, entry


def sample(entry: URLPattern | URLResolver) -> str:
    route = str(entry.pattern)
    for name, converter in entry.pattern.converters.items():
        kind = type(converter).__name__.removesuffix("Converter").lower()
        pieces = (f"<{kind}:{name}>", f"<{name}>")
        for piece in pieces:
            route = route.replace(piece, SAMPLES.get(kind, SAMPLES["str"]))
    return route


def declared(entry: URLPattern, method: str) -> str | None:
    view = entry.callback
    if hasattr(view, "cls"):
        named = view.initkwargs.get("required_action", getattr(view.cls, "required_action", None))
        return action_for(type("", (), {"required_action": named}), method)
    return action_for(view, method)


def offered(entry: URLPattern) -> list[str]:
    view = entry.callback
    if hasattr(view, "cls"):
        return [method for method in METHODS if hasattr(view.cls, method.lower())]
    return ["GET", "POST"]


WALKED = [(path, entry, method) for path, entry in routes() for method in offered(entry)]
NAMES = [f"{method} {path}" for path, _, method in WALKED]


@pytest.mark.parametrize(("path", "entry", "method"), WALKED, ids=NAMES)
def test_every_route_declares_what_it_needs(path: str, entry: URLPattern, method: str):
    action = declared(entry, method)
    assert action == PUBLIC or action in ACTIONS, f"{method} {path} declares {action!r}"


@pytest.mark.parametrize("role", [*Role, None], ids=str)
def test_every_route_refuses_whoever_lacks_what_it_declares(db: None, role: Role | None):
    actor = player("Somebody", role) if role else None
    browser = actor.browser if actor else Client()
    browser.raise_request_exception = False
    for path, entry, method in WALKED:
        action = declared(entry, method)
        allowed = action == PUBLIC or action in (actor.actor.granted if actor else ())
        if not allowed and entry.name != "metrics":
            assert_refused(browser, method, path, signed_in=actor is not None)


def assert_refused(browser: Client, method: str, path: str, *, signed_in: bool) -> None:
    answer = browser.generic(method, path, "{}", "application/json")
    if answer.status_code == 302:
        assert answer["Location"].startswith("/sign-in?next="), f"{method} {path}"
        assert not signed_in, f"{method} {path} asks somebody to sign in again"
    else:
        assert answer.status_code == (403 if signed_in else 401), f"{method} {path}"


def test_a_machine_that_only_measures_is_let_into_nothing_else(sensor: Any):
    sensor.api.raise_request_exception = False
    for path, entry, method in WALKED:
        if path.startswith("/api/") and declared(entry, method) not in {
            PUBLIC,
            "account:use",
            "measurements:write",
        }:
            assert sensor.api.generic(method, path).status_code == 403, f"{method} {path}"


def test_roles_and_scopes_grant_declared_actions_only():
    for granted in [*ROLES.values(), *SCOPES.values()]:
        assert granted <= set(ACTIONS)
    assert set(ROLES) == set(Role)


def test_every_scope_grants_its_own_name_and_a_role_of_that_name_nothing():
    assert all(scope in actions for scope, actions in SCOPES.items())
    assert of_role("nonsense") == frozenset()
    assert of_scopes(["nonsense"]) == frozenset()


def test_only_administrators_manage_people():
    assert {role for role, actions in ROLES.items() if "people:manage" in actions} == {"admin"}


def test_an_observer_changes_nothing():
    changing = {action for action in ACTIONS if action.endswith((":write", ":manage", ":own"))}
    assert not ROLES[Role.OBSERVER] & changing
    assert not ROLES[Role.AUDITOR] & changing


def test_nobody_can_do_anything():
    assert not any(can(NOBODY, action) for action in ACTIONS)
    assert not any(can(NOBODY, action, "person:1") for action in ACTIONS)


def test_ones_own_is_more_than_others():
    bo = Actor("person:bo", "Bo", of_role(Role.RESPONDER), person="person:bo")
    assert can(bo, "tokens:manage", "person:bo")
    assert not can(bo, "tokens:manage", "person:ana")
    assert not can(bo, "tokens:manage")


def test_an_action_that_nobody_declared_is_a_fault_and_no_open_door():
    with pytest.raises(KeyError):
        can(NOBODY, "incidents:reed")
    with pytest.raises(KeyError):
        requires("incidents:reed")


def test_a_class_based_page_is_guarded_by_its_declaration():
    class Base:
        @classmethod
        def as_view(cls, **options: Any) -> Any:
            return lambda request: "shown"

    class Shown(Requires, Base):
        required_action = "incidents:read"

    view = Shown.as_view()
    assert view.required_action == "incidents:read"
    seen = type("Request", (), {"user": Actor("token:1", "t", of_scopes(["incidents:read"]))})
    assert view(seen()) == "shown"


def test_rights_know_nothing_of_django():
    assert not any(name.startswith("django") for name in vars(rights))


def test_who_am_i_says_what_is_granted(stranger: Api, sensor: Any):
    assert sensor.api.get("me").json() == {
        "actor": sensor.ref,
        "name": "sensor",
        "role": "service",
        "person": None,
        "rights": ["account:use", "measurements:write"],
    }
    assert stranger.get("me").status_code == 401
