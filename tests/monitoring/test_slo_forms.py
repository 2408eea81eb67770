"""Objectives through forms: made, changed, retired; what is refused stays filled in, and says why."""

from __future__ import annotations

from typing import Any

import pytest

from eventlog.core import uuid7
from monitoring import slo_forms
from monitoring.models import MonitorRow, SloRow
from monitoring.slo import definition
from tests.cast import Api, Player, machine
from tests.monitoring.test_slos import DEFINITION, SCOPES, create, settings

FORM = {
    "name": "Web availability",
    "key": "web",
    "owner": "team:web",
    "subjects": "service:web, model:ranker",
    "layer": "serving",
    "environment": "production",
    "target": "99,9 %",
    "window.kind": "rolling",
    "window.duration": "30d",
    "counted": "good",
    "indicator.source.total": 'requests{service="web"}',
    "indicator.source.part": 'ok{service="web"}',
    "indicator.method": "occurrences",
    "alerts": "standard",
}
OWN = {
    "alerts": "own",
    "alerts.0.name": "fast",
    "alerts.0.urgency": "page",
    "alerts.0.fraction": "2",
    "alerts.0.long": "1h",
    "alerts.0.short": "5m",
}


@pytest.fixture
def api(db: None) -> Api:
    return machine(*SCOPES).api


def send(player: Player, path: str = "/new-slo", **changes: str) -> Any:
    return player.browser.post(path, {"once": str(uuid7()), **FORM, **changes})


def test_a_form_makes_an_objective_and_its_monitors(ana: Player) -> None:
    response = send(ana)
    assert response["Location"] == "/slos/web"
    row = SloRow.objects.get()
    assert row.subjects == ["service:web", "model:ranker"]
    assert row.settings["target"] == "0.999"
    assert row.settings["indicator"]["source"]["good"] == {
        "series": "ok",
        "labels": {"service": "web"},
    }
    assert {one.urgency for one in MonitorRow.objects.all()} == {"page", "notify"}


def test_sent_twice_it_is_made_once(ana: Player) -> None:
    first = send(ana, once="one")
    again = send(ana, once="one")
    assert (first.status_code, again.status_code) == (302, 302)
    assert SloRow.objects.get().revision == 1


def test_without_a_key_the_name_makes_one(ana: Player) -> None:
    assert send(ana, key="")["Location"] == "/slos/Web-availability"


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"target": "100"}, "target", "leaves no error budget"),
        ({"target": "140"}, "target", "must be above 0 %"),
        ({"target": "much"}, "target", "must be a number"),
        ({"window.duration": "1h"}, "window.duration", "from 1 to 366 days"),
        ({"window.kind": "calendar", "window.duration": "1M"}, "window.start", "local time"),
        ({"indicator.source.part": "a b"}, "indicator.source.part", "must be a series"),
        ({"indicator.source.part": ""}, "indicator.source.part", "is needed"),
        (
            {"indicator.source.part": FORM["indicator.source.total"]},
            "indicator.source.part",
            "ratio is always 1",
        ),
        ({"counted": "value", "indicator.source.op": "lt"}, "indicator.source.bound", "a number"),
        ({"subjects": "web"}, "subjects", "is no ref"),
        ({"key": "a b"}, "key", "A key has"),
        ({"review_on": "soon"}, "review_on", "Must be a date"),
        (
            {"target": "50", "window.duration": "2d"},
            "alerts",
            "none of the standard pairs can ever fire",
        ),
        (OWN | {"target": "90"}, "alerts.0.fraction", "(1.389 %) can"),
        (OWN | {"alerts.0.short": "1h"}, "alerts.0.short", "must be shorter"),
        (OWN | {"alerts.0.min_bad": "few"}, "alerts.0.min_bad", "must be a whole number"),
    ],
)
def test_a_refusal_stands_beside_its_field_and_nothing_is_lost(
    ana: Player, changes: dict[str, str], field: str, words: str
) -> None:
    response = send(ana, **changes)
    assert response.status_code == 409
    page = " ".join(response.content.decode().split())
    beside = page.partition(f'id="h-{field}">')[2].partition("</p>")[0]
    assert words.lower() in beside.lower(), beside
    control = page.partition(f'id="f-{field}"')[2].partition(">")[0]
    assert 'aria-invalid="true"' in control
    for name, value in (FORM | changes).items():
        if value and name in ("name", "owner", "target", "window.duration", "alerts.0.name"):
            assert f'name="{name}"' in page
            assert f'value="{value}"' in page, name
    assert not SloRow.objects.exists()
    assert not MonitorRow.objects.exists()


