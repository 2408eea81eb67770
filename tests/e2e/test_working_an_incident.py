"""From declaring to resolving, in the browser: by keyboard, by two people, and without a script."""

from __future__ import annotations

import time

from playwright.sync_api import expect

from tests.cast import Player
from tests.e2e.conftest import PHONE, Case, Open, declared


def test_the_keyboard_alone_declares_takes_command_and_resolves(browse: Open, ana: Player) -> None:
    page = browse(ana).visit_live("/")
    page.keyboard.press("Shift+D")
    expect(page.get_by_label("What is wrong?")).to_be_focused()
    page.keyboard.type("Search results look a week old")
    page.get_by_label("I take command").uncheck()
    page.get_by_label("What is wrong?").focus()
    page.keyboard.press("Control+Enter")
    expect(page.locator("h1")).to_have_text("Search results look a week old")
    page.wait_for_selector("[data-live] .dot--good")

    page.locator("#main").focus()
    page.keyboard.press("i")
    expect(page.locator("#state .role").first).to_contain_text("Ana you")

    page.keyboard.press("Control+k")
    page.keyboard.type("resolve")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Outcome")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.get_by_role("button", name="Resolve", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.locator(".inc-head .chip--good")).to_contain_text("An older version restored")


def test_a_message_reaches_the_other_person_at_once(
    browse: Open, case: Case, ana: Player, bo: Player
) -> None:
    writer, reader = browse(ana).visit_live(case.path), browse(bo).visit_live(case.path)
    writer.get_by_label("Message", exact=True).fill("Rolling back **v41**")
    sent = time.monotonic()
    writer.keyboard.press("Enter")
    expect(reader.locator(".msg__body strong")).to_have_text("v41")
    assert time.monotonic() - sent < 1.5
    expect(writer.locator("[data-pending]")).to_have_count(0)
    expect(writer.locator(".msg")).to_have_count(1)


def test_state_that_changed_elsewhere_appears_without_a_reload(
    browse: Open, case: Case, ana: Player, bo: Player
) -> None:
    reader, writer = browse(bo).visit_live(case.path), browse(ana).visit_live(case.path)
    writer.get_by_role("button", name="Take command").click()
    expect(reader.locator("#state .role").first).to_contain_text("Ana")
    expect(reader.locator("[data-entries] li", has_text="took command")).to_be_visible()
    expect(reader.locator(".sys", has_text="took command")).to_be_visible()


def test_a_refusal_is_shown_where_it_was_caused(browse: Open, case: Case, bo: Player) -> None:
    page = browse(bo, noisy=True).visit_live(case.path)
    page.get_by_role("link", name="Resolve…").click()
    page.get_by_label("Outcome").select_option("duplicate")
    page.get_by_role("button", name="Resolve", exact=True).click()
    expect(page.locator("#do-resolve [data-problem]")).to_contain_text("A duplicate names")
    expect(page.locator("#rs-dup")).to_have_attribute("aria-invalid", "true")


def test_a_slash_command_is_offered_and_carried_out(browse: Open, case: Case, ana: Player) -> None:
    page = browse(ana).visit_live(case.path)
    page.get_by_label("Message", exact=True).press_sequentially("/ph")
    expect(page.get_by_role("option", name="/phase")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.type("mitigation")
    page.keyboard.press("Enter")
    expect(page.locator(".inc-head [aria-current=step]")).to_contain_text("Mitigation")
    expect(page.locator(".msg")).to_have_count(0)


def test_everything_works_without_a_script(browse: Open, ana: Player) -> None:
    page = browse(ana, java_script_enabled=False).visit("/")
    page.get_by_role("link", name="Declare").first.click()
    page.get_by_label("What is wrong?").fill("Checkout is slow")
    page.get_by_role("button", name="Declare").click()
    expect(page.locator("h1")).to_have_text("Checkout is slow")
    page.get_by_label("Message", exact=True).fill("Looking at it")
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".msg__body")).to_have_text("Looking at it")
    page.get_by_role("link", name="Resolve…").click()
    page.get_by_role("button", name="Resolve", exact=True).click()
    expect(page.locator(".inc-head .chip--good")).to_contain_text("Fixed")


