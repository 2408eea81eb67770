"""Packs of monitors: what they are made of, what installing one does, and what it leaves alone."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from eventlog.clock import now
from eventlog.core import Context, Refused
from monitoring import kinds
from monitoring.installing import install, plan
from monitoring.models import Evaluation, MonitorRow
from monitoring.packs import Pack, packs
from monitoring.packs.base import Plays, made, reads
from tests.cast import Api, Player, machine
from tests.monitoring.test_slo_pages import shown

SUBJECT = "service:checkout"
PACKS = [pytest.param(pack, id=name) for name, pack in packs().items()]


@pytest.fixture
def api(db: None) -> Api:
    return machine("measurements:write", "measurements:read", "monitors:write").api


def send(api: Api, name: str, **labels: str) -> None:
    point = {"series": name, "labels": labels, "time": now().isoformat(), "value": 1}
    assert api.post("measurements", [point]).status_code == 200


def states(pack: Pack, **chosen: str) -> dict[str, str]:
    return {each.made.part.key: each.state for each in plan(pack, SUBJECT, chosen)}


def test_there_is_a_pack_for_each_of_five() -> None:
    assert set(packs()) == {
        "generic_service",
        "partner_models",
        "recommendations",
        "search_ranking",
        "training_pipeline",
    }


@pytest.mark.parametrize("pack", PACKS)
def test_every_monitor_of_a_pack_can_be_made(pack: Pack) -> None:
    roles = {role.name: role for role in pack.roles}
    used: set[str] = set()
    for each in made(pack, SUBJECT, {}):
        kinds.make(each.part.kind, each.definition["parameters"])
        assert each.part.roles <= set(roles)
        used |= each.part.roles
        # What the kind reads is what the roles say, with the labels they say.
        for selector, by in reads(each):
            (role,) = [r for r in roles.values() if r.series == selector.series]
            assert set(by) <= set(role.by), (each.part.key, role.name)
        assert len(each.part.why) > 40
    assert used == set(roles)
    assert len({part.key for part in pack.parts}) == len(pack.parts)


def test_each_subject_has_monitors_of_its_own() -> None:
    pack = packs()["generic_service"]
    ids = {each.id for each in made(pack, SUBJECT, {})}
    assert ids == {each.id for each in made(pack, SUBJECT, {"requests": "other"})}
    assert not ids & {each.id for each in made(pack, "service:search", {})}


def test_a_series_takes_its_role_with_its_labels() -> None:
    chosen = {"failures": 'http_errors{service="web",tier="1"}'}
    budget = made(packs()["generic_service"], SUBJECT, chosen)[1]
    assert budget.definition["parameters"]["bad"] == 'http_errors{service="web",tier="1"}'
    assert not any(isinstance(v, Plays) for v in budget.definition["parameters"].values())


def test_what_has_no_series_waits(api: Api) -> None:
    pack = packs()["generic_service"]
    assert set(states(pack).values()) == {"waits"}
    send(api, "requests")
    assert states(pack)["silent"] == "ready"
    assert states(pack)["budget"] == "waits"
    send(api, "http_errors", service="web")
    assert states(pack, failures='http_errors{service="web"}')["budget"] == "ready"
    assert states(pack, failures="http_errors")["budget"] == "waits"


def test_series_by_slice_are_found_by_their_labels(api: Api) -> None:
    pack = packs()["partner_models"]
    send(api, "lines_merged")
    assert states(pack)["positive"] == "waits"
    send(api, "lines_merged", partner="north")
    assert states(pack)["positive"] == "ready"
    assert states(pack)["loss"] == "waits"


def test_installing_makes_what_is_ready_and_again_nothing(api: Api, bo: Player) -> None:
    pack = packs()["generic_service"]
    send(api, "requests")
    context = Context.by(bo.ref)
    done = install(pack, SUBJECT, {}, context, whole=False)
    assert {each.made.part.key for each in done} == {"silent", "traffic"}
    row = MonitorRow.objects.get(name="checkout: requests arrive")
    assert (row.urgency, row.subjects, row.parameters["silence"]) == ("page", [SUBJECT], 900)
    assert Evaluation.objects.count() == 2
    assert install(pack, SUBJECT, {}, Context.by(bo.ref), whole=False) == []
    rest = install(pack, SUBJECT, {}, Context.by(bo.ref), whole=True)
    assert len(rest) == 4
    assert MonitorRow.objects.count() == 6


def test_what_somebody_tuned_stays_and_what_was_removed_comes_back(api: Api, bo: Player) -> None:
    pack = packs()["generic_service"]
    send(api, "requests")
    install(pack, SUBJECT, {}, Context.by(bo.ref), whole=False)
    row = MonitorRow.objects.get(name="checkout: requests arrive")
    body: dict[str, Any] = {"name": row.name, "kind": "absence", "parameters": {"silence": 60}}
    body |= {"series": "requests", "subjects": [SUBJECT]}
    assert api.post(f"monitors/{row.id}/revise", body).status_code == 200
    install(pack, SUBJECT, {}, Context.by(bo.ref), whole=False)
    assert MonitorRow.objects.get(id=row.id).parameters["silence"] == 60
    assert api.post(f"monitors/{row.id}/remove", {"reason": "Too loud."}).status_code == 200
    install(pack, SUBJECT, {}, Context.by(bo.ref), whole=False)
    assert MonitorRow.objects.get(id=row.id).parameters["silence"] == 900


@pytest.mark.parametrize(
    ("subject", "chosen", "field"),
    [("checkout", {}, "subject"), (SUBJECT, {"requests": "a b{"}, "series.requests")],
)
@pytest.mark.django_db
def test_what_cannot_be_is_refused_by_field(
    subject: str, chosen: dict[str, str], field: str
) -> None:
    with pytest.raises(Refused) as refused:
        plan(packs()["generic_service"], subject, chosen)
    assert refused.value.field == field


def test_the_form_shows_a_plan_and_installs_it(api: Api, bo: Player, olga: Player) -> None:
    send(api, "requests")
    assert "Generic service" in shown(olga, "/monitors/packs")
    path = "/monitors/packs/generic_service"
    assert olga.browser.get(path).status_code == 403
    assert bo.browser.get("/monitors/packs/nothing").status_code == 404
    page = shown(bo, f"{path}?subject={SUBJECT}")
    assert "2 of 6 will be made" in page
    assert "waits for failures" in page
    answer = bo.browser.post(path, {"subject": "checkout"})
    assert answer.status_code == 409
    assert "Must be a ref" in answer.content.decode()
    answer = bo.browser.post(path, {"subject": SUBJECT, "series.requests": "requests"})
    assert (answer.status_code, MonitorRow.objects.count()) == (302, 2)
    assert "2 monitors made." in shown(bo, answer["Location"])
    assert "is there" in shown(bo, f"{path}?subject={SUBJECT}")


def test_the_command_plans_installs_and_refuses(api: Api) -> None:
    send(api, "requests")
    out = StringIO()
    call_command("install_pack", "generic_service", subject=SUBJECT, plan=True, stdout=out)
    assert "checkout: requests arrive: will be made" in out.getvalue()
    assert "checkout: error budget: no measurements of failures" in out.getvalue()
    assert not MonitorRow.objects.exists()
    call_command("install_pack", "generic_service", subject=SUBJECT, stdout=out)
    assert MonitorRow.objects.count() == 2
    for wrong in ({"subject": "checkout"}, {"subject": SUBJECT, "series": ["nothing=x"]}):
        with pytest.raises(CommandError):
            call_command("install_pack", "generic_service", stdout=out, **wrong)
