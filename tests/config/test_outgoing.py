"""The outgoing heartbeat, and what is said when a worker or the measurements fall silent."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from config import outgoing
from config.health import Answer, NotWell
from config.models import Heartbeat
from config.tasks import send_heartbeat
from eventlog.clock import now
from monitoring.checks import measurements_arrive
from monitoring.models import Source
from tests.cast import Player

pytestmark = pytest.mark.django_db


class Switch:
    """A dead-man's switch on a socket of its own: counts what it hears."""

    def __init__(self) -> None:
        self.heard, self.status = 0, 200
        switch = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                switch.heard += 1
                self.send_response(switch.status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/secret"


@pytest.fixture
def switch(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Switch]:
    found = Switch()
    threading.Thread(target=found.server.serve_forever, daemon=True).start()
    settings.ENV = settings.ENV.model_copy(update={"heartbeat_url": found.url})
    monkeypatch.setattr(outgoing, "run_checks", dict)
    yield found
    found.server.shutdown()
    found.server.server_close()


def failing(detail: str) -> dict[str, Answer]:
    return {"worker": {"ok": False, "detail": detail}, "database": {"ok": True, "detail": ""}}


def test_nothing_is_sent_where_nobody_listens() -> None:
    assert send_heartbeat() is False
    assert outgoing.heartbeat_is_heard() == "not set up"


def test_it_is_sent_while_all_is_well(switch: Switch) -> None:
    assert outgoing.heartbeat_is_heard() == "not sent yet"
    assert send_heartbeat() is True
    assert switch.heard == 1
    assert outgoing.heartbeat_is_heard() == "0 s ago"


def test_it_is_held_back_while_something_is_wrong(
    switch: Switch, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert send_heartbeat() is True
    monkeypatch.setattr(outgoing, "run_checks", lambda: failing("silent for 90 s"))
    assert send_heartbeat() is False
    assert switch.heard == 1
    Heartbeat.objects.update(at=now() - timedelta(minutes=4))
    with pytest.raises(NotWell, match="not sent for 240 s: worker: silent for 90 s"):
        outgoing.heartbeat_is_heard()
    monkeypatch.setattr(outgoing, "run_checks", dict)
    assert send_heartbeat() is True
    assert outgoing.heartbeat_is_heard() == "0 s ago"


def test_its_own_check_does_not_hold_it_back(
    switch: Switch, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = {outgoing.CHECK: {"ok": False, "detail": "not sent for 300 s"}}
    monkeypatch.setattr(outgoing, "run_checks", lambda: answer)
    assert send_heartbeat() is True


def test_a_refusal_is_told_without_the_address(switch: Switch) -> None:
    switch.status = 503
    assert send_heartbeat() is False
    Heartbeat.objects.update(at=now() - timedelta(minutes=5))
    with pytest.raises(NotWell) as told:
        outgoing.heartbeat_is_heard()
    assert str(told.value) == "not sent for 300 s: answered 503"


def test_nobody_there_is_told_without_the_address(switch: Switch, settings: Any) -> None:
    for url, said in (
        ("http://127.0.0.1:1/secret", "ConnectError"),
        ("http://secret:port/", "none"),
    ):
        settings.ENV = settings.ENV.model_copy(update={"heartbeat_url": url})
        assert send_heartbeat() is False
        trouble = Heartbeat.objects.get(name=outgoing.NAME).trouble
        assert said in trouble
        assert "secret" not in trouble


def test_silence_of_all_sources_is_noticed_where_they_must_not_be_silent(
    settings: Any,
) -> None:
    assert measurements_arrive() == "none ever arrived"
    Source.objects.create(ref="token:1", latest=now(), heard_at=now() - timedelta(minutes=10))
    assert measurements_arrive() == "600 s ago"
    settings.ENV = settings.ENV.model_copy(update={"measurements_every": 300})
    with pytest.raises(NotWell, match="for 600 s"):
        measurements_arrive()


def test_a_worker_that_died_is_told_where_monitors_are_looked_at(olga: Player) -> None:
    Heartbeat.objects.create(name="worker", at=now() - timedelta(seconds=20))
    for path in ("/", "/monitors/", "/slos/"):
        assert b"No monitor is evaluated" not in olga.browser.get(path).content
    Heartbeat.objects.update(at=now() - timedelta(minutes=3))
    for path in ("/", "/monitors/", "/slos/"):
        assert b"No monitor is evaluated" in olga.browser.get(path).content
    assert b"No monitor is evaluated" not in olga.browser.get("/settings/").content