def test_pairs_left_empty_between_others_are_closed_up(ana: Player) -> None:
    later = {name.replace("alerts.0", "alerts.2"): value for name, value in OWN.items()}
    page = send(ana, **later, target="90").content.decode()
    assert 'id="h-alerts.0.fraction"' in page
    assert 'name="alerts.0.long" type="text" value="1h"' in page
    send(ana, **later)
    assert [pair["name"] for pair in SloRow.objects.get().settings["alerts"]] == ["fast"]


def test_a_change_shows_what_is_there_and_asks_why(ana: Player, api: Api) -> None:
    create(api)
    form = ana.browser.get("/slos/web/change").content.decode()
    assert 'name="target" type="text" value="99.9"' in form
    assert "requests{service=&quot;web&quot;}" in form
    row = SloRow.objects.get()
    fields = slo_forms.values_of(row) | {"target": "99", "version": str(row.version)}
    refused = ana.browser.post("/slos/web/change", {**fields, "once": "a", "reason": " "})
    assert refused.status_code == 409
    assert 'id="h-reason"' in refused.content.decode()
    sent = ana.browser.post("/slos/web/change", {**fields, "once": "b", "reason": "Enough."})
    assert sent["Location"] == "/slos/web"
    row.refresh_from_db()
    assert (row.settings["target"], row.reason, row.revision) == ("0.99", "Enough.", 2)
    assert len(row.settings["alerts"]) == 4, "the standard pairs follow the target"
    stale = ana.browser.post("/slos/web/change", {**fields, "once": "c", "reason": "Late.", "target": "98"})  # fmt: skip
    assert stale.status_code == 409
    assert "Somebody changed this objective meanwhile" in stale.content.decode()
    row.refresh_from_db()
    assert row.settings["target"] == "0.99"


@pytest.mark.parametrize(
    "given",
    [
        settings(),
        settings(target="0.95"),
        settings(alerts=[]),
        settings(
            alerts=[
                {
                    "name": "x",
                    "fraction": "1/35",
                    "long": "1h",
                    "short": "5m",
                    "min_coverage": "0.5",
                }
            ]
        ),
        settings(
            window={
                "kind": "calendar",
                "duration": "1Q",
                "start": "2026-01-01 00:00:00",
                "zone": "Europe/Vienna",
            },
            indicator={
                "method": "time_slices",
                "slice": "5m",
                "slice_target": "0.9",
                "idle_is_good": True,
                "source": {"value": {"series": "ms"}, "op": "lte", "bound": "150.5"},
            },
        ),
        settings(indicator={"method": "ratio_time_slices", "slice": "1h"}),
    ],
)
def test_what_a_form_shows_means_the_same_again(api: Api, given: dict[str, Any]) -> None:
    create(api, settings=given)
    row = SloRow.objects.get()
    again = slo_forms.settings_of(slo_forms.values_of(row))
    assert definition.written(definition.read(again)) == row.settings


def test_a_standard_pair_that_is_left_out_is_told_with_the_reason(ana: Player) -> None:
    send(ana, target="92")
    page = ana.browser.get("/slos/web/change").content.decode()
    assert "page_fast is left out: its fraction can never fire" in page
    assert "page_slow is left out" not in page


def test_retiring_needs_a_reason_and_ends_the_form(ana: Player, api: Api) -> None:
    create(api)
    assert "do-retire" in ana.browser.get("/slos/web").content.decode()
    ana.browser.post("/slos/web/retire", {"once": "a", "reason": ""})
    assert SloRow.objects.get().retired_at is None
    ana.browser.post("/slos/web/retire", {"once": "b", "reason": "Gone."})
    assert SloRow.objects.get().reason == "Gone."
    assert "do-retire" not in ana.browser.get("/slos/web").content.decode()
    assert ana.browser.get("/slos/web/change").status_code == 404


def test_who_may_only_look_on_is_offered_nothing(olga: Player, api: Api) -> None:
    create(api)
    page = olga.browser.get("/slos/web").content.decode()
    assert "/slos/web/change" not in page
    for path in ("/new-slo", "/slos/web/change", "/slos/web/retire"):
        assert olga.browser.post(path, {**FORM, "reason": "x"}).status_code == 403
    assert SloRow.objects.get().name == DEFINITION["name"]
