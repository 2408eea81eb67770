from __future__ import annotations

import pytest
from django.test import Client

from tests.cast import Player

pytestmark = pytest.mark.urls("tests.access.doors")


def test_an_address_that_is_nobodys_is_a_page_for_people(db: None):
    answer = Client().get("/nothing-here")
    assert answer.status_code == 404
    assert answer["Content-Type"].startswith("text/html")
    assert b"There is nothing at this address." in answer.content


def test_what_somebody_may_not_see_is_said_with_the_missing_right(olga: Player):
    answer = olga.browser.get("/admin/")
    assert answer.status_code == 403
    assert b"look at the administration pages" in answer.content


def test_strangers_are_asked_to_sign_in_and_come_back(db: None):
    answer = Client().get("/admin/?q=1")
    assert answer["Location"] == "/sign-in?next=/admin/%3Fq%3D1"


def test_a_fault_of_ours_is_a_page_that_names_the_request():
    client = Client(raise_request_exception=False)
    answer = client.get("/broken-page", headers={"X-Request-ID": "trace-0001"})
    assert answer.status_code == 500
    assert b"Something failed here" in answer.content
    assert b"a secret detail" not in answer.content


@pytest.mark.parametrize("path", ["/monitors/?search=%00", "/%00", "/api/v1/series?search=%00"])
def test_a_null_character_in_an_address_is_a_400(path: str, db: None):
    assert Client().get(path).status_code == 400
