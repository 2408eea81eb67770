"""Pages of objectives: what they say about a budget that burns, and about one that nobody counts."""

from __future__ import annotations

from typing import Any

import pytest

from monitoring import evaluation
from monitoring.slo_pages import percent
from tests.cast import Api, Player, machine
from tests.monitoring.test_slos import DEFINITION, NOON, SCOPES, create, send, settings


@pytest.fixture
def api(db: None) -> Api:
    return machine(*SCOPES).api


def shown(player: Player, path: str) -> str:
    response = player.browser.get(path)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_a_burning_budget_is_shown_with_its_windows(api: Api, olga: Player) -> None:
    create(api)
    send(api, -4_319, 0, 1_000, 0)
    send(api, 1, 20, 1_000, 150)
    evaluation.evaluate_due()
    page = shown(olga, "/slos/web")
    for words in (
        "99.9 % over 30 d, rolling",
        "Burning too fast",
        "owner team:web",
        "<dt>Budget left</dt><dd>93.06 %",
        "<dt>Bad events</dt><dd>3,000",
        'aria-label="burns 50×, fires above 14.4×"',
        "over the mark",
        "Web availability (page)",
        "made the promise",
        "ok{service=&quot;web&quot;}",
    ):
        assert words in page, words
    listed = shown(olga, "/slos/")
    assert "burning too fast" in listed
    assert "The error budget burns 50 times as fast as allowed" in listed


def test_the_page_tells_how_it_was(api: Api, olga: Player) -> None:
    create(api)
    send(api, -400, 0, 1_000, 0)
    send(api, 1, 20, 1_000, 150)
    at = NOON.isoformat().replace("+00:00", "Z")
    page = shown(olga, f"/slos/web?as_of={at}")
    assert "by what is known today" in page
    assert "<dt>Bad events</dt><dd>0" in page
    assert olga.browser.get("/slos/web?as_of=then").status_code == 400


def test_gaps_are_hatched(api: Api, olga: Player) -> None:
    create(api, settings=settings(window={"duration": "1d"}))
    send(api, -1_400, -800, 1_000, 1)
    send(api, -500, 0, 1_000, 1)
    page = shown(olga, "/slos/web")
    assert "1 stretch without counts" in page
    assert 'fill="url(#hatch-budget)"' in page


def test_a_change_of_the_target_is_told_in_the_history(api: Api, olga: Player) -> None:
    create(api)
    body: dict[str, Any] = {**DEFINITION, "settings": settings(target="0.99")}
    body["reason"] = "<b>Less</b> will do."
    assert api.post("slos/web/change", body).status_code == 200
    page = shown(olga, "/slos/web")
    assert "changed it (99.9 % → 99 %): &lt;b&gt;Less&lt;/b&gt; will do." in page


def test_an_objective_that_nobody_counts_says_what_is_missing(api: Api, olga: Player) -> None:
    create(api, settings=settings(indicator={}))
    assert "No series is connected" in shown(olga, "/slos/web")
    assert "Connect the series" in shown(olga, "/slos/")
    create(api, key="quiet")
    assert "No counts in this window" in shown(olga, "/slos/quiet")


def test_a_retired_objective_says_why(api: Api, olga: Player) -> None:
    create(api)
    api.post("slos/web/retire", {"reason": "The service is gone."})
    assert "<b>Retired.</b> The service is gone." in shown(olga, "/slos/web")
    assert "Nothing is promised yet" in shown(olga, "/slos/")


def test_the_list_is_searched_and_told_by_layer(api: Api, olga: Player) -> None:
    create(api)
    create(api, key="clicks", name="Clicks", layer="business", owner="team:search")
    assert "Web availability" not in shown(olga, "/slos/?layer=business")
    assert "Clicks" in shown(olga, "/slos/?search=team:search")
    assert "No objective fits" in shown(olga, "/slos/?search=nothing")
    assert "Web availability" in shown(olga, "/slos/?layer=nonsense")


def test_a_calendar_budget_shows_its_whole_period(api: Api, olga: Player) -> None:
    window = {
        "kind": "calendar",
        "duration": "1M",
        "start": "2026-01-01 00:00:00",
        "zone": "Europe/Vienna",
    }
    slices = {**settings()["indicator"], "method": "time_slices", "slice_target": "0.9"}
    create(api, settings=settings(target="0.99", window=window, indicator=slices))
    send(api, 0, 100, 1_000, 200)
    page = shown(olga, "/slos/web")
    assert "99 % in each month, Europe/Vienna" in page
    assert "good slice" in page
    assert '<dt>Gone at this rate</dt><dd class="is-bad">in ' in page


@pytest.mark.parametrize(
    ("share", "words"),
    [(0.999, "99.9 %"), (0.99931, "99.931 %"), (1, "100 %"), (0.305, "30.5 %"), (-0.5, "−50 %")],
)
def test_shares_have_the_digits_that_matter(share: float, words: str) -> None:
    assert percent(share) == words


def test_the_exhaustion_that_is_ahead_is_drawn(api: Api, olga: Player) -> None:
    create(api, settings=settings(window={"duration": "7d"}))
    send(api, -10 * 1_440, -1_440, 1_000, 0)
    send(api, -1_439, 0, 1_000, 6)
    page = shown(olga, "/slos/web")
    assert "<dt>Gone at this rate</dt>" in page
    assert "gone at this rate</text>" in page
