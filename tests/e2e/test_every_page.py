"""Every page in both themes and on a phone: axe-core finds nothing and nothing is cut off."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from eventlog import store
from eventlog.clock import now
from eventlog.core import Context, uuid7
from incidents import acting, commands, queries
from incidents.models import FollowUpRow
from monitoring import evaluation, measurements
from monitoring.commands import CreateMonitor
from monitoring.models import MonitorRow
from tests.cast import PASSWORD, Player
from tests.e2e.conftest import Case, Open

RECORD = ("timeline", "timeline?key=yes", "retrospective", "retrospective/causes")
DIALOGS = (
    "do-update",
    "do-severity",
    "do-phase",
    "do-impact",
    "do-follow-up",
    "do-resolve",
    "do-hypothesis",
    "do-evidence-1",
    "do-judge-1",
    "do-change-1",
    "keys",
)


@pytest.fixture
def monitor(server: object, root: Player) -> str:
    """A threshold monitor that is out of bounds, with a hole in its data."""
    id = str(uuid7())
    definition = {"value": 0.585, "op": "below", "needed": 3, "of": 4}
    command = CreateMonitor(
        monitor=id,
        at=now(),
        name="click-through of search",
        kind="threshold",
        parameters=definition,
        series="click_through",
        subjects=["model:search"],
    )
    store.execute(command, Context.by(root.ref))
    evaluation.watch(MonitorRow.objects.get(id=id))
    points = [
        {
            "series": "click_through",
            "time": (now() - timedelta(minutes=5 * (200 - step))).isoformat(),
            "value": 0.62 if step < 170 else 0.55,
        }
        for step in range(200)
        if not 60 < step < 90
    ]
    assert root.api.post("measurements", points, format="json").status_code == 200
    evaluation.evaluate_due()
    return id


@pytest.fixture
def judged(server: object, root: Player) -> str:
    """A monitor with a breach to judge, one that was judged, and a miss."""
    body = {
        "name": "failures of checkout",
        "kind": "threshold",
        "series": "checkout_failures",
        "parameters": {"value": 10, "needed": 1, "of": 1, "clear_after": 1},
        "subjects": ["service:checkout"],
    }
    measurements.forget()
    made = root.api.post("monitors", body, format="json")
    begin = now() - timedelta(hours=1)
    points = [
        {
            "series": "checkout_failures",
            "time": (begin + timedelta(minutes=minute)).isoformat(),
            "value": value,
        }
        for minute, value in enumerate((1, 20, 1, 30, 1))
    ]
    assert root.api.post("measurements", points, format="json").status_code == 200
    evaluation.evaluate_due()
    path = made.data["location"]
    rows = root.api.get(f"{path}/breaches").data["items"]
    said = {"judgement": "unactionable", "note": "A planned failover."}
    assert root.api.post(f"breaches/{rows[0]['id']}/judge", said).status_code == 200
    miss = {"since": begin.isoformat(), "until": begin.isoformat(), "note": "Orders fell by half."}
    assert root.api.post(f"{path}/misses", miss).status_code == 201
    return str(path).replace("/api/v1", "")


@pytest.fixture
def sliced(server: object, root: Player) -> str:
    """A monitor that looks at slices, one of which fails."""
    begin, labels = now() - timedelta(hours=3), ("FI", "SE", "NO")
    points = [
        {
            "series": series,
            "labels": {"country": country},
            "time": (begin + timedelta(minutes=minute)).isoformat(),
            "value": 50 if series == "requests" or (country == "FI" and minute > 120) else 1,
        }
        for minute in range(181)
        for country in labels
        for series in ("requests", "failures")
    ]
    assert root.api.post("measurements", points, format="json").status_code == 200
    body = {
        "name": "failures by country",
        "kind": "slice_broken",
        "series": "failures",
        "parameters": {"total": "requests", "by": "country"},
        "subjects": ["service:checkout"],
    }
    made = root.api.post("monitors", body, format="json")
    assert made.status_code == 201, made.data
    evaluation.evaluate_due()
    return str(made.data["stream"].partition(":")[2])


@pytest.fixture
def busy(case: Case, ana: Player, bo: Player) -> Case:
    """An incident in which a lot has happened."""
    case.say(ana, "Every partner fell at once. @bo what does accounting show? See #1.")
    case.say(bo, "```\nclick_log v42  partner_key  string  'p-10417'" + " wide" * 40 + "\n```")
    asked: dict[str, Any] = {"incident": case.id, "at": now()}
    thought = str(uuid7())
    for command in (
        commands.TakeRole(**asked, role="commander", person=ana.ref),
        commands.OfferRole(**asked, role="planning", to=bo.ref, by=ana.ref),
        commands.EnterPhase(**asked, phase="mitigation"),
        commands.StateImpact(**asked, text="All partners", unit="%", low=-77, best=-71, high=-64),
        commands.PostUpdate(**asked, text="Known: the join drops every row."),
        commands.ProposeHypothesis(
            **asked,
            hypothesis=thought,
            text="Partner key changed type in click_log v42",
            by=ana.ref,
            cause="schema",
            entities=["dataset:click_log@42"],
        ),
        commands.AddEvidence(
            **asked, hypothesis=thought, evidence=str(uuid7()), side="for", text="Merged rows are 0"
        ),
        commands.JudgeHypothesis(
            **asked, hypothesis=thought, status="supported", reason="The join compares text."
        ),
        commands.AddFollowUp(**asked, follow_up=str(uuid7()), title="Alert on zero merged rows"),
        commands.PinMessage(**asked),
        commands.WriteSection(
            **asked, section="causes", text="A **join**, see [t2].", revision=0, person=ana.ref
        ),
    ):
        acting.carry_out(command, Context.by(ana.ref))
    return case


def test_pages_of_an_incident_are_accessible(
    browse: Open,
    busy: Case,
    ana: Player,
) -> None:
    (pinned,) = queries.pinned(busy.id)
    paths = ["/", "/?list=closed", busy.path, busy.path + "#state", "/declare"]
    paths += [f"{busy.path}/{part}" for part in RECORD]
    paths += ["/follow-ups/", "/follow-ups/?list=done", "/follow-ups/board"]
    paths += ["/search", "/search?q=join", "/search?q=join&severity=4"]
    paths += [f"/follow-ups/{FollowUpRow.objects.get().id}", f"/messages/{pinned.id}"]
    browse(ana).look_over(*paths)


def test_dialogs_are_accessible(
    browse: Open,
    busy: Case,
    ana: Player,
) -> None:
    visitor = browse(ana)
    page = visitor.visit_live(busy.path)
    visitor.look_into(*DIALOGS)
    page.keyboard.press("Control+k")
    assert visitor.violations() == [], "palette"


def test_pages_of_monitors_are_accessible(
    browse: Open,
    monitor: str,
    sliced: str,
    judged: str,
    root: Player,
) -> None:
    visitor = browse(root)
    kinds = ("threshold", "absence", "age", "anomaly", "burn_rate", "robust_deviation")
    kinds += ("slice_broken",)  # the forms of the others are made by the same template
    paths = ["/monitors/", "/monitors/?search=nothing", f"/monitors/{monitor}"]
    paths += [f"/monitors/{monitor}?range=30d", f"/monitors/{sliced}", judged]
    paths += [f"/monitors/review?list={name}" for name in ("", "monitors", "people")]
    watched = root.api.get("series?search=click_through").data["items"][0]["id"]
    noted = {"title": "National day", "category": "holiday", "since": now().isoformat()}
    outside = root.api.post("happenings", noted).data["location"].removeprefix("/api/v1")
    paths += ["/monitors/coverage", "/monitors/coverage?search=nothing"]
    paths += ["/notices/", "/notices/?owner=nobody"]
    paths += ["/happenings/", "/happenings/?search=nothing", outside]
    paths += [f"/monitors/{sliced}/slices", f"/monitors/{sliced}/slices?search=nothing"]
    paths += ["/monitors/packs", "/monitors/packs/search_ranking?subject=service:checkout"]
    paths += ["/series/", "/series/?search=nothing", f"/series/{watched}", "/series/launch"]
    paths += ["/monitors/new", *(f"/monitors/new?kind={kind}" for kind in kinds)]
    visitor.look_over(*paths)


@pytest.fixture
def objective(server: object, root: Player) -> str:
    """An objective whose budget burns, with a hole in its counts, and one that nobody counts."""
    labels = {"service": "recommendations"}
    counted = {"series": "answers_total", "labels": labels}
    source = {"good": {"series": "answers_within_150_ms", "labels": labels}, "total": counted}
    indicator = {"source": source, "every": "5m"}
    settings = {"target": "0.999", "window": {"duration": "2d"}, "indicator": indicator}
    measurements.forget()
    subjects = ["service:recommendations"]
    body = {"key": "recs-latency", "name": "Recommendations answered within 150 ms"}
    body |= {"owner": "team:recommendations", "subjects": subjects, "settings": settings}
    assert root.api.post("slos", body).status_code == 201
    idea = {"key": "idea", "name": "An idea", "settings": {**settings, "indicator": {}}}
    assert root.api.post("slos", idea).status_code == 201
    begin = now().replace(second=0, microsecond=0) - timedelta(days=2)
    points = [
        {
            "series": series,
            "labels": labels,
            "time": (begin + timedelta(minutes=5 * step)).isoformat(),
            "value": 5_000 - (bad if series != "answers_total" else 0),
        }
        for step in range(1, 577)
        if not 300 < step < 340
        for bad in (70 if 120 < step < 150 else 90 if step > 540 else 1,)
        for series in ("answers_within_150_ms", "answers_total")
    ]
    assert root.api.post("measurements", points, format="json").status_code == 200
    of_one = [{**point, "labels": {**labels, "country": "FI"}} for point in points[-200:]]
    assert root.api.post("measurements", of_one, format="json").status_code == 200
    evaluation.evaluate_due()
    return "/slos/recs-latency"


def test_pages_of_objectives_are_accessible(
    browse: Open,
    objective: str,
    root: Player,
) -> None:
    visitor = browse(root)
    stages = [{"name": "training", "within": "12h", "series": "model_until"}]
    plan = {"key": "ranker", "name": "Ranker", "target": "24h", "detection": "18h"}
    assert root.api.post("freshness", plan | {"stages": stages}, format="json").status_code == 201
    fresh = ["/freshness/", "/freshness/ranker", "/freshness/ranker/change", "/freshness/new"]
    paths = [
        "/slos/",
        "/slos/?search=nothing",
        "/slos/?review=due",
        objective,
        "/slos/idea",
        *fresh,
    ]
    paths += ["/new-slo", f"{objective}/change", f"{objective}/compliance", f"{objective}/slices"]
    visitor.look_over(*paths)


@pytest.fixture
def lineage(server: object, root: Player) -> str:
    """A model with what it came from and where it serves."""
    rows: list[tuple[str, str, str]] = [
        ("source", "partner-17", ""),
        ("dataset", "clicks", "42"),
        ("run", "train", "r1"),
        ("trained_model", "a-ranker-with-a-name-that-is-far-too-long-for-its-box", "2214"),
        ("service", "search", ""),
    ]
    refs = []
    for kind, name, version in rows:
        body = {"kind": kind, "name": name, "version": version, "facts": {"owner": root.ref}}
        refs.append(root.api.post("entities", body, format="json").json()["stream"])
    since = (now() - timedelta(days=3)).isoformat()
    kinds = ("derived_from", "used", "generated", "serves")
    for source, target, kind in zip(refs, refs[1:], kinds, strict=False):
        body = {"source": source, "target": target, "kind": kind, "since": since}
        assert root.api.post("edges", body, format="json").status_code == 200
    return f"/models/{refs[3]}"


def test_pages_of_models_are_accessible(
    browse: Open,
    lineage: str,
    root: Player,
) -> None:
    visitor = browse(root)
    past = f"{lineage}?at=2026-01-01&known_at=2026-01-01"
    visitor.look_over("/models/", "/models/?search=nothing", lineage, past)


def test_other_pages_are_accessible(
    browse: Open,
    case: Case,
    root: Player,
) -> None:
    visitor = browse(root, noisy=True)  # the browser reports the 404 that is asked for
    visitor.look_over("/log/", "/settings/", "/incidents/999")


def test_signing_in_leads_to_the_page_that_was_asked_for(
    browse: Open,
    case: Case,
    ana: Player,
) -> None:
    visitor = browse(None, noisy=True)
    page = visitor.visit(case.path)
    assert visitor.violations() == []
    page.get_by_label("Name or e-mail").fill("ana")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("do not match")
    assert visitor.violations() == []
    page.get_by_label("Name or e-mail").fill("ana")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("h1")).to_have_text("Ranker is slow")


def test_a_chosen_theme_stays(browse: Open, ana: Player) -> None:
    page = browse(ana, color_scheme="light").visit("/settings/")
    page.get_by_label("Dark").check()
    page.get_by_role("button", name="Save").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_a_token_is_shown_once_and_can_be_revoked(browse: Open, ana: Player) -> None:
    visitor = browse(ana)
    page = visitor.visit("/settings/")
    page.get_by_label("Name").fill("pipeline")
    page.get_by_label("measurements:write").check()
    page.get_by_role("button", name="Issue token").click()
    expect(page.locator("[data-secret]")).to_have_text(re.compile(r"^ds_[\w-]{43}$"))
    page = visitor.visit("/settings/")
    expect(page.locator("[data-secret]")).to_have_count(0)
    page.get_by_role("link", name="Revoke pipeline…").click()
    page.get_by_role("button", name="Revoke", exact=True).click()
    expect(page.get_by_role("status").first).to_contain_text("opens nothing any more")


def test_the_log_page_says_that_the_log_is_proved(browse: Open, case: Case, root: Player) -> None:
    page = browse(root).visit("/log/")
    expect(page.locator("tbody")).to_contain_text("incident.declared")
    expect(page.get_by_role("button", name="Verify the whole log")).to_be_visible()
