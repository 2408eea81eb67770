"""Pages of models and data."""

from __future__ import annotations

import re
from typing import Any

import pytest

from registry.drawing import HEIGHT, draw
from registry.queries import lineage
from tests.cast import Player
from tests.registry.test_lineage import MONDAY, asked, register, row, shop  # noqa: F401

pytestmark = pytest.mark.django_db


def text(player: Player, path: str, **query: Any) -> str:
    answer = player.browser.get(path, query)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_the_list_tells_kinds_apart(shop: dict[str, str], olga: Player) -> None:  # noqa: F811
    assert "partner-17" in text(olga, "/models/")
    models = text(olga, "/models/", kind="trained_model")
    assert "ranker" in models
    assert "partner-17" not in models
    assert "Nothing fits" in text(olga, "/models/", search="nothing")
    assert olga.browser.get("/models/?cursor=x").status_code == 400


def test_a_thing_is_shown_with_both_sides(shop: dict[str, str], olga: Player) -> None:  # noqa: F811
    page = text(olga, f"/models/{shop['ranker']}")
    assert "Which “model” changed" in page
    assert "Upstream: what it came from 6" in page
    assert "Downstream: what came of it 1" in page
    assert "2 up, 2 down · 2 more upstream" in page


def test_a_past_instant_is_shown_as_such(shop: dict[str, str], olga: Player) -> None:  # noqa: F811
    page = text(olga, f"/models/{shop['search']}", at="2026-11-03 09:00")
    assert "as it was at 2026-11-03 09:00" in page
    assert "ranker" not in page
    assert "ranker" in text(olga, f"/models/{shop['search']}")
    for query in ("at=yesterday", "at=0001-01-01", "up=9"):
        assert olga.browser.get(f"/models/{shop['search']}?{query}").status_code == 400
    assert olga.browser.get("/models/dataset:none").status_code == 404


def test_the_owner_is_called_by_name(olga: Player) -> None:
    ref = register("dataset", "owned", "1", owner=olga.ref)
    page = text(olga, f"/models/{ref}")
    assert "owner Olga" in page
    assert olga.ref not in page


def test_names_are_written_and_not_run(olga: Player) -> None:
    ref = register("dataset", "<b>&x", "1", description="<i>")
    answer = olga.browser.get(f"/models/{ref}")
    assert b"<b>&x" not in answer.content
    assert b"&lt;b&gt;&amp;x" in answer.content


def test_boxes_of_a_picture_do_not_lie_on_each_other(shop: dict[str, str]) -> None:  # noqa: F811
    near = lineage.neighbourhood(row(shop["ranker"]), asked(), 3, 3, 12)
    picture = draw(near)
    assert len(picture.boxes) == 7
    for one in picture.boxes:
        assert 0 <= one.x < picture.width
        assert 0 <= one.y <= picture.height - HEIGHT
        for other in picture.boxes:
            assert one is other or one.x != other.x or abs(one.y - other.y) > HEIGHT
    here = [box.ref for box in picture.boxes if box.here]
    assert here == [shop["ranker"]]
    assert len(picture.lines) == 6
