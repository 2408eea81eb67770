"""`replay_csv` and `watch_host`: clients that know the public API and nothing else."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.core.management import CommandError, call_command

from benchmarks.nab import FOLDER, labels
from eventlog import followers
from eventlog.sealer import seal_once
from incidents.models import IncidentRow
from monitoring import arrivals, evaluation
from monitoring.management import client, host
from monitoring.models import BreachRow, MonitorRow, Series
from tests.cast import Api, machine
from tests.monitoring.nab import MACHINE, needs_nab

SCOPES = (
    "measurements:write",
    "measurements:read",
    "monitors:write",
    "incidents:write",
)


def answer(request: httpx.Request) -> httpx.Response:
    """Carries a request to Django's test client, which stays inside the test's transaction."""
    headers = {k: v for k, v in request.headers.items() if k not in ("host", "content-length")}
    media = headers.pop("content-type", "application/json")
    path, body = request.url.raw_path.decode(), request.read()
    given = Api().generic(request.method, path, body, content_type=media, headers=headers)
    return httpx.Response(given.status_code, content=given.content, headers=dict(given.headers))


@pytest.fixture
def door(db: None, monkeypatch: pytest.MonkeyPatch) -> str:
    """A token for an installation inside this process, whose worker runs when it is nudged."""
    here = httpx.MockTransport(answer)

    def work() -> None:
        evaluation.evaluate_due()
        seal_once()
        followers.catch_up()

    real = client.Client
    monkeypatch.setattr(arrivals, "nudge", work)
    monkeypatch.setattr(client, "Client", lambda url, token: real(url, token, here))
    return machine(*SCOPES).secret


def run(name: str, *arguments: Any, token: str) -> str:
    out = StringIO()
    options = ["--token", token, "--url", "http://localhost"]
    call_command(name, *map(str, arguments), *options, stdout=out, stderr=out)
    return out.getvalue()


def csv(folder: Path, *rows: str, header: str = "timestamp,value") -> Path:
    file = folder / "series.csv"
    file.write_text("\n".join([header, *rows]) + "\n")
    return file


def test_a_file_is_replayed_with_labels_and_its_repeats_are_counted(
    door: str, tmp_path: Path
) -> None:
    rows = ("2026-01-01 00:00,1", "2026-01-01 00:05,2", "2026-01-01 00:05,3", "2026-01-01 00:00,1")
    file = csv(tmp_path, *rows)
    said = run("replay_csv", file, "--series", "s", "--labels", "a=b", "--tz", "UTC", token=door)
    assert "2 rows repeat a time, 1 of them with another value" in said
    assert "2 accepted" in said
    assert Series.objects.get().labels == {"a": "b"}
    again = run("replay_csv", file, "--series", "s", "--labels", "a=b", "--tz", "UTC", token=door)
    assert "2 unchanged" in again


def test_times_without_a_zone_need_one(door: str, tmp_path: Path) -> None:
    file = csv(tmp_path, "2026-01-01 00:00,1")
    with pytest.raises(CommandError, match="--tz"):
        run("replay_csv", file, "--series", "s", token=door)
    with pytest.raises(CommandError, match="Mars"):
        run("replay_csv", file, "--series", "s", "--tz", "Mars/Base", token=door)
    aware = csv(tmp_path, "2026-01-01T00:00:00+01:00,1")
    assert "1 accepted" in run("replay_csv", aware, "--series", "s", token=door)


@pytest.mark.parametrize(
    ("header", "row", "message"),
    [
        ("time,value", "2026-01-01 00:00,1", "timestamp and value"),
        ("timestamp,value", "2026-01-01 00:00,one", "cannot be read"),
        ("timestamp,value", "noon,1", "cannot be read"),
    ],
)
def test_a_file_that_is_no_series_is_refused(
    door: str, tmp_path: Path, header: str, row: str, message: str
) -> None:
    file = csv(tmp_path, row, header=header)
    with pytest.raises(CommandError, match=message):
        run("replay_csv", file, "--series", "s", "--tz", "UTC", token=door)


def test_a_wrong_token_is_a_sentence_and_not_a_traceback(door: str, tmp_path: Path) -> None:
    file = csv(tmp_path, "2026-01-01 00:00,1")
    with pytest.raises(CommandError, match="unknown, expired or revoked"):
        run("replay_csv", file, "--series", "s", "--tz", "UTC", token="ds_" + "x" * 43)


@needs_nab
def test_the_machine_failure_becomes_incidents_that_the_commander_resolves(door: str) -> None:
    said = run(
        "replay_csv",
        FOLDER / "data" / MACHINE,
        *("--series", "machine.temperature", "--tz", "UTC"),
        *("--monitor", "robust_deviation", "--resolve"),
        token=door,
    )
    assert "12 rows repeat a time, 12 of them with another value" in said
    assert "22,683 accepted" in said
    declared = BreachRow.objects.count()
    assert f"{declared} declared:" in said
    assert declared >= 3
    onsets = IncidentRow.objects.values_list("onset_best", flat=True)
    hit = [w for w in labels()[MACHINE] if any(w[0] <= at <= w[1] for at in onsets)]
    assert len(hit) >= 3
    assert len(onsets) <= len(hit) + 1
    assert not IncidentRow.objects.filter(status="open").exclude(breaches_open__gt=0).exists()


def test_the_host_is_watched_and_its_monitors_are_made_once(
    door: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = "# TYPE dropstitch_seal_lag_seconds gauge\ndropstitch_seal_lag_seconds 0.25\n"
    answers = {"/readyz": httpx.Response(200), "/metrics": httpx.Response(200, text=page)}
    fake = httpx.MockTransport(lambda request: answers[request.url.path])
    read = host.installation_readings
    monkeypatch.setattr(
        host, "installation_readings", lambda _, url: read(httpx.Client(transport=fake), url)
    )
    for _ in range(2):
        run("watch_host", "--count", 2, "--every", 0.01, token=door)
    names = set(Series.objects.values_list("name", flat=True))
    assert {
        "host.cpu.used",
        "host.memory.used",
        "host.disk.used",
        "host.load.per_cpu",
        "dropstitch.ready",
        "dropstitch.ready.latency",
        "dropstitch.seal_lag_seconds",
    } <= names
    assert MonitorRow.objects.count() == len(host.default_monitors("here"))


def test_an_installation_that_is_away_is_measured_as_not_ready() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    away = httpx.Client(transport=httpx.MockTransport(refuse))
    readings = {name: value for name, value, _, _ in host.installation_readings(away, "http://x")}
    assert readings["dropstitch.ready"] == 0
    assert readings.keys() == {"dropstitch.ready", "dropstitch.ready.latency"}


def test_a_client_waits_when_it_is_asked_to_and_sends_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = [
        httpx.Response(503, headers={"Retry-After": "3"}),
        httpx.Response(429, headers={"Retry-After": "2"}),
        httpx.Response(200, json={"accepted": 1}),
    ]
    waits: list[float] = []
    monkeypatch.setattr(client.time, "sleep", waits.append)
    patient = client.Client("http://x", "t", httpx.MockTransport(lambda _: answers.pop(0)))
    assert patient.send([{"series": "s", "time": 1, "value": 1}]) == {"accepted": 1}
    assert waits == [3, 2]
