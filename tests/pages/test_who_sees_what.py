"""Pages ask for rights: strangers sign in, those without the right are refused."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.cast import Player

READ = ("/", "/declare/same?title=x", "/models/", "/monitors/", "/slos/", "/log/", "/settings/")
WRITE = ("/declare", "/monitors/new", "/new-slo")


@pytest.mark.parametrize("path", [*READ, *WRITE])
def test_a_stranger_is_asked_to_sign_in(db: None, path: str) -> None:
    response = Client().get(path)
    assert response.status_code == 302
    assert response["Location"].startswith("/sign-in?next=")


@pytest.mark.parametrize("path", READ)
def test_an_observer_reads(olga: Player, path: str) -> None:
    assert olga.browser.get(path).status_code == 200


@pytest.mark.parametrize("path", WRITE)
def test_an_observer_changes_nothing(olga: Player, path: str) -> None:
    assert olga.browser.get(path).status_code == 403


@pytest.mark.parametrize("path", ["/", "/monitors/", "/slos/", "/log/", *WRITE])
def test_somebody_without_rights_sees_nothing(mallory: Player, path: str) -> None:
    assert mallory.browser.get(path).status_code == 403


def test_an_observer_does_not_see_the_events_of_the_log(olga: Player, ana: Player) -> None:
    assert b"Your role does not read the log" in olga.browser.get("/log/").content
    assert b"Your role does not read the log" not in ana.browser.get("/log/").content


@pytest.mark.parametrize(
    "path",
    [
        "/?cursor=x",
        "/monitors/?cursor=x",
        "/slos/?cursor=x",
        "/log/?cursor=x",
        "/incidents/999/said",
    ],
)
def test_an_address_that_was_tampered_with_is_refused(ana: Player, path: str) -> None:
    assert ana.browser.get(path).status_code in (400, 404)


def test_an_unknown_incident_or_monitor_is_not_found(ana: Player) -> None:
    assert ana.browser.get("/incidents/999").status_code == 404
    unknown = "01a1fd8a-7d96-7bda-a56a-ec869f488c27"
    assert ana.browser.get(f"/monitors/{unknown}").status_code == 404
    assert ana.browser.get("/slos/unknown").status_code == 404
