"""The retrospective as the log writes it: every sentence cites, every gap is told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from eventlog.core import Event, event_types
from incidents import events
from incidents.assembly import CITED, Fact, Part, assemble, spans
from incidents.sentences import told
from incidents.state import SECTIONS
from tests.incidents.cast import ANA, AT, BEN, attached, declared

ONSET = {
    "earliest": (AT - timedelta(minutes=40)).isoformat(),
    "best": (AT - timedelta(minutes=25)).isoformat(),
    "latest": (AT - timedelta(minutes=20)).isoformat(),
    "basis": "change point of click-through",
}
FIXED = events.IncidentResolved(outcome="fixed", confidence="high", verified=True, summary="Done")


def facts(*history: Event, minutes: int = 10) -> list[Fact]:
    """The history, one event every ten minutes."""
    return [
        Fact(
            version=place + 1,
            at=AT + place * timedelta(minutes=minutes),
            actor="Ana",
            event=event,
            sentence=told(event.type).tell(event, str),
        )
        for place, event in enumerate(history)
    ]


def parts(*history: Event) -> dict[str, Part]:
    return {part.section: part for part in assemble(facts(*history))}


STORY = (
    declared(onset=ONSET),
    attached(),
    events.RoleTaken(role="commander", person=ANA),
    events.PhaseEntered(phase="troubleshooting", left="detection"),
    events.ImpactStated(text="Fewer clicks", unit="%", low=-9, best=-8, high=-6),
    events.PhaseEntered(phase="mitigation", left="troubleshooting"),
    events.UpdatePosted(audience="internal", text="We roll back."),
    events.PhaseEntered(phase="resolution", left="mitigation"),
    events.BreachRecovered(
        breach="breach:1",
        monitor="monitor:ctr",
        recovered_at=(AT + timedelta(minutes=75)).isoformat(),
    ),
    events.FollowUpAdded(follow_up="f", title="Age", priority="P1", intent="fix"),
    FIXED,
)


def test_every_section_is_there_in_its_order() -> None:
    assert [part.section for part in assemble(facts(*STORY))] == list(SECTIONS)


def test_every_sentence_names_events_that_exist() -> None:
    versions = {fact.version for fact in facts(*STORY)}
    for part in parts(*STORY).values():
        for sentence in part.sentences:
            assert sentence.cites, sentence.text
            assert set(sentence.cites) <= versions
            assert sentence.text.endswith((".", "!", "?", "…"))


def test_every_phase_boundary_is_cited() -> None:
    cited = {v for s in parts(*STORY)["phases"].sentences for v in s.cites}
    boundaries = {f.version for f in facts(*STORY) if isinstance(f.event, events.PhaseEntered)}
    assert boundaries | {1, len(STORY)} <= cited


def test_each_part_of_a_bare_incident_says_what_is_missing() -> None:
    bare = parts(declared())
    assert [section for section, part in bare.items() if not part.missing] == []
    assert bare["impact"].missing == ["Nobody stated the impact: who was hurt, and how much."]
    assert "Nobody took a role, command included." in bare["summary"].missing
    assert any("onset" in m or "outage" in m for m in bare["phases"].missing)


def test_evidence_takes_the_place_of_what_was_missing() -> None:
    told_all = parts(*STORY)
    for section in ("impact", "roles", "detection", "told", "decisions", "follow_ups", "summary"):
        assert told_all[section].missing == [], section
    for section in ("well", "badly", "luckily", "causes"):
        assert told_all[section].missing, section


@pytest.mark.parametrize(
    ("changed", "section"),
    [
        ((4, events.ImpactStated(text="No clicks at all", best=-80)), "impact"),
        ((0, declared(title="Search is slow", onset=ONSET)), "summary"),
        ((6, events.UpdatePosted(audience="public", text="We know.")), "told"),
        ((5, events.PhaseEntered(phase="resolution", left="troubleshooting")), "phases"),
    ],
)
def test_altering_one_fact_alters_the_text(changed: tuple[int, Event], section: str) -> None:
    place, event = changed
    other = [*STORY[:place], event, *STORY[place + 1 :]]
    assert parts(*other)[section].sentences != parts(*STORY)[section].sentences


def test_lengths_carry_the_interval_of_the_onset() -> None:
    found = {span.name: span for span in spans(facts(*STORY))}
    minutes: dict[str, Any] = {
        name: [s.total_seconds() / 60 for s in (span.low, span.best, span.high)]
        for name, span in found.items()
    }
    assert minutes == {
        "To declare": [20, 25, 40],
        "To command": [20, 20, 20],
        "To mitigate": [90, 95, 110],
        "To resolve": [120, 125, 140],
        "To recover": [95, 100, 115],
    }


def test_lengths_that_nobody_can_tell_are_left_out_and_said_so() -> None:
    assert [span.name for span in spans(facts(declared()))] == ["To declare"]
    missing = parts(declared())["phases"].missing
    for name in ("To command", "To mitigate", "To resolve", "To recover"):
        assert any(text.startswith(name) for text in missing)
    half = facts(declared(), attached(), attached("breach:2"), STORY[8])
    assert "To recover" not in {span.name for span in spans(half)}


def test_reopening_takes_the_resolution_back() -> None:
    again = (*STORY, events.IncidentReopened(reason="It is back"))
    assert "To resolve" not in {span.name for span in spans(facts(*again))}
    assert parts(*again)["summary"].missing == ["It is not resolved."]


def test_time_without_a_commander_is_counted_over_all_gaps() -> None:
    history = (
        declared(),
        events.RoleTaken(role="commander", person=ANA),
        events.RoleReleased(role="commander", person=ANA),
        events.NoteAdded(text="Alone"),
        events.RoleAccepted(role="commander", person=BEN),
        FIXED,
    )
    last = parts(*history)["roles"].sentences[-1]
    assert last.text == "Without a commander for 30 min in all."
    assert last.cites == (1, 2, 3, 5)


def test_what_is_cited_are_events_of_incidents() -> None:
    for kinds, nothing in CITED.values():
        assert nothing
        assert all(event_types()[kind.type] is kind for kind in kinds)
