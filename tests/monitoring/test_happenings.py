"""What happens outside: noted, corrected and withdrawn, on charts, and left out of what is usual."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from access.changes import kinds as kinds_of_changes
from eventlog.testing import given
from monitoring import frames, happenings
from monitoring.commands import NoteHappening, WithdrawHappening
from monitoring.events import HappeningNoted, HappeningWithdrawn
from monitoring.kinds import BadParameter, make
from monitoring.kinds.framed import Track, Wanted
from monitoring.models import HappeningRow
from tests.cast import Player

NOON = datetime(2026, 8, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def note(**changes: Any) -> NoteHappening:
    said = {"title": "National day", "category": "holiday", "since": NOON, "until": NOON + DAY}
    return NoteHappening(**{"happening": "h1", "at": NOON, **said, **changes})


def noted(**changes: Any) -> HappeningNoted:
    said: dict[str, Any] = {
        "happening": "happening:h1",
        "title": "National day",
        "category": "holiday",
        "regions": [],
        "since": "2026-08-01T12:00:00+00:00",
        "until": "2026-08-02T12:00:00+00:00",
        "source": "",
        "url": "",
        "note": "",
    }
    return HappeningNoted(**{**said, **changes})


WITHDRAWN = HappeningWithdrawn(happening="happening:h1", reason="No")


def test_it_is_noted_once_and_again_when_more_is_known() -> None:
    given().when(note()).then(noted())
    given(noted()).when(note()).then()
    given(noted()).when(note(regions=["SE", "CH", "CH"])).then(noted(regions=["CH", "SE"]))
    given(noted()).when(note(until=None)).then(noted(until=""))


def test_what_was_withdrawn_stays_so() -> None:
    withdraw = WithdrawHappening(happening="h1", at=NOON, reason="No")
    given(noted()).when(withdraw).then(WITHDRAWN)
    given(noted(), WITHDRAWN).when(withdraw).then()
    given(noted(), WITHDRAWN).when(note()).refused("withdrawn")
    given().when(withdraw).refused("unknown")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": " "}, "title"),
        ({"category": "party"}, "category"),
        ({"until": NOON}, "until"),
        ({"since": datetime(1980, 1, 1, tzinfo=UTC)}, "since"),
        ({"url": "javascript:alert(1)"}, "url"),
        ({"regions": ["CH"] * 51}, "regions"),
        ({"regions": [""]}, "regions"),
        ({"subjects": ["nothing"]}, "subjects"),
    ],
)
def test_what_makes_no_sense_is_refused_by_its_field(change: dict[str, Any], field: str) -> None:
    outcome = given().when(note(**change))
    assert outcome.refusal is not None
    assert str(outcome.refusal.field).startswith(field)


BODY = {
    "title": "National day",
    "category": "holiday",
    "since": "2026-08-01T00:00:00Z",
    "until": "2026-08-02T00:00:00Z",
    "regions": ["CH"],
}


def test_the_api_notes_corrects_finds_and_withdraws(root: Player, olga: Player) -> None:
    made = root.api.post("happenings", BODY)
    assert made.status_code == 201, made.data
    path = made.data["location"].removeprefix("/api/v1/")
    assert olga.api.post("happenings", BODY).status_code == 403
    wrong = root.api.post("happenings", BODY | {"until": "2026-07-01T00:00:00Z"})
    assert (wrong.status_code, wrong.data["field"]) == (409, "until")
    assert root.api.post(f"{path}/correct", BODY | {"title": "Swiss day"}).status_code == 200
    assert root.api.get(path).data["title"] == "Swiss day"

    def found(**asked: str) -> int:
        return len(root.api.get("happenings", asked).data["items"])

    assert found(category="holiday") == found(region="CH") == found(search="swiss") == 1
    assert found(category="weather") == found(region="SE") == found(search="war") == 0
    assert found(since="2026-08-01T12:00:00Z", until="2026-08-01T13:00:00Z") == 1
    assert found(since="2026-08-02T00:00:00Z") == found(until="2026-07-31T00:00:00Z") == 0
    assert root.api.post(f"{path}/withdraw", {"reason": "Not here"}).status_code == 200
    assert root.api.get(path).status_code == 404
    assert root.api.post(f"{path}/correct", BODY).status_code == 404


def test_a_person_notes_and_corrects_it_on_the_page(root: Player, olga: Player) -> None:
    form = {
        "title": "Storm",
        "category": "weather",
        "since": "2026-08-01 06:00",
        "regions": "SE, NO",
    }
    assert root.browser.post("/happenings/note", form).status_code == 302
    row = HappeningRow.objects.get()
    assert (row.until, row.regions) == (None, ["NO", "SE"])
    page = root.browser.get("/happenings/").content.decode()
    assert "Storm" in page
    assert "not known yet" in page
    assert "Storm" in olga.browser.get("/happenings/").content.decode()
    assert olga.browser.post("/happenings/note", form).status_code == 403
    path = f"/happenings/{row.id}"
    wrong = root.browser.post(path, form | {"until": "soon"})
    assert wrong.status_code == 409
    assert "A time such as" in wrong.content.decode()
    assert root.browser.post(path, form | {"until": "2026-08-01 09:00"}).status_code == 302
    row.refresh_from_db()
    assert row.until == datetime(2026, 8, 1, 9, tzinfo=UTC)
    root.browser.post(f"{path}/withdraw", {"reason": "It passed by"})
    assert not HappeningRow.objects.exists()


def test_charts_shade_it_and_what_changed_knows_it(root: Player) -> None:
    root.api.post("happenings", BODY | {"until": None})
    (span,) = happenings.spans(NOON - 2 * DAY, NOON + DAY)
    assert span == (datetime(2026, 8, 1, tzinfo=UTC), NOON + DAY, "shade", "National day")
    assert happenings.spans(NOON - 9 * DAY, NOON - 2 * DAY) == []
    kind = kinds_of_changes()["happening.noted"]
    assert kind.sentence(BODY) == "noted holiday: National day (CH)"


def test_it_is_a_track_of_ones_while_it_goes_on(root: Player) -> None:
    root.api.post("happenings", BODY | {"until": "2026-08-01T00:07:00Z"})
    begin = datetime(2026, 8, 1, tzinfo=UTC)
    wanted = Wanted("", {}, happenings=("holiday", "weather"))
    (track,) = frames.steps(wanted, begin - timedelta(minutes=10), begin + timedelta(minutes=15))
    minutes = ((track.times - begin.timestamp()) / 60).tolist()
    assert dict(zip(minutes, track.values.tolist(), strict=True)) == {
        -5.0: 0.0,
        0.0: 1.0,
        5.0: 1.0,
        7.0: 1.0,
        10.0: 0.0,
        15.0: 0.0,
    }


def orders(holiday: float, now: float = 1.0) -> tuple[Track, Track]:
    """Orders an hour over eight weeks, less in the holidays of the latest three before, and when
    those were.
    """
    count = 8 * 7 * 24
    times = np.array([(NOON - timedelta(hours=count - 1 - n)).timestamp() for n in range(count)])
    values = 1_000 * np.exp(np.random.default_rng(3).normal(0, 0.02, count))
    lasted = (times > times[-1] - 22 * 86_400) & (times <= times[-1] - 6 * 86_400)
    values[lasted] *= holiday
    values[-1] *= now
    return Track((), times, values), Track((), times, lasted.astype(float))


@pytest.mark.parametrize("kind", ["period_over_period", "trailing_average"])
def test_a_holiday_that_is_left_out_is_not_usual(kind: str) -> None:
    own, outside = orders(holiday=0.2)
    made = make(kind, {"weeks": 6, "leave_out": "holiday"})
    with_it = made.look({"own": [own]}, NOON, {})  # type: ignore[attr-defined]
    without = made.look({"own": [own], "outside": [outside]}, NOON, {})  # type: ignore[attr-defined]
    assert with_it.expected == pytest.approx(600, rel=0.05)
    assert without.expected == pytest.approx(1_000, rel=0.05)
    assert without.exceeds is False


@pytest.mark.parametrize("kind", ["period_over_period", "trailing_average"])
def test_while_it_goes_on_nothing_is_judged(kind: str) -> None:
    own, outside = orders(holiday=1.0, now=0.1)
    outside.values[-1] = 1.0
    made = make(kind, {"leave_out": "holiday"})
    found = made.look({"own": [own], "outside": [outside]}, NOON, {})  # type: ignore[attr-defined]
    assert found.exceeds is None
    assert "left out" in found.sentence
    assert made.look({"own": [own]}, NOON, {}).exceeds is True  # type: ignore[attr-defined]


def test_only_categories_that_there_are_can_be_left_out() -> None:
    with pytest.raises(BadParameter, match="party"):
        make("trailing_average", {"leave_out": "holiday, party"})
