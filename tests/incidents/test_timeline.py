"""The record of one incident: filters, permalinks, and the same choice as a document."""

from __future__ import annotations

import csv
import html
import io
import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import orjson
import pytest

from eventlog.clock import now
from incidents.models import IncidentRow
from incidents.queries import Wanted, timeline
from tests.cast import Player

pytestmark = pytest.mark.django_db


@pytest.fixture
def incident(ana: Player, bo: Player) -> str:
    """An incident with roles, messages, notes and a phase."""
    made = ana.api.post("incidents", {"title": "Search finds nothing", "take_command": True})
    address = f"incidents/{made.data['stream'].removeprefix('incident:')}"
    for player, verb, body in (
        (bo, "messages", {"text": "=SUM(A1) looks odd\nand long"}),
        (ana, "notes", {"text": "Vendor called"}),
        (bo, "roles/take", {"role": "operations"}),
        (ana, "phase", {"phase": "mitigation"}),
    ):
        assert player.api.post(f"{address}/{verb}", body).status_code == 200
    return address


def types(player: Player, incident: str, **query: Any) -> list[str]:
    found: list[str] = []
    address = f"{incident}/timeline?{urlencode(query)}"
    while address:
        page = player.api.get(address)
        assert page.status_code == 200, page.data
        found += [entry["type"].removeprefix("incident.") for entry in page.data["items"]]
        address = page.data["next"]
    return found


def test_each_filter_keeps_what_it_names_in_the_order_of_the_stream(
    incident: str, ana: Player, bo: Player
) -> None:
    everything = ["declared", "role_taken", "participant_joined", "message_posted"]
    everything += ["note_added", "role_taken", "phase_entered"]
    assert types(ana, incident, limit=2) == everything
    assert types(ana, incident, part="roles", limit=1) == [
        "role_taken",
        "participant_joined",
        "role_taken",
    ]
    assert types(ana, incident, part="channel,work") == ["message_posted", "note_added"]
    assert types(ana, incident, key="true") == [
        *("declared", "role_taken", "role_taken", "phase_entered")
    ]
    author = ana.api.get(f"{incident}/timeline?part=channel").data["items"][0]["actor"]["ref"]
    assert types(ana, incident, actor=author) == [*everything[2:4], "role_taken"]
    later = (now() + timedelta(hours=1)).isoformat()
    assert types(ana, incident, since=later) == []
    assert types(ana, incident, until=later, part="life") == ["declared", "phase_entered"]


def test_no_condition_reads_the_log_itself(incident: str) -> None:
    id = incident.partition("/")[2]
    everything = timeline(id)
    assert timeline(id, wanted=Wanted(until=now() + timedelta(hours=1))) == everything


@pytest.mark.parametrize("query", ["part=lost", "key=maybe", "since=soon", "until=2026-01-01"])
@pytest.mark.parametrize("door", ["timeline", "export"])
def test_a_wrong_filter_is_named(incident: str, ana: Player, door: str, query: str) -> None:
    answer = ana.api.get(f"{incident}/{door}?{query}")
    assert answer.status_code == 400
    assert answer.data["errors"][0]["field"] == query.partition("=")[0]


def test_a_table_has_every_event_and_no_formula(incident: str, ana: Player) -> None:
    answer = ana.api.get(f"{incident}/export?format=csv")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.content.decode(), newline="")))
    entries = ana.api.get(f"{incident}/timeline").data["items"]
    assert [row["event_id"] for row in rows] == [str(entry["event_id"]) for entry in entries]
    assert [row["version"] for row in rows] == [str(entry["version"]) for entry in entries]
    said = next(row for row in rows if row["type"] == "incident.message_posted")
    assert said["what"] == "'=SUM(A1) looks odd\nand long"
    assert said["part"] == "channel"


def test_documents_hold_what_is_chosen(incident: str, ana: Player) -> None:
    chosen = f"{incident}/export?part=channel&format="
    document = orjson.loads(ana.api.get(f"{chosen}json").content)
    assert [event["type"] for event in document["events"]] == ["incident.message_posted"]
    assert document["messages"][0]["text"].startswith("=SUM")
    text = ana.api.get(f"{chosen}markdown").content.decode()
    assert "wrote:" in text
    assert "Vendor called" not in text
    assert len(ana.api.get(f"{chosen}csv").content.decode().splitlines()) == 3


def test_a_permalink_shows_its_event_with_what_came_before(incident: str, ana: Player) -> None:
    for place in range(30):
        ana.api.post(f"{incident}/notes", {"text": f"Note {place}"})
    number = IncidentRow.objects.get().number
    page = ana.browser.get(f"/incidents/{number}/timeline?event=35").content.decode()
    assert 'id="t35"' in page
    assert 'id="t16"' in page
    assert 'id="t15"' not in page
    assert f'href="/incidents/{number}/timeline?event=35#t35"' in page
    filtered = ana.browser.get(f"/incidents/{number}/timeline?part=life&key=yes").content.decode()
    assert "Note 1" not in filtered
    assert "format=csv&amp;part=life&amp;key=true" in filtered
    since = ana.browser.get(f"/incidents/{number}/timeline?since=2026-01-01T00:00").content.decode()
    link = re.search(r'href="(/api/v1/[^"]*format=csv[^"]*)"', since)
    assert link is not None
    assert ana.api.get(html.unescape(link[1])).status_code == 200
    for query in ("event=x", "part=x", "since=x", "after=-1"):
        assert ana.browser.get(f"/incidents/{number}/timeline?{query}").status_code == 400, query
    assert ana.browser.get("/incidents/999/timeline").status_code == 404
