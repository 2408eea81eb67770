"""Times in addresses and forms, and that the ends of the calendar are no server error."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from access.moments import read_moment
from monitoring.models import Series
from tests.cast import Player
from tests.monitoring.test_api import create, send

ENDS = ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "utc", "read"),
    [
        ("2026-03-01T12:00:00Z", False, NOON),
        ("2026-03-01T13:00:00 01:00", False, NOON),
        ("2026-03-01T12:00", False, None),
        ("2026-03-01T12:00", True, NOON),
        ("2026-03-01 12:00", True, NOON),
        ("soon", True, None),
        ("", True, None),
        *((end, utc, None) for end in ENDS for utc in (True, False)),
    ],
)
def test_an_instant_is_read_in_utc(text: str, utc: bool, read: datetime | None) -> None:
    assert read_moment(text, utc=utc) == read


@pytest.mark.parametrize("end", ENDS)
def test_the_ends_of_the_calendar_are_refused(root: Player, end: str) -> None:
    own = create(root.api).replace("/api/v1", "")
    send(root.api, 1, 2)
    series = Series.objects.get().id
    for path in (own, f"/series/{series}"):
        assert root.browser.get(path, {"until": end}).status_code == 400
    for name in ("start", "end"):
        answer = root.api.get(f"series/{series}/data", {name: end})
        assert (answer.status_code, name in str(answer.data)) == (400, True)
