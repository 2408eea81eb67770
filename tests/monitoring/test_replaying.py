"""A monitor over the past, before it is turned on, says what it would have said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from eventlog.store import read_stream
from monitoring import evaluation, replaying
from monitoring.models import BreachRow, Evaluation, Look, MonitorRow
from tests.cast import Api, Player, machine

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
QUICK = {"value": 10, "needed": 1, "of": 1, "clear_after": 1}


@pytest.fixture
def api(db: None) -> Api:
    return machine("measurements:write", "monitors:write").api


def at(minute: float) -> str:
    return (NOON + timedelta(minutes=minute)).isoformat()


def send(api: Api, *points: tuple[float, float], series: str = "errors", **labels: str) -> None:
    body = [
        {"series": series, "labels": labels, "time": at(minute), "value": value}
        for minute, value in points
    ]
    assert api.post("measurements", body).status_code == 200


def asked(api: Api, **more: Any) -> Any:
    body = {"kind": "threshold", "parameters": QUICK, "series": "errors"} | more
    answer = api.post("monitors/replay", body)
    assert answer.status_code == 200, answer.data
    return answer.data


WAVES = [(float(n), 20.0 if 3 <= n % 10 < 6 else 1.0) for n in range(60)]


def test_it_says_what_an_evaluation_would_have_said_and_writes_nothing(api: Api) -> None:
    send(api, *WAVES)
    said = asked(api)
    assert not MonitorRow.objects.exists()
    body = {"name": "Errors", "kind": "threshold", "parameters": QUICK, "series": "errors"}
    one = api.post("monitors", body).data["stream"]
    # As if it had been there from the beginning.
    record = next(iter(read_stream(one)))
    assert record.payload["watch_from"]
    evaluation.evaluate_due()
    assert not BreachRow.objects.exists(), "what came before only taught it"
    assert [(b["onset"], b["closed_at"]) for b in said["breaches"]] == [
        (_z(10 * n + 3), _z(10 * n + 6)) for n in range(6)
    ]
    assert said["verdicts"] == {"breached": 18, "ok": 42}
    assert said["breaches"][0]["sentence"].startswith("20 is above 10")
    assert said["whole"] is True
    assert said["breaches_a_month"] == pytest.approx(6 / (59 / 60 / 24 / 30), rel=0.01)


def _z(minute: float) -> str:
    return at(minute).replace("+00:00", "Z")


def test_what_came_before_only_teaches(api: Api) -> None:
    send(api, *WAVES)
    said = asked(api, since=at(24), until=at(37))
    assert [b["onset"] for b in said["breaches"]] == [_z(25), _z(33)]
    assert said["breaches"][0]["closed_at"] == _z(26)
    assert (said["since"], said["until"]) == (_z(24), _z(37))


def test_kinds_over_several_series_and_over_counts_are_replayed_too(api: Api) -> None:
    for country in ("FI", "SE"):
        bad = [(n, 30.0 if country == "FI" and 120 <= n < 180 else 0.0) for n in range(300)]
        send(api, *bad, series="failures", country=country)
        send(api, *((n, 40.0) for n in range(300)), series="requests", country=country)
    slices = {"total": "requests", "by": "country", "window": "15m"}
    said = asked(api, kind="slice_broken", parameters=slices, series="failures")
    assert len(said["breaches"]) == 1
    assert said["breaches"][0]["sentence"].startswith("country=FI: ")
    assert not Look.objects.exists()
    send(api, *((n, 100.0) for n in range(300)), series="all")
    send(api, *((n, 50.0 if 100 <= n < 140 else 100.0) for n in range(300)), series="good")
    burn = {"target": "0.99", "good": "good"}
    said = asked(api, kind="burn_rate", parameters=burn, series="all")
    assert len(said["breaches"]) == 1
    assert _z(100) < said["breaches"][0]["onset"] < _z(140)


def test_too_much_for_one_answer_is_said(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replaying, "MOST_BREACHES", 2)
    monkeypatch.setattr(replaying, "AT_ONCE", 10)
    send(api, *WAVES)
    said = asked(api)
    assert said["whole"] is False
    assert len(said["breaches"]) == 2
    assert said["until"] < _z(59)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"series": "nothing"}, "series"),
        ({"series": "two words"}, "series"),
        ({"kind": "oracle"}, "kind"),
        ({"parameters": {"value": "high"}}, "parameters.value"),
        ({"since": "yesterday"}, "since"),
        ({"since": "2030-01-01T00:00:00Z"}, "series"),
    ],
)
def test_a_question_that_has_no_answer_is_refused_by_field(
    api: Api, change: dict[str, Any], field: str
) -> None:
    send(api, *WAVES)
    body = {"kind": "threshold", "parameters": QUICK, "series": "errors"} | change
    answer = api.post("monitors/replay", body)
    assert answer.status_code == 400, answer.data
    assert field in str(answer.data)
    assert not Evaluation.objects.exists()


def test_who_may_make_no_monitor_may_not_try_one(olga: Player) -> None:
    body = {"kind": "threshold", "parameters": QUICK, "series": "errors"}
    assert olga.api.post("monitors/replay", body).status_code == 403


def test_the_form_shows_what_it_would_have_said_and_keeps_what_was_filled_in(
    api: Api, root: Player
) -> None:
    send(api, *WAVES)
    form = {"name": "Errors", "series": "errors", "key": "k1", "over": "7d", "urgency": "page"}
    form |= {f"parameters.{name}": str(value) for name, value in QUICK.items()}
    page = root.browser.post("/monitors/try?kind=threshold", form).content.decode()
    assert "6 breaches" in page
    assert page.count("<svg") > 1
    assert 'value="k1"' in page
    assert 'value="page" checked' in page
    assert not MonitorRow.objects.exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"series": "nothing"}, "No measurement of this series has arrived."),
        ({"parameters.value": "much"}, "value: must be a number"),
        ({"parameters.needed": "0"}, "needed"),
        ({"series": "er rors"}, "A series is a name"),
    ],
)
def test_what_cannot_be_tried_is_said_in_the_form(
    api: Api, root: Player, change: dict[str, str], said: str
) -> None:
    send(api, *WAVES)
    form = {"series": "errors"} | {f"parameters.{k}": str(v) for k, v in QUICK.items()} | change
    answer = root.browser.post("/monitors/try?kind=threshold", form)
    assert answer.status_code == 409
    assert said in answer.content.decode()


def test_whoever_may_not_make_monitors_tries_none(db: None, olga: Player) -> None:
    assert olga.browser.post("/monitors/try?kind=threshold", {}).status_code == 403
