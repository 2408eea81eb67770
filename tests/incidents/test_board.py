"""What the board and the incident page are told."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from eventlog.clock import now
from eventlog.core import Command, Context
from eventlog.store import execute
from incidents import queries
from incidents.acting import next_number, redact, say
from incidents.commands import (
    AddFollowUp,
    AttachBreach,
    Close,
    Declare,
    EnterPhase,
    OfferRole,
    PostUpdate,
    RecordRecovery,
    RedactMessage,
    Reopen,
    Resolve,
    StateImpact,
    TakeRole,
)
from incidents.state import Incident
from tests.cast import Player
from tests.incidents.cast import ANA, BEN, MODEL

pytestmark = pytest.mark.django_db
START = now()


def do(kind: type[Command[Incident]], incident: str, at: datetime = START, **fields: Any) -> None:
    execute(kind(incident=incident, at=at, **fields), Context.by(fields.get("person", ANA)))


def begun(title: str = "Search finds nothing", severity: int = 2, **changes: Any) -> str:
    """A fresh incident's id."""
    number = next_number()
    incident = str(UUID(int=number))
    facts = {"number": number, "title": title, "severity": severity, "declared_by": ANA}
    do(Declare, incident, **facts | changes)
    return incident


def breached(incident: str, name: str = "breach:1") -> None:
    do(
        AttachBreach,
        incident,
        breach=name,
        monitor="monitor:ctr",
        sentence="Too low",
        opened_at=START,
        urgency="page",
    )


def recovered(incident: str, name: str = "breach:1") -> None:
    do(RecordRecovery, incident, breach=name, monitor="monitor:ctr", recovered_at=START)


def numbers(cards: queries.Cards) -> list[str]:
    return [str(card.id) for card in cards.cards]


def test_the_worst_active_incident_comes_first_then_the_newest() -> None:
    third, first, second = begun(severity=3), begun(severity=1), begun(severity=2)
    newer = begun(severity=2)
    assert numbers(queries.active(START)) == [first, newer, second, third]


def test_the_board_comes_page_by_page() -> None:
    shown = [begun(), begun(), begun()]
    page = queries.active(START, limit=2)
    assert numbers(page) == shown[:0:-1]
    rest = queries.active(START, cursor=page.next, limit=2)
    assert (numbers(rest), rest.next) == (shown[:1], None)


def test_an_incident_whose_breaches_are_over_is_recovering_and_proposes_its_end() -> None:
    incident = begun()
    breached(incident)
    assert numbers(queries.recovering(START)) == []
    recovered(incident)
    card = queries.recovering(START).cards[0]
    assert (str(card.id), card.proposal) == (incident, "resolve")
    assert numbers(queries.active(START)) == []


def test_a_resolved_incident_stays_for_a_week_below_the_others() -> None:
    incident = begun()
    do(Resolve, incident, outcome="rolled_back")
    card = queries.closed(START + timedelta(days=6)).cards[0]
    assert (card.outcome_words, card.status, card.update_due_at) == (
        "rolled back",
        "resolved",
        None,
    )
    assert numbers(queries.closed(START + timedelta(days=8))) == []


def test_a_breach_after_the_end_brings_it_back_to_mind() -> None:
    incident = begun()
    do(Resolve, incident, outcome="fixed")
    breached(incident)
    assert queries.active(START).cards[0].proposal == "reopen"
    assert numbers(queries.closed(START)) == []


@pytest.mark.parametrize(("minutes", "overdue"), [(59, False), (61, True)])
def test_a_sev2_hears_something_every_hour(minutes: int, overdue: bool) -> None:
    begun(severity=2)
    later = START + timedelta(minutes=minutes)
    assert queries.active(later).cards[0].overdue is overdue
    assert queries.counts(later).overdue == int(overdue)


def test_an_update_starts_the_clock_anew() -> None:
    incident, later = begun(severity=1), START + timedelta(minutes=29)
    do(PostUpdate, incident, at=later, text="We know why")
    card = queries.active(later).cards[0]
    assert card.update_due_at == later + timedelta(minutes=30)


def test_an_incident_without_a_commander_is_unmanaged_after_a_while() -> None:
    incident, later = begun(severity=1), START + timedelta(minutes=6)
    assert queries.active(later).cards[0].unmanaged
    do(TakeRole, incident, role="commander", person=ANA)
    assert not queries.active(later).cards[0].unmanaged


def test_the_situation_in_numbers() -> None:
    begun(severity=1), begun(severity=1)
    incident = begun(severity=3)
    breached(incident)
    recovered(incident)
    do(Resolve, begun(), outcome="fixed")
    counts = queries.counts(START)
    assert (counts.active, counts.recovering, counts.closed) == (2, 1, 1)
    assert (counts.worst, counts.at_worst, counts.no_commander) == (1, 2, 3)


def test_somebody_finds_what_they_lead() -> None:
    begun()
    incident = begun()
    do(TakeRole, incident, role="planning", person=BEN)
    assert numbers(queries.led_by(BEN, START)) == [incident]


def test_a_search_meets_every_condition() -> None:
    begun(severity=1)
    wanted = begun("Partners see nothing", subjects=[MODEL])
    do(Resolve, wanted, outcome="fixed")
    found = queries.search(now=START, statuses=["resolved"], subject=MODEL, text="partners")
    assert numbers(found) == [wanted]
    number = found.cards[0].number
    assert numbers(queries.search(now=START, number=number)) == [wanted]
    assert numbers(queries.search(now=START, severities=[4])) == []


