"""Every event of an incident has its sentence; others are told by their name."""

from __future__ import annotations

import pytest

from eventlog.core import Event, event_types
from incidents import events
from incidents.sentences import quoted, told
from tests.incidents.cast import ANA, BEN, attached, declared

NAMES = {ANA: "Ana", BEN: "Ben", "monitor:ctr": "Click-through"}


def tell(event: Event) -> str:
    return told(event.type).tell(event, lambda ref: NAMES.get(ref, ref))


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        (declared(), "declared SEV2 “Search finds nothing”"),
        (attached(), "attached a breach of Click-through: Click-through is 0.58, below 0.60"),
        (events.RoleTaken(role="commander", person=ANA), "took command"),
        (
            events.RoleTaken(role="operations", person=ANA, instead_of=BEN, reason="offline"),
            "took the operations lead over from Ben: offline",
        ),
        (
            events.RoleAccepted(role="commander", person=ANA, from_person=BEN),
            "accepted command from Ben",
        ),
        (
            events.SeverityChanged(severity=1, was=2, reason="Checkout"),
            "raised SEV2 to SEV1: Checkout",
        ),
        (
            events.ImpactStated(text="Fewer clicks", unit="points", low=-9, best=-8, high=-6.5),
            "stated the impact: Fewer clicks, -8 (-9 … -6.5) points",
        ),
        (events.ImpactStated(text="Unknown yet"), "stated the impact: Unknown yet"),
        (
            events.IncidentResolved(
                outcome="duplicate", confidence="high", verified=True, duplicate_of=3
            ),
            "resolved it: a duplicate of #3, high confidence, verified",
        ),
        (
            events.HypothesisJudged(
                hypothesis="h",
                number=2,
                text="No quota",
                status="refuted",
                was="testing",
                reason="Half was free.",
            ),
            "called H2 “No quota” refuted: Half was free.",
        ),
        (
            events.EvidenceAdded(
                hypothesis="h",
                number=2,
                evidence="e",
                side="for",
                text="Rows are 0",
                link="https://x.test/1",
            ),
            "added evidence for H2: Rows are 0 (https://x.test/1)",
        ),
        (
            events.MessagePosted(incident="i", message="m", author=ANA, client_id="c", text=""),
            "wrote a message, since removed",
        ),
    ],
    ids=lambda value: value.type if isinstance(value, Event) else "",
)
def test_an_event_is_told_in_words(event: Event, sentence: str) -> None:
    assert tell(event) == sentence


def test_no_event_of_an_incident_is_without_a_sentence() -> None:
    ours = [
        name
        for name, kind in event_types().items()
        if kind.__module__.startswith(f"{events.__name__}.")
    ]
    assert len(ours) > 20
    assert [name for name in ours if told(name).icon == "dot"] == []


def test_an_unknown_event_passes_by_its_name() -> None:
    assert told("incident.freeze_lifted").tell(None, str) == "freeze lifted"


def test_a_long_text_is_cut() -> None:
    assert quoted("a\n b") == "“a b”"
    assert len(quoted("word " * 100)) <= 142
