"""Search: what is found, what is not, through which index, and by whom."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from incidents import queries
from incidents.models import EntryRow, IncidentRow
from incidents.parts import kinds_of_events
from incidents.projections.entries import entries
from incidents.queries.finding import MATCHING, Sought, find
from tests.cast import Machine, Player

pytestmark = pytest.mark.django_db
SECRET = "zebrafish"


def declare(player: Player, title: str, **fields: Any) -> str:
    made = player.api.post("incidents", {"title": title, **fields})
    return f"incidents/{made.data['stream'].removeprefix('incident:')}"


def say(player: Player, incident: str, text: str) -> str:
    return str(player.api.post(f"{incident}/messages", {"text": text}).data["message"])


def seek(player: Player, **query: Any) -> list[dict[str, Any]]:
    answer = player.api.get("search", query)
    assert answer.status_code == 200, answer.data
    return list(answer.data["items"])


def excerpts(player: Player, **query: Any) -> list[str]:
    return ["".join(p["text"] for p in hit["excerpt"]) for hit in seek(player, **query)]


@pytest.fixture
def incident(ana: Player, bo: Player) -> str:
    """An incident with something in every part of its record."""
    address = declare(ana, "Ranking serves stale models", severity=2)
    say(bo, address, "The feeders **failed** overnight, see v2216.")
    ana.api.post(f"{address}/notes", {"text": "Vendor confirmed the outage"})
    body = {"text": "Feeders ran out of memory.", "revision": 0}
    ana.api.post(f"{address}/retrospective/causes", body)
    ana.api.post(f"{address}/follow-ups", {"title": "Alert when feeders are full"})
    return address


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("ranking", ["declared SEV2 “Ranking serves stale models”"]),
        ("failing feeder", ["The feeders **failed** overnight, see v2216."]),
        ("vendor", ["noted: Vendor confirmed the outage"]),
        ('"out of memory"', ["Causes: Feeders ran out of memory."]),
        ("v2216", ["The feeders **failed** overnight, see v2216."]),
        ("vendor or ranking", None),
        ("feeders -memory -alert", ["The feeders **failed** overnight, see v2216."]),
        ("nothing of the kind", []),
        ("the", []),
        ("%' OR 1=1 --", []),
    ],
)
def test_words_are_found_in_every_part(
    incident: str, ana: Player, words: str, found: list[str] | None
) -> None:
    if found is None:
        assert len(excerpts(ana, q=words)) == 2
    else:
        assert excerpts(ana, q=words) == found


def test_a_hit_says_where_it_stands_and_marks_the_words(incident: str, ana: Player) -> None:
    (hit,) = seek(ana, q="failing")
    number = IncidentRow.objects.get().number
    assert (hit["number"], hit["part"], hit["actor"]["ref"][:5]) == (number, "channel", "token")
    assert [p["text"] for p in hit["excerpt"] if p["hit"]] == ["failed"]
    page = ana.browser.get(hit["url"]).content.decode()
    assert f'id="{hit["url"].partition("#")[2]}"' in page


@pytest.mark.parametrize("words", ["größe", "GRÖSSE", "„Größe der“", "quoted", "naïve"])
def test_words_are_found_whatever_signs_and_capitals_stand_around_them(
    incident: str, ana: Player, words: str
) -> None:
    say(ana, incident, "«Quoted», “GRÖßE der” Daten… naïve—model")
    (hit,) = seek(ana, q=words)
    assert "".join(p["text"] for p in hit["excerpt"]) == "«Quoted», “GRÖßE der” Daten… naïve—model"
    ana.api.post(f"{incident}/title", {"title": "Sales fell"})
    (told,) = seek(ana, q="sales")
    assert [p["text"] for p in told["excerpt"] if p["hit"]] == ["Sales"]


def test_filters_narrow_and_pages_go_on(incident: str, ana: Player, bo: Player) -> None:
    other = declare(ana, "Feeders again", severity=4)
    everything = excerpts(ana, q="feeders")
    assert len(everything) == 4
    number = IncidentRow.objects.get(title="Feeders again").number
    assert len(seek(ana, q="feeders", incident=number)) == 1
    assert len(seek(ana, q="feeders", severity="2,3")) == 3
    assert len(seek(ana, q="feeders", part="channel,retrospective")) == 2
    assert len(seek(ana, q="feeders", until="2020-01-01T00:00:00Z")) == 0
    assert len(seek(ana, q="feeders", since="2020-01-01T00:00:00Z", status="open")) == 4
    ana.api.post(f"{other}/resolve", {"outcome": "fixed"})
    assert len(seek(ana, q="feeders", status="open")) == 3
    paged, address = [], "search?q=feeders&limit=1"
    while address:
        page = ana.api.get(address).data
        paged += page["items"]
        address = page["next"]
    assert ["".join(p["text"] for p in hit["excerpt"]) for hit in paged] == everything


@pytest.mark.parametrize(
    "query",
    [
        "",
        "q=",
        "q=" + "x" * 401,
        "q=x&part=lost",
        "q=x&severity=9",
        "q=x&status=lost",
        "q=x&incident=-1",
        "q=x&since=soon",
        "q=x&cursor=x",
        "q=x&limit=0",
    ],
)
def test_a_wrong_query_is_named(ana: Player, query: str) -> None:
    answer = ana.api.get(f"search?{query}")
    assert answer.status_code == 400
    named = query.rpartition("&")[2].partition("=")[0] or "q"
    assert answer.data["errors"][0]["field"] == named


def test_a_removed_text_is_found_through_no_door(incident: str, ana: Player) -> None:
    message = say(ana, incident, f"The token is {SECRET}.")
    body = {"text": f"It held {SECRET}.", "revision": 1}
    ana.api.post(f"{incident}/retrospective/causes", body)
    assert len(seek(ana, q=SECRET)) == 2
    ana.api.post(f"{incident}/messages/{message}/redact", {})
    ana.api.post(f"{incident}/retrospective/causes/redact", {"revision": 2})
    assert seek(ana, q=SECRET) == []
    assert not EntryRow.objects.filter(text__contains=SECRET).exists()
    number = IncidentRow.objects.get().number
    doors = [f"{incident}/timeline", f"{incident}/messages", f"{incident}/retrospective"]
    doors += [f"{incident}/retrospective/causes"]
    doors += [f"{incident}/export?format={kind}" for kind in ("json", "markdown", "csv")]
    doors += [f"{incident}/retrospective/export?format={kind}" for kind in ("json", "markdown")]
    for door in doors:
        assert SECRET not in ana.api.get(door).content.decode(), door
    for page in ("", "/timeline", "/retrospective", "/retrospective/causes"):
        shown = ana.browser.get(f"/incidents/{number}{page}").content.decode()
        assert SECRET not in shown, page
    assert SECRET not in ana.browser.get("/search?q=token").content.decode()


def test_what_somebody_may_not_read_is_left_out(incident: str) -> None:
    assert len(find(Sought("feeders"), lambda ref: True).hits) == 3
    assert find(Sought("feeders"), lambda ref: False).hits == []
    ref = f"incident:{incident.partition('/')[2]}"
    assert len(find(Sought("feeders"), ref.__eq__).hits) == 3


def test_search_needs_the_right_to_read(incident: str, olga: Player, sensor: Machine) -> None:
    assert len(seek(olga, q="feeders")) == 3
    assert sensor.api.get("search?q=feeders").status_code == 403
    assert sensor.api.get("follow-ups").status_code == 403


def test_the_page_searches_and_escapes(incident: str, ana: Player, olga: Player) -> None:
    say(ana, incident, "<script>alert(1)</script> shadow")
    page = olga.browser.get("/search?q=shadow&status=open").content.decode()
    assert "<mark>shadow</mark>" in page
    assert "<script>alert(1)" not in page
    assert "What are you looking for?" in olga.browser.get("/search").content.decode()
    assert "Nothing was found" in olga.browser.get("/search?q=qqq").content.decode()
    for query in ("part=x", "severity=9", "status=x", "incident=x", "since=x", "cursor=x"):
        assert olga.browser.get(f"/search?q=x&{query}").status_code == 400, query


def test_every_kind_of_event_has_its_entry() -> None:
    assert set(entries.handlers) == {kind.type for kind in kinds_of_events()}
    assert len(entries.handlers) > 25


@pytest.mark.tampers
def test_rare_words_are_found_through_their_index_and_the_newest_through_theirs(
    incident: str,
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO incidents_entry (id, incident, version, type, part, at, actor, about, text)"
            " SELECT gen_random_uuid(), incident, 100 + n, type, part,"
            " at + n * interval '1 s', actor, '', 'common word' || n || ' ' || md5(n::text)"
            " FROM incidents_entry, generate_series(1, 20000) n WHERE version = 1"
        )
        cursor.execute("SET ROLE NONE")  # only the owner may look at what the table holds
        cursor.execute("ANALYZE incidents_entry")
        plans = {}
        for words in ("word17", "common"):
            query = f"EXPLAIN {MATCHING} ORDER BY e.at DESC, e.id DESC LIMIT 51"
            cursor.execute(query, {"text": words})
            plans[words] = "\n".join(row[0] for row in cursor.fetchall())
    assert "incidents_entry_words" in plans["word17"]
    assert "Seq Scan on incidents_entry" not in plans["word17"]
    assert "incidents_entry_newest" in plans["common"]
    assert len(queries.find(Sought("word17"), lambda ref: True).hits) == 0  # of no event