def test_the_incident_page_costs_twelve_queries_at_most(ana: Player) -> None:
    incident = begun(onset={"best": START.isoformat(), "basis": "Ana"})
    do(TakeRole, incident, role="commander", person=ana.ref)
    do(OfferRole, incident, role="commander", to=BEN, by=ana.ref, summary="Watching")
    do(EnterPhase, incident, phase="mitigation")
    do(StateImpact, incident, text="Fewer clicks", unit="points", best=-8.0)
    do(PostUpdate, incident, text="We know why")
    do(AddFollowUp, incident, follow_up=str(UUID(int=9)), title="Alert", owner=ana.ref)
    breached(incident)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        page = queries.detail(incident, START)
    assert len(asked) <= 12
    assert page is not None
    assert page.card.commander == queries.Named(ana.ref, "Ana")
    commander = page.roles[0]
    assert (commander.role, commander.summary) == ("commander", "Watching")
    assert commander.offered_to == queries.Named(BEN, "Somebody")
    assert [phase.phase for phase in page.phases] == ["detection", "mitigation"]
    assert page.phases[0].left_at == page.phases[1].entered_at
    assert [role.person for role in page.roles[1:]] == [None, None, None]
    assert (page.impacts[0].best, page.updates[0].text) == (-8.0, "We know why")
    assert page.follow_ups[0].due_at == START + timedelta(days=90)
    assert page.onset_best == START


def test_there_is_no_page_without_an_incident() -> None:
    assert queries.detail(str(UUID(int=404)), START) is None
    assert queries.version_of(str(UUID(int=404))) is None


def test_a_reopened_incident_is_live_again() -> None:
    incident = begun()
    do(Resolve, incident, outcome="fixed")
    do(Close, incident, exception="Nothing to learn")
    do(Reopen, incident, reason="It is back")
    card = queries.active(START).cards[0]
    assert (card.phase, card.resolved_at, card.closed_at) == ("troubleshooting", None, None)


def test_messages_come_in_windows(ana: Player) -> None:
    incident = begun()
    for count in range(5):
        say(incident, ana.ref, f"c{count}", f"Message {count}", START)
    newest = queries.messages(incident, limit=2)
    assert [m.text for m in newest.messages] == ["Message 3", "Message 4"]
    assert (newest.earlier, newest.later) == (True, False)
    before = queries.messages(incident, before=newest.messages[0].version, limit=9)
    assert [m.text for m in before.messages] == ["Message 0", "Message 1", "Message 2"]
    after = queries.messages(incident, after=before.messages[0].version, limit=2)
    assert [m.text for m in after.messages] == ["Message 1", "Message 2"]
    assert (after.earlier, after.later) == (True, True)
    assert after.messages[0].author.name == "Ana"


def test_a_client_id_is_posted_once_for_ever(ana: Player) -> None:
    incident = begun()
    first = say(incident, ana.ref, "c1", "Rolled back", START)
    again = say(incident, ana.ref, "c1", "Rolled back", now())
    assert again.repeated
    assert again.version == first.version
    assert len(queries.messages(incident).messages) == 1


def test_a_mention_reaches_people_and_roles(ana: Player, bo: Player) -> None:
    incident = begun()
    do(TakeRole, incident, role="commander", person=ana.ref)
    say(incident, bo.ref, "c1", "@ic and @BO and @nobody, look: `@olga`", START)
    message = queries.messages(incident).messages[0]
    assert message.mentions == [bo.ref, ana.ref]
    assert 'data-role="commander"' in message.html


def test_a_redacted_message_is_a_marker_here_and_in_the_log(ana: Player) -> None:
    incident = begun()
    say(incident, ana.ref, "c1", "My password is hunter2", START)
    said = queries.messages(incident).messages[0]
    redact(
        RedactMessage(incident=incident, at=START, message=str(said.id), by=ana.ref, reason="Oops"),
        Context.by(ana.ref),
    )
    shown = queries.messages(incident).messages[0]
    assert (shown.text, shown.html, shown.reason) == ("", "", "Oops")
    assert shown.redacted_by == queries.Named(ana.ref, "Ana")
    told = [entry.sentence for entry in queries.timeline(incident).entries]
    assert "wrote a message, since removed" in told
    assert not any("hunter2" in sentence for sentence in told)


def test_the_timeline_is_the_log_in_words_page_by_page(ana: Player) -> None:
    incident = begun()
    do(TakeRole, incident, role="commander", person=ana.ref)
    do(EnterPhase, incident, phase="mitigation")
    first = queries.timeline(incident, limit=2)
    assert [entry.sentence for entry in first.entries] == [
        "declared SEV2 “Search finds nothing”",
        "took command",
    ]
    assert first.next == 2
    rest = queries.timeline(incident, after=2)
    assert [(e.version, e.icon, e.key) for e in rest.entries] == [(3, "phase", True)]
    assert rest.next is None


def test_what_may_be_the_same_is_offered() -> None:
    same = begun("Search results are empty", subjects=[MODEL])
    begun("Invoices are late")
    found = queries.possible_duplicates("Empty search results", START)
    assert [str(similar.card.id) for similar in found] == [same]
    by_subject = queries.possible_duplicates("Weird", START, [MODEL])
    assert by_subject[0].why == f"about {MODEL} too"
    assert queries.possible_duplicates("Weird", START) == []
