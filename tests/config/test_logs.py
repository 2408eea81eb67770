from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from django.test import Client

from config.logs import formatter, masked
from eventlog import store
from tests.cast import Machine, Player


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What every logger writes, as JSON lines."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter("json"))
    logging.getLogger().addHandler(handler)
    yield stream
    logging.getLogger().removeHandler(handler)


def parsed(stream: io.StringIO) -> list[dict]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.mark.django_db
def test_one_line_says_how_a_request_was_answered(lines: io.StringIO):
    Client().get("/api/v1/me?token=x", headers={"X-Request-ID": "trace-0001"})
    (line,) = (line for line in parsed(lines) if line["event"] == "answered")
    assert line["request_id"] == "trace-0001"
    assert (line["method"], line["route"], line["status"]) == ("GET", "api-me", 401)
    assert line["level"] == "info"
    assert line["timestamp"].endswith("Z")
    assert line["ms"] >= 0


def test_a_commands_line_names_who_asked_the_command_and_its_events(bo: Player, lines: io.StringIO):
    body = bo.api.post("tokens", {"name": "cron", "scopes": ["incidents:read"]}).json()
    (line,) = (line for line in parsed(lines) if line["event"] == "answered")
    (record,) = store.read_stream(body["stream"])
    assert line["events"] == [str(record.event_id)]
    assert line["command_id"] == str(record.command_id)
    assert line["actor"] == record.actor


def test_probes_are_not_logged(lines: io.StringIO):
    Client().get("/healthz")
    assert parsed(lines) == []


def test_libraries_write_the_same_shape_with_the_same_ids(lines: io.StringIO):
    with structlog.contextvars.bound_contextvars(request_id="r1", command_id="c1"):
        logging.getLogger("celery.worker").warning("task %s is slow", "beat")
        logging.getLogger("uvicorn.error").warning("socket lost")
    task, socket = parsed(lines)
    assert task["event"] == "task beat is slow"
    assert (task["request_id"], task["command_id"], task["logger"]) == ("r1", "c1", "celery.worker")
    assert (socket["event"], socket["request_id"]) == ("socket lost", "r1")


def test_a_failure_is_one_line_with_its_traceback(lines: io.StringIO):
    try:
        raise RuntimeError("broken")
    except RuntimeError:
        logging.getLogger("x").exception("it failed")
    (line,) = parsed(lines)
    assert "RuntimeError: broken" in line["exception"]


def test_secrets_are_masked_wherever_they_stand(lines: io.StringIO, sensor: Machine):
    log = structlog.get_logger("test")
    log.warning("given", token=sensor.secret, password="hunter2", Authorization="Basic aHVudGVyMg")
    log.warning("seen %s in the text", sensor.secret)
    logging.getLogger("x").warning("header %s", f"Bearer {sensor.secret}")
    logging.getLogger("x").warning("connecting to redis://user:hunter2@cache:6379/0")
    try:
        raise ValueError(f"bad token {sensor.secret}")
    except ValueError:
        log.exception("it failed")
    text = lines.getvalue()
    assert len(parsed(lines)) == 5
    assert sensor.secret not in text
    assert "hunter2" not in text
    assert "aHVudGVyMg" not in text
    assert sensor.token.hint in text


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("postgresql://ana:pw@db/x", "postgresql://ana:…@db/x"),
        ("Bearer abc.def", "Bearer …"),
        ("https://yarnit.example/a@b", "https://yarnit.example/a@b"),
        ("at 12:30@noon", "at 12:30@noon"),
        ("ds_notes", "ds_notes"),
    ],
)
def test_only_what_is_secret_is_masked(text: str, safe: str):
    assert masked(text) == safe
