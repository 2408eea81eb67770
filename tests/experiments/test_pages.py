"""The pages about flags: what they offer is carried out, and by whom it may be."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from access.commands import GrantRole
from eventlog import store
from eventlog.clock import now
from eventlog.core import Context
from experiments import editing, queries
from experiments.fields import value_text
from experiments.models import LayerRow
from experiments.pages import flags as flag_pages
from experiments.pages import others as other_pages
from registry.queries import holds
from tests.cast import Player, api_with
from tests.experiments.world import PRODUCTION, SCRIPT, build, form_of, sent

PATHS = (
    *("/flags/", "/flags/?list=stale", "/flags/?list=archived", "/flags/?search=tower"),
    *("/flags/two-tower", "/flags/two-tower?environment=staging", "/flags/prices", "/new-flag"),
    *(
        "/flags/page",
        '/flags/page?attributes={"id":"u1"}',
        "/flags/page/edit?environment=production",
    ),
    *("/flags/two-tower/edit?environment=production", "/layers/", "/layers/search"),
    *("/segments/", "/segments/beta", "/segments/alps", "/exposures/", "/sdk-keys/"),
    "/freezes/",
)
WRITING = ("/new-flag", "/flags/two-tower/edit?environment=production")
WRITING += ("/flags/page/edit?environment=production",)


@pytest.fixture
def world(ana: Player, bo: Player) -> None:
    build(ana, bo)


def served(flag: str = "two-tower") -> queries.Served:
    view = queries.flag(flag, now())
    assert view is not None
    return next(one for one in view.environments if one.environment == "production")


def shown(player: Player, path: str) -> str:
    return str(sent(player.browser.get(path), 200).content.decode())


@pytest.mark.usefixtures("world")
def test_pages_are_shown_to_whom_they_are_for(ana: Player, olga: Player, mallory: Player) -> None:
    for path in PATHS:
        assert "<h1>" in shown(ana, path)
        assert mallory.browser.get(path).status_code == 403
        if path not in WRITING:
            forms = shown(olga, path).split("<form")[1:]
            sending = [form for form in forms if 'method="post"' in form[:60]]
            assert sending == [], f"{path} offers something to send to whoever only reads"


@pytest.mark.usefixtures("world")
def test_a_form_that_was_not_offered_is_refused(olga: Player) -> None:
    for path in ("/layers/", "/segments/", "/segments/beta", "/sdk-keys/", "/freezes/"):
        assert olga.browser.post(path, {"remove": "yes"}).status_code == 403


def edited(view: Any, kind: str = "boolean", **changes: str) -> dict[str, str]:
    """What a browser sends of the editor."""
    form = form_of([editing.card_of(kind, rule) for rule in view.rules])
    form |= {"default": value_text(kind, view.default), "attributes": '{"id": "u"}'}
    return form | {"expected": str(view.revision), "action": "save"} | changes


EDIT = "/flags/two-tower/edit?environment=production"


@pytest.mark.usefixtures("world")
def test_rules_are_edited_and_saved(ana: Player) -> None:
    before = served()
    answer = ana.browser.post(EDIT, edited(before, **{"r1.coverage": "35"}))
    assert (answer.status_code, answer["Location"]) == (
        302,
        "/flags/two-tower?environment=production",
    )
    after = served()
    assert after.revision == before.revision + 1
    assert after.rules[1]["coverage"] == 0.35
    assert [rule for n, rule in enumerate(after.rules) if n != 1] == [
        rule for n, rule in enumerate(before.rules) if n != 1
    ]


@pytest.mark.usefixtures("world")
def test_saving_what_was_shown_changes_nothing(ana: Player) -> None:
    before = served()
    assert ana.browser.post(EDIT, edited(before)).status_code == 302
    assert served() == before


@pytest.mark.usefixtures("world")
def test_a_script_is_edited_tried_and_saved(ana: Player) -> None:
    before, address = served("page"), "/flags/page/edit?environment=production"
    assert ana.browser.post(address, edited(before, "object")).status_code == 302
    assert served("page") == before
    changes = {"r0.p2.values": "25 %", "r0.phase": "2", "r0.seed": "page-2"}
    tried = ana.browser.post(address, edited(before, "object", **changes, action="try"))
    page = tried.content.decode()
    assert "variation layout" in page
    assert page.count('<span>page<span class="meta block">') == 1, "one step a rule"
    assert served("page") == before
    sent(ana.browser.post(address, edited(before, "object", **changes)), 302)
    (rule,) = served("page").rules
    assert rule["script"]["parameters"][2]["p"] == 0.25
    assert rule["script"]["parameters"][:2] == SCRIPT["parameters"][:2]
    page = shown(ana, "/flags/page")
    assert "grid 3, list 1" in page
    assert "layout grid, rows 3, banner true" in page


@pytest.mark.usefixtures("world")
def test_within_a_phase_a_script_stays_as_it_is(ana: Player) -> None:
    before, address = served("page"), "/flags/page/edit?environment=production"
    answer = ana.browser.post(address, edited(before, "object", **{"r0.p2.values": "25 %"}))
    assert answer.status_code == 409
    assert "Changing script within a phase" in answer.content.decode()
    assert served("page") == before


@pytest.mark.usefixtures("world")
def test_weights_cannot_change_inside_a_phase_and_the_form_keeps_what_was_typed(
    ana: Player,
) -> None:
    before = served()
    arms = "40 | control | false\n40 | two-tower | true\n20 | two-tower-wide | true"
    answer = ana.browser.post(EDIT, edited(before, **{"r1.arms": arms}))
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "new phase and a new seed" in page
    assert "40 | control | false" in page
    assert served() == before
    new = {"r1.arms": arms, "r1.phase": "2", "r1.seed": "ranker-2"}
    assert ana.browser.post(EDIT, edited(before, **new)).status_code == 302
    assert served().rules[1]["weights"] == [0.4, 0.4, 0.2]


@pytest.mark.usefixtures("world")
def test_somebody_else_was_faster(ana: Player, bo: Player) -> None:
    before = served()
    assert bo.browser.post(EDIT, edited(before, **{"r0.description": "x"})).status_code == 302
    answer = ana.browser.post(EDIT, edited(before, **{"r0.description": "y"}))
    assert answer.status_code == 409
    assert b"changed in the meantime" in answer.content


@pytest.mark.usefixtures("world")
def test_buttons_of_the_editor_save_nothing(ana: Player) -> None:
    before = served()
    for action in ("add-force", "add-trial", "up-1", "remove-0", "try"):
        changes = {"action": action, "attributes": '{"staff": true}'}
        page = sent(ana.browser.post(EDIT, edited(before, **changes)), 200).content.decode()
        assert served() == before
    assert "applies" in page
    assert "not asked any more" in page


@pytest.mark.usefixtures("world")
def test_the_simulator_says_why_step_by_step(olga: Player) -> None:
    page = shown(olga, '/flags/two-tower?attributes={"country": "DE"}')
    assert "the condition does not hold" in page
    assert "No rule applied" in page
    assert "outside the segments of its layer" in page or "has no such attribute" in page
    assert "This is not JSON" in shown(olga, "/flags/two-tower?attributes={")


@pytest.mark.usefixtures("world")
def test_history_shows_what_changed_and_leads_back(ana: Player) -> None:
    first, before = shown(ana, "/flags/two-tower"), served()
    assert "Go back to revision 2" in first
    assert "rule swiss" in first
    form = {**PRODUCTION, "revision": "2"}
    assert ana.browser.post("/flags/two-tower/roll-back", form).status_code == 302
    assert [rule["id"] for rule in served().rules] == ["staff"]
    assert served().revision == before.revision + 1
    assert "went back to revision 2" in shown(ana, "/flags/two-tower")


def waiting() -> str:
    view = queries.flag("prices", now())
    assert view is not None
    return str(view.proposals[0]["id"])


@pytest.mark.usefixtures("world")
def test_another_person_approves(ana: Player) -> None:
    assert "Approve</button>" in shown(ana, "/flags/prices")
    form = {"proposal": waiting(), "verdict": "approve"}
    assert ana.browser.post("/flags/prices/decide", form).status_code == 302
    assert served("prices").default == {"currency": "EUR"}


@pytest.mark.usefixtures("world")
def test_two_sessions_and_tokens_of_one_person_are_one_person(bo: Player) -> None:
    assert "Approve</button>" not in shown(bo, "/flags/prices")
    form = {"proposal": waiting(), "verdict": "approve"}
    page = bo.browser.post("/flags/prices/decide", form, follow=True).content.decode()
    assert "Somebody else than the author" in page
    second = api_with("flags:write", owner=bo.ref)
    for api in (bo.api, second):
        answer = api.post(f"flags/prices/proposals/{waiting()}/approve")
        assert (answer.status_code, answer.json()["code"]) == (409, "own_proposal")
    assert served("prices").default == {"currency": "CHF"}


@pytest.mark.usefixtures("world")
def test_whoever_got_their_role_from_the_author_just_now_is_no_second_person(
    root: Player, olga: Player
) -> None:
    change = {**PRODUCTION, "default": {"currency": "USD"}}
    sent(root.api.post("flags/prices/rules", change))
    view = queries.flag("prices", now())
    assert view is not None
    (proposal,) = (one["id"] for one in view.proposals if one["by"] == root.ref)
    grant = GrantRole(person=str(olga.person.id), role="responder", at=now())
    store.execute(grant, Context.by(root.ref))
    answer = api_with("flags:write", owner=olga.ref).post(
        f"flags/prices/proposals/{proposal}/approve"
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "not_independent")


@pytest.mark.usefixtures("world")
def test_a_frozen_environment_is_not_changed_by_approving_either(ana: Player) -> None:
    hold = {"entity": "environment:production", "reason": "calendar:sale", "sentence": "Sale."}
    sent(ana.api.post("holds", hold))
    answer = ana.api.post(f"flags/prices/proposals/{waiting()}/approve")
    assert (answer.status_code, answer.json()["code"]) == (409, "held")
    assert served("prices").default == {"currency": "CHF"}


@pytest.mark.usefixtures("world")
def test_what_rules_refer_to_is_frozen_with_them(ana: Player) -> None:
    rule = {"id": "beta", "condition": {"id": {"$inGroup": "beta"}}, "force": True}
    trial = {**served().rules[1]}
    change = {**PRODUCTION, "default": False, "rules": [rule, trial]}
    sent(ana.api.post("flags/two-tower/rules", change))
    hold = {"entity": "environment:production", "reason": "calendar:sale", "sentence": "Sale."}
    sent(ana.api.post("holds", hold))
    for path, body in (
        ("flag-groups/beta", {"attribute": "id", "values": ["u3"]}),
        ("flag-groups/beta/remove", {}),
        ("layers/search/allocate", {"experiment": "ranker-test", "segments": 310}),
        ("layers/holdout/allocate", {"experiment": "winter", "segments": 6}),
    ):
        answer = ana.api.post(path, body)
        assert (answer.status_code, answer.json().get("code")) == (409, "held"), path
    sent(ana.api.post("flag-groups/alps", {"attribute": "id", "values": ["u3"]}))


@pytest.mark.usefixtures("world")
def test_off_is_one_click_and_passes_a_freeze(ana: Player) -> None:
    freeze = {"name": "winter sale", **PRODUCTION, "sentence": "No changes over the sale."}
    times = {"since": "2020-12-24T00:00", "until": "2099-12-27T00:00"}
    assert ana.browser.post("/freezes/", freeze | times).status_code == 302
    assert "in force" in shown(ana, "/freezes/")
    answer = ana.browser.post(EDIT, edited(served(), **{"r1.coverage": "35"}))
    assert answer.status_code == 409
    assert b"No changes over the sale." in answer.content
    ana.browser.post("/flags/two-tower/turn", {**PRODUCTION, "reason": "It harms."})
    assert served().enabled is False
    ana.browser.post("/flags/two-tower/turn", {**PRODUCTION, "enabled": "yes"})
    assert served().enabled is False, "turning on is held"
    assert "No changes over the sale." in shown(ana, "/flags/two-tower")


@pytest.mark.usefixtures("world")
def test_stale_flags_are_listed_page_by_page_with_the_reason(
    olga: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Nobody owns it" in shown(olga, "/flags/?list=stale")
    monkeypatch.setattr(flag_pages, "LOOKED_AT", 1)
    monkeypatch.setattr(flag_pages, "DEFAULT_LIMIT", 1)
    page = flag_pages.listed("", "stale", None, now())
    assert [row["view"].key for row in page["rows"]] == ["prices"]
    rest = flag_pages.listed("", "stale", page["next"], now())
    assert (rest["rows"], rest["next"]) == ([], None)


@pytest.mark.usefixtures("world")
def test_a_long_history_is_told_from_its_end(olga: Player, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flag_pages, "HISTORY", 2)
    page = shown(olga, "/flags/two-tower")
    assert "turned it on" in page
    assert "created it" not in page


@pytest.mark.usefixtures("world")
def test_a_long_story_of_a_layer_is_told_from_its_end(
    ana: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(other_pages, "HISTORY", 2)
    sent(ana.api.post("layers/search/allocate", {"experiment": "late", "segments": 10}))
    history = ana.browser.get("/layers/search").context["history"]
    assert len(history) == 2
    assert "late" in history[0]["text"]


@pytest.mark.usefixtures("world")
def test_a_refused_design_marks_its_card(ana: Player) -> None:
    rules = served("prices")
    form = edited(rules, **{"cards": "0", "r0.kind": "trial", "r0.id": "d", "r0.key": "d"})
    form["r0.factors"] = "layout: grid 50, list 50"
    form["default"] = "{}"
    page = ana.browser.post("/flags/prices/edit?environment=production", form)
    assert page.status_code == 409
    assert page.context["field"] == "rules.0.factors"
    assert [card["wrong"] for card in page.context["cards"]] == [True]


def test_a_freeze_needs_sound_times(ana: Player) -> None:
    form = {"name": "sale", **PRODUCTION, "sentence": "x", "since": "soon", "until": ""}
    assert b"Must be a time" in sent(ana.browser.post("/freezes/", form), 409).content
    assert ana.browser.post("/freezes/", {"lift": "nonsense"}).status_code == 409
    assert "Nothing is frozen" in shown(ana, "/freezes/")


def test_a_time_with_seconds_is_utc_too(ana: Player) -> None:
    form = {"name": "sale", **PRODUCTION, "sentence": "x"}
    times = {"since": "2099-12-24T00:00:30", "until": "2099-12-27T02:00:00+02:00"}
    assert ana.browser.post("/freezes/", form | times).status_code == 302
    freeze = holds().get()
    assert (freeze.since, freeze.until) == (
        datetime(2099, 12, 24, 0, 0, 30, tzinfo=UTC),
        datetime(2099, 12, 27, tzinfo=UTC),
    )


@pytest.mark.parametrize("size", ["many", "1.5", "-5", "1e3"])
def test_a_size_that_is_no_number_makes_no_layer(ana: Player, size: str) -> None:
    form = {"layer": "search", "size": size, "description": "Search results"}
    page = sent(ana.browser.post("/layers/", form), 409).content.decode()
    assert "size: Must be a whole number" in page
    assert 'value="Search results"' in page, "what was typed is lost"
    assert LayerRow.objects.count() == 0


@pytest.mark.usefixtures("world")
def test_a_number_that_is_none_changes_no_layer_and_no_rules(ana: Player) -> None:
    before = queries.layer("search", now())
    form = {"experiment": "ranker-test", "segments": "a few"}
    page = ana.browser.post("/layers/search/allocate", form, follow=True).content.decode()
    assert "segments: Must be a whole number" in page
    assert queries.layer("search", now()) == before
    rules = served()
    change = edited(rules, **{"r1.coverage": "35", "expected": "x"})
    assert sent(ana.browser.post(EDIT, change), 409)
    assert served() == rules


@pytest.mark.usefixtures("world")
def test_a_segment_of_numbers_stays_one(ana: Player) -> None:
    sent(ana.api.post("flag-groups/old", {"attribute": "age", "values": [7, 8]}))
    assert "[7,8]" in shown(ana, "/segments/old")
    form = {"attribute": "age", "values": "[7,9]", "condition": ""}
    assert ana.browser.post("/segments/old", form).status_code == 302
    assert queries.payload("production")["savedGroups"]["old"] == [7, 9]


@pytest.mark.usefixtures("world")
def test_a_refused_segment_keeps_what_was_typed(ana: Player) -> None:
    form = {"attribute": "", "values": "u7", "condition": "{", "description": "early"}
    for path in ("/segments/beta", "/segments/"):
        page = ana.browser.post(path, {"group": "late", **form})
        assert page.status_code == 409
        text = page.content.decode()
        assert "condition: This is not JSON" in text
        assert ">u7</textarea>" in text
        assert 'value="early"' in text
    assert queries.payload("production")["savedGroups"]["beta"] == ["u1", "u2"]
    assert "dict_values" not in shown(ana, "/segments/")


@pytest.mark.usefixtures("world")
def test_a_segment_in_use_is_not_removed(ana: Player) -> None:
    rule = {"id": "beta", "condition": {"id": {"$inGroup": "beta"}}, "force": True}
    change = {**PRODUCTION, "default": False, "rules": [rule]}
    sent(ana.api.post("flags/two-tower/rules", change))
    page = ana.browser.post("/segments/beta", {"remove": "yes"}, follow=True).content.decode()
    assert "Rules of two-tower use it." in page
    assert "Remove segment" not in page
    answer = ana.api.post("flag-groups/beta/remove")
    assert (answer.status_code, answer.json()["code"]) == (409, "in_use")
    assert queries.payload("production")["savedGroups"]["beta"] == ["u1", "u2"]
    assert ana.browser.post("/segments/alps", {"remove": "yes"}).status_code == 302


@pytest.mark.usefixtures("world")
def test_exposures_are_counted_beside_what_is_expected(olga: Player) -> None:
    page = olga.browser.get("/exposures/", headers={"X-Fragment": "1"}).content.decode()
    assert "<html" not in page
    assert page.count("33.33 %") == 3
    assert "50.00 %" in page


def test_a_reader_by_token_sees_no_page(ana: Player) -> None:
    assert api_with("flags:read", owner=ana.ref).get("/flags/").status_code in (302, 401, 403)
