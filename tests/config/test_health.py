from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest
from django.test import Client

from config import checks, health
from config.health import NotWell, check, run_checks
from config.models import Heartbeat
from config.tasks import beat
from eventlog.clock import now


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch):
    """An installation with no checks but those that the test adds."""
    monkeypatch.setattr(health, "_checks", {})
    monkeypatch.setattr(health, "_running", {})


def test_the_process_says_that_it_lives_and_asks_nobody():
    assert Client().get("/healthz").json() == {"status": "alive"}


def test_a_needed_check_that_fails_makes_it_not_ready(only: None):
    @check("disk", needed=True)
    def disk() -> None:
        raise NotWell("only 3 MB left")

    answer = Client().get("/readyz")
    assert answer.status_code == 503
    body = answer.json()
    assert body["status"] == "not ready"
    found = body["checks"]["disk"]
    assert found.pop("ms") >= 0
    assert found == {"ok": False, "needed": True, "detail": "only 3 MB left"}


def test_another_that_fails_only_degrades_it(only: None):
    check("disk", needed=True)(lambda: "3 GB left")

    @check("feed", needed=False)
    def feed() -> None:
        raise ConnectionError("at postgresql://root:hunter2@db")

    answer = Client().get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["status"] == "degraded"
    assert answer.json()["checks"]["feed"]["detail"] == "ConnectionError"
    assert b"hunter2" not in answer.content


def test_a_check_that_hangs_is_given_up_and_not_started_again(only: None):
    release, starts = threading.Event(), []

    @check("slow", needed=True)
    def slow() -> None:
        starts.append(1)
        release.wait(10)

    check("fast", needed=True)(lambda: "")
    started = time.monotonic()
    for _ in range(3):
        results = run_checks(timeout=0.05)
        assert results["slow"]["detail"] == "no answer within 0.05 s"
        assert results["fast"]["ok"]
    assert time.monotonic() - started < 2
    assert len(starts) == 1
    release.set()


@pytest.mark.django_db
def test_the_checks_of_an_installation_have_names():
    assert {"database", "migrations", "broker", "sealer", "worker"} <= set(health._checks)
    assert {name for name, one in health._checks.items() if one.needed} == {
        "database",
        "migrations",
    }


@pytest.mark.django_db
def test_the_database_and_its_migrations_are_well():
    checks.database_answers()
    checks.migrations_are_applied()


@pytest.mark.django_db
def test_a_waiting_migration_is_noticed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(checks, "_migrated", False)
    plan = "django.db.migrations.executor.MigrationExecutor.migration_plan"
    monkeypatch.setattr(plan, lambda self, targets: ["0009", "0010"])
    with pytest.raises(NotWell, match="2 migrations wait"):
        checks.migrations_are_applied()


@pytest.mark.django_db
def test_an_old_unsealed_event_is_noticed(sensor, monkeypatch: pytest.MonkeyPatch):
    assert checks.sealer_keeps_up().endswith("s behind")
    monkeypatch.setattr(checks, "SEAL_LAG", -1.0)
    with pytest.raises(NotWell, match="oldest unsealed event"):
        checks.sealer_keeps_up()


@pytest.mark.django_db
def test_a_worker_is_alive_while_its_heart_beats():
    with pytest.raises(NotWell, match="ever heard"):
        checks.worker_is_alive()
    beat()
    assert checks.worker_is_alive() == "0 s ago"
    Heartbeat.objects.update(at=now() - timedelta(minutes=5))
    with pytest.raises(NotWell, match="silent for 300 s"):
        checks.worker_is_alive()


def test_a_broker_that_is_gone_is_noticed_soon(settings):
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
    started = time.monotonic()
    with pytest.raises(Exception, match="refused"):
        checks.broker_answers()
    assert time.monotonic() - started < 5
