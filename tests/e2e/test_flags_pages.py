"""Pages about flags in both themes and on a phone, and used by the keyboard alone."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from eventlog.clock import now
from experiments import queries
from tests.cast import Player
from tests.e2e.conftest import Open
from tests.experiments.world import build

PATHS = (
    *("/flags/", "/flags/?list=stale", "/flags/two-tower", "/flags/prices", "/new-flag"),
    '/flags/two-tower?attributes={"id": "u1", "country": "CH"}',
    "/flags/two-tower/edit?environment=production",
    *('/flags/page?attributes={"id": "u1"}', "/flags/page/edit?environment=production"),
    *("/layers/", "/layers/search", "/segments/", "/segments/beta", "/exposures/"),
    *("/sdk-keys/", "/freezes/"),
)
DIALOGS = {
    "/flags/two-tower": ("do-off", "do-describe"),
    "/flags/prices": ("do-on",),
    "/layers/": ("do-layer",),
    "/segments/": ("do-group",),
    "/sdk-keys/": ("do-key",),
    "/freezes/": ("do-freeze",),
}


@pytest.fixture
def world(server: object, ana: Player, bo: Player) -> None:
    build(ana, bo)


@pytest.mark.usefixtures("world")
def test_pages_of_flags_are_accessible(browse: Open, ana: Player) -> None:
    browse(ana).look_over(*PATHS)


@pytest.mark.usefixtures("world")
def test_dialogs_of_flags_are_accessible(browse: Open, ana: Player) -> None:
    visitor = browse(ana)
    for path, names in DIALOGS.items():
        visitor.visit(path)
        visitor.look_into(*names)


@pytest.mark.usefixtures("world")
def test_a_rule_is_added_tried_and_saved_by_the_keyboard(browse: Open, ana: Player) -> None:
    page = browse(ana).visit("/flags/two-tower")
    page.get_by_role("link", name="Edit rules").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Rule with a value").focus()
    page.keyboard.press("Enter")
    expect(page.locator("fieldset.card")).to_have_count(4)
    page.locator("#r3-condition").focus()
    page.keyboard.type('{"beta": true}')
    for place in (4, 3, 2):  # to the top, before the rules that would answer first
        page.get_by_role("button", name=f"Move rule {place} up").focus()
        page.keyboard.press("Enter")
        expect(page.locator(f"#r{place - 2}-id")).to_have_value("rule-1")
    page.locator("#try").focus()
    page.keyboard.press("Control+A")
    page.keyboard.type('{"beta": true}')
    page.get_by_role("button", name="Try these rules").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="A rule gives this value")).to_be_visible()
    page.get_by_role("button", name="Save rules").focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("two-tower")
    view = queries.flag("two-tower", now())
    assert view is not None
    rules = next(e.rules for e in view.environments if e.environment == "production")
    assert [rule["id"] for rule in rules] == ["rule-1", "staff", "test", "swiss"]


@pytest.mark.usefixtures("world")
def test_a_flag_is_turned_off_from_its_page(browse: Open, ana: Player) -> None:
    page = browse(ana).visit("/flags/two-tower")
    page.get_by_role("link", name="Turn off…").click()
    page.get_by_label("Reason, optional").fill("It harms.")
    page.keyboard.press("Enter")
    expect(page.locator(".banner").first).to_contain_text("everybody gets the default")
    expect(page.get_by_role("link", name="Turn on…")).to_be_visible()
