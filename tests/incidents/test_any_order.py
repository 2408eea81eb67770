"""Whatever is asked in whatever order, only refusals escape and every event applies."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from eventlog.core import Command, Refused, canonical, field_names, restore
from incidents import commands
from incidents.state import (
    AREAS,
    AUDIENCES,
    CAUSES,
    CONFIDENCES,
    FEASIBILITIES,
    FUNCTIONS,
    INTENTS,
    LIVE_PHASES,
    OUTCOMES,
    PHASES,
    PRIORITIES,
    ROLES,
    SECTIONS,
    SIDES,
    STANDINGS,
    VALUES,
    Incident,
)
from tests.incidents.cast import ANA, AT, BEN, CY, ID, LATER

people = st.sampled_from([ANA, BEN, CY])
texts = st.sampled_from(["", " ", "Looking", "a\x00", "\ud800"]) | st.text(max_size=20)
names = st.sampled_from(["1", "2", "3"])


def choice(*values: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from([*values, "nonsense"])


FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "incident": st.just(ID),
    "at": st.just(AT),
    "number": st.just(7),
    "severity": st.integers(-1, 6),
    "hypothesis": names,
    "evidence": names,
    "side": choice(*SIDES),
    "status": choice(*STANDINGS),
    "cause": choice("", *CAUSES),
    "entities": st.lists(texts | st.just("model:x"), max_size=2),
    "link": texts | st.just("https://x.test/1"),
    "place": st.integers(-1, 4),
    "declared_by": people,
    "kind": choice("real", "drill"),
    "environment": texts,
    "subjects": st.lists(names, max_size=2),
    "dedup_key": names,
    "onset": st.none() | st.fixed_dictionaries({"best": texts}),
    "commander": people,
    "trigger": st.none(),
    "breach": names,
    "monitor": names,
    "monitor_name": names,
    "sentence": st.just("Click-through is low"),
    "opened_at": st.just(AT),
    "recovered_at": st.just(LATER),
    "urgency": choice("page", "notify"),
    "role": choice(*ROLES),
    "person": people,
    "instead_of": people | st.just(""),
    "to": people,
    "by": people,
    "function": choice(*FUNCTIONS),
    "phase": choice(*PHASES, *LIVE_PHASES),
    "low": st.none() | st.floats(),
    "best": st.none() | st.floats(),
    "high": st.none() | st.floats(),
    "audience": choice(*AUDIENCES),
    "message": names,
    "author": people,
    "client_id": names,
    "mentions": st.lists(people, max_size=2),
    "roles": st.lists(choice(*ROLES), max_size=2),
    "privileged": st.booleans(),
    "follow_up": names,
    "priority": choice(*PRIORITIES),
    "intent": choice(*INTENTS),
    "owner": people | st.just(""),
    "area": choice("", *AREAS),
    "due_at": st.sampled_from([None, AT, LATER, LATER.replace(tzinfo=None)]),
    "value": choice(*VALUES),
    "feasibility": choice(*FEASIBILITIES),
    "tracker": st.sampled_from(["", "https://tracker.example/7", "tracker"]),
    "section": choice(*SECTIONS),
    "revision": st.integers(0, 3),
    "outcome": choice(*OUTCOMES),
    "confidence": choice(*CONFIDENCES),
    "verified": st.booleans(),
    "duplicate_of": st.integers(0, 9),
}
ALL = [
    kind
    for kind in vars(commands).values()
    if isinstance(kind, type)
    and issubclass(kind, commands.IncidentCommand)
    and kind is not commands.IncidentCommand
]
START = commands.Declare(incident=ID, at=AT, number=7, title="Search", severity=2, declared_by=ANA)


@st.composite
def any_command(draw: st.DrawFn) -> Command[Incident]:
    kind = draw(st.sampled_from(ALL))
    return kind(**{name: draw(FIELDS.get(name, texts)) for name in field_names(kind)})


@settings(max_examples=200, deadline=None)
@given(st.lists(any_command(), max_size=25))
def test_any_order_of_commands_is_decided_or_refused(sequence: list[Command[Incident]]) -> None:
    state, refusals = Incident(), []
    for command in [START, *sequence]:
        try:
            decided = command.decide(state)
        except Refused as refusal:
            refusals.append(refusal)
            continue
        for event in decided:
            payload = event.payload()
            assert restore(event.type, event.schema, payload) == event
            assert canonical(payload)
            state = event.evolve(state)
    assert all(refusal.code and refusal.message for refusal in refusals)
    assert set(state.holders) <= set(ROLES)
    assert state.phase in PHASES
