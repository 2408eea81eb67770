from __future__ import annotations

import re
from uuid import UUID

import pytest
from django.conf import settings as live
from django.test import Client

from tests.cast import PASSWORD, Player

PAGES = ["/sign-in", "/healthz", "/api/v1/schema", "/nothing-here", "/api/v1/nothing-here"]


@pytest.mark.django_db
@pytest.mark.parametrize("path", PAGES)
def test_every_answer_carries_the_strict_policy(path: str):
    policy = Client().get(path)["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "style-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.django_db
@pytest.mark.parametrize("path", PAGES)
def test_every_answer_carries_the_other_guards(path: str):
    answer = Client().get(path)
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer["Referrer-Policy"] == "same-origin"
    assert "camera=()" in answer["Permissions-Policy"]


def test_only_the_api_docs_may_style_inline_and_still_no_script():
    answer = Client().get("/api/v1/docs")
    policy = answer["Content-Security-Policy"]
    assert "style-src 'self' 'unsafe-inline'" in policy
    assert "script-src 'self';" in policy
    scripts = re.findall(r"<script\b([^>]*)>(.*?)</script>", answer.content.decode(), re.DOTALL)
    assert scripts
    assert all("src=" in attributes and not body for attributes, body in scripts)
    assert "//cdn" not in answer.content.decode()


def test_a_request_has_a_name_of_its_own():
    first, second = (Client().get("/healthz")["X-Request-ID"] for _ in range(2))
    assert first != second
    assert UUID(first).version == 7


@pytest.mark.parametrize(
    ("given", "kept"),
    [("trace-0001.a_b", True), ("short", False), ("x" * 101, False), ('a"b\\n<script>', False)],
)
def test_a_senders_name_for_the_request_is_kept_if_it_is_sane(given: str, kept: bool):
    answer = Client().get("/healthz", headers={"X-Request-ID": given})
    assert (answer["X-Request-ID"] == given) is kept


def test_cookies_are_kept_from_scripts_and_other_sites(ana: Player):
    browser = Client()
    browser.post("/sign-in", {"sign_in_name": "ana", "password": PASSWORD})
    cookie = browser.cookies["sessionid"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    csrf = Client().get("/sign-in").cookies["csrftoken"]
    assert csrf["httponly"]


def test_scripts_come_from_files_and_never_from_elsewhere():
    for sources in live.SECURE_CSP.values():
        assert not any("http" in source or "*" in source for source in sources)
