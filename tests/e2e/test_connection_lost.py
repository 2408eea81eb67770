"""Nothing is lost and nothing comes twice when the network or the server goes away."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.cast import Player
from tests.e2e.conftest import Case, Open
from tests.processes import Server


def texts(page: Page) -> list[str]:
    """What the channel says, in its order."""
    return page.locator(".msg:not([data-pending]) .msg__body").all_inner_texts()


def test_twenty_messages_of_an_absence_arrive_once_and_in_order(
    browse: Open, server: Server, case: Case, ana: Player, bo: Player
) -> None:
    visitor = browse(bo, noisy=True)
    page = visitor.visit_live(case.path)
    visitor.context.set_offline(True)
    expect(page.locator("main > .banner--warn")).to_contain_text("Reconnecting")
    wanted = [f"message {number}" for number in range(20)]
    case.say(ana, *wanted[:10])
    server.end()
    server.start()
    case.say(ana, *wanted[10:])
    server.wait()
    visitor.context.set_offline(False)
    expect(page.locator(".msg")).to_have_count(20, timeout=40_000)
    assert texts(page) == wanted
    expect(page.locator("[data-live]")).to_contain_text(re.compile("^Live"))


def test_what_is_written_without_a_server_is_sent_once_it_is_back(
    browse: Open, server: Server, case: Case, ana: Player
) -> None:
    page = browse(ana, noisy=True).visit_live(case.path)
    page.context.set_offline(True)
    page.get_by_label("Message", exact=True).fill("Still here")
    page.keyboard.press("Enter")
    expect(page.locator("[data-pending]")).to_contain_text("waiting for the connection")
    page.context.set_offline(False)
    expect(page.locator(".msg:not([data-pending])")).to_have_count(1, timeout=40_000)
    expect(page.locator("[data-pending]")).to_have_count(0)
    page.reload()
    assert texts(page) == ["Still here"]


def test_what_was_not_sent_survives_a_reload(browse: Open, case: Case, ana: Player) -> None:
    page = browse(ana, noisy=True).visit_live(case.path)
    page.route("**/messages", lambda route: route.abort())
    page.evaluate("() => { WebSocket.prototype.send = () => {}; }")
    page.get_by_label("Message", exact=True).fill("Do not lose me")
    page.keyboard.press("Enter")
    expect(page.locator("[data-pending]")).to_have_count(1)
    page.get_by_label("Message", exact=True).fill("a draft")
    page.unroute("**/messages")
    page.reload()
    expect(page.locator(".msg:not([data-pending])")).to_have_count(1, timeout=20_000)
    assert texts(page) == ["Do not lose me"]
    expect(page.get_by_label("Message", exact=True)).to_have_value("a draft")
