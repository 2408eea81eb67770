"""Reviews of objectives: when they are due, and what becomes of one that is noted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from time_machine import travel

from eventlog.store import read_stream
from monitoring.models import SloRow
from tests.cast import Api, Player, machine
from tests.monitoring.test_slos import DEFINITION, NOON, SCOPES, create

LATER = NOON + timedelta(days=100)


@pytest.fixture
def api(db: None) -> Api:
    return machine(*SCOPES).api


def due(api: Api) -> list[str]:
    return [one["key"] for one in api.get("slos?review_due=true").data["items"]]


def test_a_review_moves_the_date_and_keeps_what_was_found(api: Api) -> None:
    with travel(NOON, tick=False):
        create(api)
        create(api, key="later", review_on="2027-01-01")
        assert due(api) == []
    with travel(LATER, tick=False):
        assert due(api) == ["web"]
        answer = api.post("slos/web/review", {"reason": "Still what people need."})
        assert answer.status_code == 200, answer.data
        assert due(api) == []
        data = api.get("slos/web").data
    assert data["review_on"] == (LATER + timedelta(days=90)).date().isoformat()
    assert (data["review"], data["review_due"]) == ("Still what people need.", False)
    assert data["reviewed_by"].startswith("token:")
    assert data["reviewed_at"] == LATER.isoformat().replace("+00:00", "Z")
    assert data["revision"] == 1, "the promise itself did not change"
    assert [record.type for record in read_stream("slo:web")] == ["slo.created", "slo.reviewed"]


def test_a_change_without_a_date_keeps_that_of_the_review(api: Api) -> None:
    with travel(NOON, tick=False):
        create(api)
        api.post("slos/web/review", {"reason": "Fine.", "review_on": "2026-12-24"})
        body = {**DEFINITION, "name": "Other", "reason": "A better name."}
        assert api.post("slos/web/change", body).status_code == 200
    assert api.get("slos/web").data["review_on"] == "2026-12-24"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"reason": "x", "review_on": "soon"}, "review_on"),
        ({"reason": "x", "review_on": "2026-03-01"}, "review_on"),
    ],
)
@travel(datetime(2026, 3, 1, 12, tzinfo=UTC), tick=False)
def test_what_cannot_be_is_refused(api: Api, body: dict[str, str], field: str) -> None:
    create(api)
    answer = api.post("slos/web/review", body)
    assert (answer.status_code, answer.json()["field"]) == (409, field)
    assert api.post("slos/web/review", {"reason": ""}).status_code == 400
    assert SloRow.objects.get().reviewed_at is None


def test_what_is_retired_is_not_reviewed(api: Api, olga: Player) -> None:
    create(api, review_on="2020-01-01")
    assert olga.api.post("slos/web/review", {"reason": "x"}).status_code == 403
    api.post("slos/web/retire", {"reason": "Gone."})
    assert api.post("slos/web/review", {"reason": "x"}).json()["code"] == "retired"
    assert api.post("slos/none/review", {"reason": "x"}).json()["code"] == "unknown"
    assert due(api) == []


def test_pages_list_what_is_overdue_and_take_a_review(api: Api, ana: Player) -> None:
    create(api, review_on="2020-01-01")
    create(api, key="fresh", name="Looked at lately")
    listed = ana.browser.get("/slos/?review=due").content.decode()
    assert "Web availability" in listed
    assert "Looked at lately" not in listed
    assert "days late" in listed
    sent = {"once": "a", "reason": "Still <b>right</b>.", "review_on": "2999-01-01"}
    assert ana.browser.post("/slos/web/review", sent)["Location"] == "/slos/web"
    page = ana.browser.get("/slos/web").content.decode()
    assert "Still &lt;b&gt;right&lt;/b&gt;." in page
    assert "looked at it again" in page
    assert (
        "None has to be looked at again yet"
        in ana.browser.get("/slos/?review=due").content.decode()
    )
    ana.browser.post("/slos/web/review", {"once": "b", "reason": ""})
    assert SloRow.objects.get(key="web").review == "Still <b>right</b>."
    assert ana.browser.post("/slos/none/review", sent).status_code == 404
