"""Retrospectives through the REST doors and the pages."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from incidents.models import IncidentRow, RetrospectiveRow, SectionRow
from tests.cast import Player

pytestmark = pytest.mark.django_db
SECRET = "ds_planted-token-4711"


@pytest.fixture
def incident(ana: Player) -> str:
    """Address of a resolved SEV2 incident that Ana commanded, with a message in its channel."""
    onset = {"best": "2026-01-02T03:04:05Z", "basis": "a log"}
    body = {"title": "Search finds nothing", "severity": 2, "take_command": True, "onset": onset}
    made = ana.api.post("incidents", body)
    address = f"incidents/{made.data['stream'].removeprefix('incident:')}"
    for verb, said in (
        ("messages", {"text": f"The disk is full, {SECRET}"}),
        ("impact", {"text": "Fewer clicks", "best": 8}),
        ("resolve", {"outcome": "fixed"}),
    ):
        assert ana.api.post(f"{address}/{verb}", said).status_code == 200
    return address


def write(player: Player, incident: str, section: str, text: str, revision: int = 0) -> Any:
    body = {"text": text, "revision": revision}
    return player.api.post(f"{incident}/retrospective/{section}", body)


def read(player: Player, incident: str) -> Any:
    answer = player.api.get(f"{incident}/retrospective")
    assert answer.status_code == 200
    return answer.data


def section(player: Player, incident: str, name: str) -> Any:
    return next(one for one in read(player, incident)["sections"] if one["section"] == name)


def url(incident: str, rest: str = "") -> str:
    number = IncidentRow.objects.get(id=incident.partition("/")[2]).number
    return f"/incidents/{number}/retrospective{rest}"


def test_every_sentence_links_to_an_event_that_the_timeline_shows(
    incident: str, ana: Player
) -> None:
    entries = ana.api.get(f"{incident}/timeline").data["items"]
    known = {(entry["version"], str(entry["event_id"])) for entry in entries}
    view = read(ana, incident)
    cites = [c for part in view["sections"] for line in part["evidence"] for c in line["cites"]]
    assert len(cites) > 10
    assert {(cite["version"], str(cite["event_id"])) for cite in cites} <= known
    for cite in {cite["url"] for cite in cites}:
        page = ana.browser.get(cite).content.decode()
        assert f'id="{cite.partition("#")[2]}"' in page


def test_a_reviewed_retrospective_lets_the_incident_close(
    incident: str, ana: Player, bo: Player
) -> None:
    refused = ana.api.post(f"{incident}/close", {})
    assert (refused.status_code, refused.data["code"]) == (409, "incomplete")
    assert [gap["code"] for gap in refused.data["current"]] == ["no_retrospective"]
    early = ana.api.post(f"{incident}/retrospective/submit")
    assert early.data["code"] == "incomplete"
    for name in ("summary", "causes", "well", "badly"):
        assert write(ana, incident, name, "As it was.").status_code == 200
    assert ana.api.post(f"{incident}/retrospective/submit").status_code == 200
    assert ana.api.post(f"{incident}/retrospective/accept").data["code"] == "own_work"
    assert bo.api.post(f"{incident}/retrospective/accept").status_code == 200
    row = RetrospectiveRow.objects.get()
    assert (row.stage, row.submitted_by, row.accepted_by) == ("accepted", ana.ref, bo.ref)
    assert ana.api.post(f"{incident}/close", {}).status_code == 200
    assert write(ana, incident, "well", "More", 1).data["code"] == "closed"


def test_an_exception_is_on_record(incident: str, ana: Player) -> None:
    assert ana.api.post(f"{incident}/close", {"exception": "Merged."}).status_code == 200
    told = section(ana, incident, "decisions")["evidence"][-1]["text"]
    assert told.endswith("closed it by exception: Merged.")


def test_the_second_writer_is_told_and_nothing_is_lost(
    incident: str, ana: Player, bo: Player
) -> None:
    write(ana, incident, "causes", "A full disk.")
    refused = write(bo, incident, "causes", "A slow disk.")
    assert (refused.status_code, refused.data["code"]) == (409, "stale")
    assert refused.data["current"] == 1
    assert write(bo, incident, "causes", "A slow and full disk.", 1).status_code == 200
    history = ana.api.get(f"{incident}/retrospective/causes").data["items"]
    assert [(one["revision"], one["text"]) for one in history] == [
        (2, "A slow and full disk."),
        (1, "A full disk."),
    ]
    page = bo.browser.post(url(incident, "/causes/write"), {"text": "Mine alone", "revision": "1"})
    assert page.status_code == 409
    for words in (b"Mine alone", b"A slow and full disk.", b"Bo"):
        assert words in page.content


def test_a_reference_reads_as_the_event_reads_now(incident: str, ana: Player) -> None:
    message = next(
        entry
        for entry in ana.api.get(f"{incident}/timeline").data["items"]
        if entry["type"] == "incident.message_posted"
    )
    write(ana, incident, "causes", f"See [t{message['version']}] and [t999], <b>bold</b>.")
    shown = section(ana, incident, "causes")["html"]
    assert SECRET in shown
    assert f"timeline?event={message['version']}#t{message['version']}" in shown
    assert "[t999]" in shown
    assert "<b>" not in shown
    ana.api.post(f"{incident}/messages/{message['message']}/redact", {})
    shown = section(ana, incident, "causes")["html"]
    assert "since removed" in shown
    assert SECRET not in shown


def test_a_removed_revision_is_readable_through_no_door(
    incident: str, ana: Player, bo: Player
) -> None:
    write(bo, incident, "causes", f"The token {SECRET}-2 leaked.")
    write(bo, incident, "causes", "A token leaked.", 1)
    gone = bo.api.post(f"{incident}/retrospective/causes/redact", {"revision": 1})
    assert gone.status_code == 200
    assert SectionRow.objects.get(revision=1).text == ""
    doors = [f"{incident}/retrospective", f"{incident}/retrospective/causes", f"{incident}/export"]
    doors += [f"{incident}/export?format=json", f"{incident}/timeline"]
    doors += [f"{incident}/retrospective/export?format={kind}" for kind in ("json", "markdown")]
    for door in doors:
        assert f"{SECRET}-2" not in ana.api.get(door).content.decode(), door
    for page in (url(incident), url(incident, "/causes")):
        assert f"{SECRET}-2" not in ana.browser.get(page).content.decode(), page
    assert section(ana, incident, "causes")["text"] == "A token leaked."


def test_exports_say_the_same_as_the_page(incident: str, ana: Player) -> None:
    write(ana, incident, "summary", "The disk was full.")
    view = read(ana, incident)
    exported = orjson.loads(ana.api.get(f"{incident}/retrospective/export?format=json").content)
    assert exported["schema"] == "dropstitch retrospective 1"
    assert [one["text"] for one in exported["sections"]] == [o["text"] for o in view["sections"]]
    text = ana.api.get(f"{incident}/retrospective/export").content.decode()
    assert "The disk was full." in text
    for part in view["sections"]:
        assert f"## {part['title']}" in text
        for line in part["evidence"]:
            assert f"- {line['text']} `{line['cites'][0]['event_id']}`" in text
        for missing in part["missing"]:
            assert f"- Missing: {missing}" in text


@pytest.mark.parametrize(
    ("address", "body", "status"),
    [
        ("causes", {"text": "x"}, 400),
        ("causes", {"text": "x", "revision": -1}, 400),
        ("causes", {"text": "x" * 20_001, "revision": 0}, 400),
        ("prose", {"text": "x", "revision": 0}, 409),
        ("causes/redact", {"revision": 7}, 409),
        ("return", {}, 400),
    ],
)
def test_bad_input_changes_nothing(
    incident: str, ana: Player, address: str, body: dict[str, Any], status: int
) -> None:
    before = IncidentRow.objects.get().version
    answer = ana.api.post(f"{incident}/retrospective/{address}", body)
    assert answer.status_code == status
    assert IncidentRow.objects.get().version == before


def test_a_section_that_is_not_there_is_not_found(incident: str, ana: Player) -> None:
    assert ana.api.get(f"{incident}/retrospective/prose").status_code == 404
    assert ana.browser.get(url(incident, "/prose")).status_code == 404
    assert ana.api.get(f"{incident}/retrospective/export?format=pdf").status_code == 400


def test_pages_write_submit_accept_and_return(incident: str, ana: Player, bo: Player) -> None:
    for name in ("summary", "causes", "well", "badly"):
        fields = {"text": "As it was.", "revision": "0"}
        answer = ana.browser.post(url(incident, f"/{name}/write"), fields)
        assert answer["Location"].endswith(f"/retrospective#{name}")
    review = url(incident).replace("retrospective", "review")
    ana.browser.post(f"{review}/submit")
    bo.browser.post(f"{review}/return", {"reason": "Which disk?"})
    assert b"Which disk?" in ana.browser.get(url(incident)).content
    ana.browser.post(f"{review}/submit")
    bo.browser.post(f"{review}/accept")
    assert RetrospectiveRow.objects.get().stage == "accepted"
    ana.browser.post(url(incident, "/well/remove"), {"revision": "1"})
    assert RetrospectiveRow.objects.get().stage == "draft"


def test_an_observer_reads_and_does_not_write(incident: str, ana: Player, olga: Player) -> None:
    page = olga.browser.get(url(incident)).content.decode()
    assert "Submit for review" not in page
    assert "<textarea" not in page
    assert write(olga, incident, "causes", "x").status_code == 403
