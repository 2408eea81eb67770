"""A real browser before a real web process with a sealer. Any error on the console fails a test."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NoReturn

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, sync_playwright

from eventlog import store
from eventlog.clock import now
from eventlog.core import Context, uuid7
from incidents import acting
from incidents.commands import Declare
from tests.cast import Player
from tests.processes import Server

# The browser's driver runs a loop in this thread, and Django refuses its ORM beside one.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
]
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Colours glide from one theme to the other, and axe-core would measure them on their way.
SETTLE = """() => {
    document.body.getBoundingClientRect();
    for (const animation of document.getAnimations()) {
        if (animation instanceof CSSTransition) animation.finish();
    }
}"""
WIDE: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
LOOKS: dict[str, tuple[Literal["light", "dark"], ViewportSize]] = {
    "light": ("light", WIDE),
    "dark": ("dark", WIDE),
    "dark phone": ("dark", PHONE),
    "phone": ("light", PHONE),
}


def give_up(reason: str) -> NoReturn:
    """Skip, except where the browser tests have to run, as in .ci/run."""
    if os.environ.get("DROPSTITCH_NEED_BROWSER"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The browser of one module's tests; its driver's loop must not outlive them."""
    with sync_playwright() as driver:
        found = shutil.which("chromium") or shutil.which("chromium-browser")
        path = found or driver.chromium.executable_path
        if not Path(path).exists():
            give_up("there is no Chromium: apt-get install chromium, or playwright install")
        browser = driver.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@dataclass
class Visitor:
    """Somebody at a browser: what they see, and what went wrong on the console."""

    context: BrowserContext
    page: Page
    origin: str
    problems: list[str] = field(default_factory=list)

    def visit(self, path: str) -> Page:
        """Goes to a page of the installation."""
        self.page.goto(self.origin + path)
        return self.page

    def visit_live(self, path: str) -> Page:
        """Goes to a page and waits until it follows the log."""
        self.visit(path)
        self.page.wait_for_selector("[data-live] .dot--good")
        return self.page

    def violations(self) -> list[str]:
        """What axe-core finds on the page as it is now."""
        self.page.evaluate(AXE)
        found = self.page.evaluate("(tags) => axe.run(document, {runOnly: tags})", RULES)
        return [
            f"{violation['id']}: {[node['target'] for node in violation['nodes']]}"
            for violation in found["violations"]
        ]

    def each_look(self) -> Iterator[str]:
        """The names of the looks, while the page is in each: one load of it serves for all."""
        for name, (theme, size) in LOOKS.items():
            self.page.emulate_media(color_scheme=theme)
            self.page.set_viewport_size(size)
            self.page.evaluate(SETTLE)
            yield name

    def look_over(self, *paths: str) -> None:
        """Each page in each look: axe-core finds nothing, and nothing is wider than the screen."""
        for path in paths:
            self.visit(path)
            for look in self.each_look():
                assert self.violations() == [], f"{path}, {look}"
                fits = "document.documentElement.scrollWidth <= innerWidth"
                assert self.page.evaluate(fits), f"{path}, {look}"

    def look_into(self, *dialogs: str) -> None:
        """Each dialog of the page at hand in each look, opened as its button does."""
        for name in dialogs:
            self.page.evaluate("(id) => document.getElementById(id).showModal()", name)
            for look in self.each_look():
                assert self.violations() == [], f"{name}, {look}"
            self.page.keyboard.press("Escape")

    def listen(self) -> None:
        """Takes note of errors and warnings of the console, and of uncaught exceptions."""
        self.page.on("console", lambda message: self._note(message.type, message.text))
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))

    def _note(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.problems.append(text)


Open = Callable[..., Visitor]


@pytest.fixture
def browse(chromium: Browser, server: Server) -> Iterator[Open]:
    """Opens a browser for somebody, signed in, or for a stranger. Closed at the end."""
    visitors: list[tuple[Visitor, bool]] = []

    def open_for(player: Player | None = None, *, noisy: bool = False, **options: Any) -> Visitor:
        options = {"viewport": WIDE, "locale": "en-GB", "timezone_id": "Europe/Zurich", **options}
        context = chromium.new_context(**options)
        if player is not None:
            session = player.browser.cookies["sessionid"].value
            context.add_cookies([{"name": "sessionid", "value": session, "url": server.origin}])
        visitor = Visitor(context, context.new_page(), server.origin)
        visitor.listen()
        visitors.append((visitor, noisy))
        return visitor

    yield open_for
    for visitor, _ in visitors:
        visitor.context.close()
    loud = [problem for visitor, noisy in visitors if not noisy for problem in visitor.problems]
    assert loud == [], "the browser complained"


@dataclass(frozen=True)
class Case:
    """An incident to work on."""

    id: str
    number: int

    @property
    def path(self) -> str:
        """Address of its page."""
        return f"/incidents/{self.number}"

    def say(self, player: Player, *texts: str) -> None:
        """Somebody says something by another way than this browser."""
        for text in texts:
            acting.say(self.id, player.ref, str(uuid7()), text, now())


def declared(by: Player, title: str = "Ranker is slow", severity: int = 2, **facts: Any) -> Case:
    """An incident that somebody has declared."""
    id = str(uuid7())
    number = acting.next_number()
    command = Declare(
        incident=id,
        at=now(),
        number=number,
        title=title,
        severity=severity,
        declared_by=by.ref,
        **facts,
    )
    store.execute(command, Context.by(by.ref))
    return Case(id, number)


@pytest.fixture
def case(server: Server, ana: Player) -> Case:
    """An incident that Ana has declared."""
    return declared(ana)
