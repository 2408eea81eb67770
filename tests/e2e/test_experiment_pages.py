"""Pages of experiments in both themes and on a phone, and an experiment led by the keyboard alone."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from experiments import queries
from tests.cast import Player
from tests.e2e.conftest import Open
from tests.experiments.laboratory import build, remember, visit

PATHS = (
    *("/experiments/", "/experiments/new", "/experiments/metrics", "/experiments/calendar"),
    *(
        "/experiments/planner",
        "/experiments/planner?kind=share&baseline=2.3&effect=2&units_a_day=900",
    ),
    *("/experiments/recs-two-tower", "/experiments/prompt", "/experiments/pictures"),
    *("/experiments/recs-two-tower/design", "/experiments/offline"),
)
DIALOGS = {
    "/experiments/recs-two-tower": ("do-ramp", "do-stop"),
    "/experiments/prompt": ("do-start",),
    "/experiments/metrics": ("do-metric",),
}


@pytest.fixture
def laboratory(server: object, bo: Player, ana: Player) -> None:
    build(bo, ana)
    visit(bo)
    remember(9)


@pytest.mark.usefixtures("laboratory")
def test_pages_of_experiments_are_accessible(browse: Open, bo: Player) -> None:
    browse(bo).look_over(*PATHS)


@pytest.mark.usefixtures("laboratory")
def test_dialogs_of_experiments_are_accessible(browse: Open, bo: Player) -> None:
    visitor = browse(bo)
    for path, names in DIALOGS.items():
        visitor.visit(path)
        visitor.look_into(*names)


@pytest.mark.usefixtures("laboratory")
def test_an_experiment_is_stopped_and_decided_by_keyboard(browse: Open, bo: Player) -> None:
    page = browse(bo).visit("/experiments/recs-two-tower")
    page.get_by_role("link", name="Stop…").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Stop it")).to_be_visible()
    page.get_by_role("textbox", name="Reason").focus()
    page.keyboard.type("seen enough")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Stopped for person.")).to_be_visible()
    page.get_by_role("link", name="Decide…").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Abandon").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.type("no better than before")
    page.get_by_role("button", name="Decide").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("no better than before").first).to_be_visible()
    row = queries.experiment("recs-two-tower")
    assert row is not None
    assert (row.status, row.decision["decision"]) == ("decided", "abandon")