def test_rows_keep_their_place_under_the_pointer(browse: Open, case: Case, ana: Player) -> None:
    page = browse(ana).visit_live("/")
    row = page.locator(f"#row-{case.number}")
    row.hover()
    worse = declared(ana, "Payments fail", severity=1)
    expect(page.get_by_role("button", name="1 changed")).to_be_visible()
    expect(page.locator("[data-rows] tr[data-ref]").first).to_have_id(f"row-{case.number}")
    page.keyboard.press(".")
    expect(page.locator("[data-rows] tr[data-ref]").first).to_have_id(f"row-{worse.number}")


def test_a_new_incident_appears_on_the_board_by_itself(browse: Open, ana: Player) -> None:
    page = browse(ana).visit_live("/")
    expect(page.get_by_role("heading", name="No active incidents")).to_be_visible()
    case = declared(ana, "Payments fail", severity=1)
    expect(page.locator(f"#row-{case.number}")).to_contain_text("No commander")


def test_a_declaration_is_shown_what_may_be_the_same(browse: Open, case: Case, ana: Player) -> None:
    page = browse(ana).visit_live("/")
    page.get_by_role("link", name="Declare").first.click()
    page.get_by_label("What is wrong?").press_sequentially("Ranker slow")
    expect(page.locator(".same")).to_contain_text(f"#{case.number}")


def test_a_phone_shows_one_column_at_a_time(browse: Open, case: Case, ana: Player) -> None:
    page = browse(ana, viewport=PHONE).visit_live(case.path)
    expect(page.locator("#channel")).to_be_visible()
    expect(page.locator("#state")).to_be_hidden()
    page.get_by_role("navigation", name="Columns").get_by_role("link", name="State").click()
    expect(page.locator("#state")).to_be_visible()
    expect(page.locator("#channel")).to_be_hidden()


def test_an_observer_reads_and_is_offered_nothing(
    browse: Open, case: Case, ana: Player, olga: Player
) -> None:
    case.say(ana, "Rolling back v41")
    page = browse(olga).visit_live(case.path)
    expect(page.locator(".msg__body")).to_have_text("Rolling back v41")
    expect(page.get_by_label("Message", exact=True)).to_have_count(0)
    expect(page.get_by_role("button", name="Take command")).to_have_count(0)


def test_single_keys_can_be_turned_off(browse: Open, ana: Player) -> None:
    visitor = browse(ana)
    page = visitor.visit("/settings/")
    page.get_by_label("Single-key shortcuts").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.locator("body")).to_have_attribute("data-keys", "off")
    visitor.visit_live("/")
    page.keyboard.press("Shift+D")
    expect(page.get_by_role("dialog")).to_have_count(0)
    visitor.visit("/settings/").get_by_label("Single-key shortcuts").check()
    page.get_by_role("button", name="Save").click()
    expect(page.locator("body")).to_have_attribute("data-keys", "on")
    visitor.visit_live("/").keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()


def test_what_becomes_of_a_message_is_seen_by_everybody(
    browse: Open, case: Case, ana: Player, bo: Player
) -> None:
    case.say(ana, "The jion drops every row")
    visitor, reader = browse(ana), browse(bo).visit_live(case.path)
    page = visitor.visit_live(case.path)

    def menu() -> None:
        page.get_by_role("link", name="More about this message of Ana").last.focus()
        page.keyboard.press("Enter")

    menu()
    for look in visitor.each_look():
        assert visitor.violations() == [], look
    page.get_by_label("Say it anew").fill("The join drops every row")
    page.get_by_role("button", name="Save").focus()
    page.keyboard.press("Enter")
    expect(reader.locator(".msg__body")).to_have_text("The join drops every row")
    expect(reader.locator(".msg__foot")).to_contain_text("edited")
    menu()
    page.get_by_role("button", name="eyes").press("Enter")
    expect(reader.locator(".msg__foot .chip")).to_contain_text("👀 1")
    menu()
    page.get_by_role("button", name="Pin").press("Enter")
    expect(reader.get_by_role("heading", name="Pinned")).to_be_visible()
    menu()
    page.get_by_label("Reply").fill("Since v42")
    page.get_by_role("button", name="Reply").press("Enter")
    expect(reader.locator(".msg__re")).to_contain_text("in reply to Ana")
    reader.get_by_role("link", name="The join drops every row").press("Enter")
    dialog = reader.get_by_role("dialog", name="Message of Ana")
    expect(dialog).to_contain_text("The jion drops every row")
    expect(reader.get_by_label("Say it anew")).to_have_count(0)
