"""The retrospective as far as the log can write it: sentences that name their events.

A pure function of what happened. A part without evidence says what is missing, and whatever is
revised or removed in the log reads differently here at once.

    parts = assemble(facts)              # facts: every event of one incident, oldest first
    parts[0].sentences[0].cites          # versions of the events that a sentence rests on

A new kind of event gets its place by one line in `CITED`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from eventlog.core import Event
from incidents import events
from incidents.sentences import OUTCOME_WORDS, SECTION_WORDS, quoted
from incidents.state import LIVE_PHASES, SECTIONS


@dataclass(frozen=True, slots=True)
class Fact:
    """One event with its place, its actor's name, and its sentence with names filled in.

    `event` is an `Event`, or None where this release does not know its type.
    """

    version: int
    at: datetime
    actor: str
    event: Any
    sentence: str

    @property
    def told(self) -> str:
        """Who did what and when, as one sentence."""
        return ended(f"{moment(self.at)}: {self.actor} {self.sentence}")


@dataclass(frozen=True, slots=True)
class Sentence:
    """Words, and the versions of the events that they rest on, at least one."""

    text: str
    cites: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """How long something took, with the interval that an uncertain onset leaves."""

    name: str
    words: str
    best: timedelta
    low: timedelta
    high: timedelta
    cites: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the retrospective: what the log says, and what it does not say."""

    section: str
    title: str
    sentences: list[Sentence] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Story:
    """The facts of one incident, asked by kind."""

    facts: Sequence[Fact]

    def of(self, *kinds: type[Event]) -> list[Fact]:
        return [fact for fact in self.facts if isinstance(fact.event, kinds)]

    def first(self, *kinds: type[Event]) -> Fact | None:
        return next(iter(self.of(*kinds)), None)

    def last(self, *kinds: type[Event]) -> Fact | None:
        return next(reversed(self.of(*kinds)), None)

    @property
    def declared(self) -> Fact:
        found = self.first(events.IncidentDeclared)
        assert found is not None, "every incident begins with its declaration"
        return found

    @property
    def resolved(self) -> Fact | None:
        """The resolution that stands: the last one, if nobody reopened afterwards."""
        last = self.last(events.IncidentResolved, events.IncidentReopened)
        return last if last and isinstance(last.event, events.IncidentResolved) else None


# What a part tells event by event, and what it says when there is none.
CITED: dict[str, tuple[tuple[type[Event], ...], str]] = {
    "impact": ((events.ImpactStated,), "Nobody stated the impact: who was hurt, and how much."),
    "roles": (
        (
            events.RoleTaken,
            events.RoleOffered,
            events.RoleAccepted,
            events.RoleDeclined,
            events.RoleReleased,
            events.ParticipantJoined,
        ),
        "Nobody took a role.",
    ),
    "detection": (
        (events.BreachAttached, events.BreachRecovered),
        "No breach of a monitor is attached: what people noticed it by is not recorded.",
    ),
    "told": ((events.UpdatePosted,), "No audience was told anything."),
    "decisions": (
        (
            events.SeverityChanged,
            events.IncidentResolved,
            events.IncidentReopened,
            events.IncidentClosed,
        ),
        "No decision is recorded.",
    ),
    "causes": (
        (
            events.HypothesisProposed,
            events.EvidenceAdded,
            events.EvidenceWithdrawn,
            events.HypothesisJudged,
        ),
        "No hypothesis is recorded.",
    ),
    "follow_ups": (
        (
            events.FollowUpAdded,
            events.FollowUpChanged,
            events.FollowUpPlaced,
            events.FollowUpDone,
            events.FollowUpDropped,
            events.FollowUpReopened,
        ),
        "No follow-up is recorded.",
    ),
}
ONLY_PEOPLE = {
    "well": "Nobody has written what went well.",
    "badly": "Nobody has written what went badly.",
    "luckily": "Nobody has written where we were lucky.",
}


def assemble(facts: Sequence[Fact]) -> list[Part]:
    """Every part in its order, from all events of one incident, oldest first."""
    story = Story(facts)
    return [_part(section, story) for section in SECTIONS]


def _part(section: str, story: Story) -> Part:
    part = Part(section, SECTION_WORDS[section])
    if section in CITED:
        kinds, nothing = CITED[section]
        part.sentences.extend(Sentence(f.told, (f.version,)) for f in story.of(*kinds))
        part.missing.extend([] if part.sentences else [nothing])
    elif section in ONLY_PEOPLE:
        part.missing.append(ONLY_PEOPLE[section])
    for line in WRITERS[section](story) if section in WRITERS else ():
        if isinstance(line, str):
            part.missing.append(line)
        else:
            part.sentences.append(line)
    return part


Lines = Iterator[Sentence | str]


def _summary(story: Story) -> Lines:
    declared = story.declared.event
    kind = " drill" if declared.kind == "drill" else ""
    yield Sentence(
        f"SEV{declared.severity}{kind} {quoted(declared.title)} was declared by"
        f" {story.declared.actor} on {moment(story.declared.at)}.",
        (story.declared.version,),
    )
    for fact in story.of(events.IncidentRetitled):
        yield Sentence(fact.told, (fact.version,))
    command = story.first(events.RoleTaken, events.RoleAccepted)
    if command is None:
        yield "Nobody took a role, command included."
    resolved = story.resolved
    if resolved is None:
        yield "It is not resolved."
        return
    outcome = resolved.event
    lasted = length(resolved.at - story.declared.at)
    summary = f" {outcome.summary}" if outcome.summary else ""
    yield Sentence(
        ended(f"{lasted} later it was resolved: {OUTCOME_WORDS[outcome.outcome]}.{summary}"),
        (story.declared.version, resolved.version),
    )


def _impact(story: Story) -> Lines:
    stated = story.of(events.ImpactStated)
    if stated and not any(f.event.best is not None for f in stated):
        yield "No estimate has a figure."


def _causes(story: Story) -> Lines:
    judged = {fact.event.hypothesis: fact for fact in story.of(events.HypothesisJudged)}
    if not any(f.event.status in ("root cause", "contributing") for f in judged.values()):
        yield "No cause is recorded: no hypothesis is called the root cause or contributing."


def _phases(story: Story) -> Lines:
    yield _onset(story)
    boundaries = _boundaries(story)
    for (name, fact), (_, end) in pairwise(boundaries):
        yield Sentence(
            f"{name.capitalize()}: {moment(fact.at)} to {moment(end.at)},"
            f" {length(end.at - fact.at)}.",
            (fact.version, end.version),
        )
    name, fact = boundaries[-1]
    yield Sentence(f"{name.capitalize()}: since {moment(fact.at)}.", (fact.version,))
    skipped = [phase for phase in LIVE_PHASES if phase not in {name for name, _ in boundaries}]
    if skipped:
        yield f"Not entered: {', '.join(skipped)}."
    measured = spans(story.facts)
    for span in measured:
        yield Sentence(f"{span.name}: {span_words(span)}, {span.words}.", span.cites)
    names = {span.name for span in measured}
    yield from (text for name, text in NOT_MEASURED.items() if name not in names)


def _onset(story: Story) -> Sentence | str:
    event = story.declared.event
    onset = event.onset or {}
    if not onset.get("best"):
        return "When the outage began is not recorded; lengths count from the declaration."
    best = moment(datetime.fromisoformat(onset["best"]))
    early, late = (onset.get(end) for end in ("earliest", "latest"))
    between = ""
    if early and late:
        ends = (moment(datetime.fromisoformat(end)) for end in (early, late))
        between = " (between {} and {})".format(*ends)
    basis = onset.get("basis") or "nobody named"
    return Sentence(f"Outage began: {best}{between}, says {basis}.", (story.declared.version,))


def _boundaries(story: Story) -> list[tuple[str, Fact]]:
    """Phases with the event that began each."""
    found: list[tuple[str, Fact]] = []
    for fact in story.facts:
        phase = _phase_begun(fact.event)
        if phase and (not found or found[-1][0] != phase):
            found.append((phase, fact))
    return found


def _phase_begun(event: Any) -> str:
    match event:
        case events.IncidentDeclared():
            return "detection"
        case events.PhaseEntered() | events.IncidentReopened():
            return event.phase
        case events.IncidentResolved():
            return "follow-up"
        case events.IncidentClosed():
            return "closed"
    return ""


def _roles(story: Story) -> Lines:
    vacant, cites = _without_commander(story)
    if vacant:
        yield Sentence(f"Without a commander for {length(vacant)} in all.", cites)


def _told(story: Story) -> Lines:
    updates = story.of(events.UpdatePosted)
    if updates:
        first = updates[0]
        after = length(first.at - story.declared.at)
        cites = (story.declared.version, first.version)
        yield Sentence(f"The first update came {after} after the declaration.", cites)


def _questions(story: Story) -> Lines:
    """What is asked after every incident with models in it; INC-23 of the specification."""
    yield "Conditions before: nobody has recorded what made it possible."
    onset = _onset(story)
    yield (
        onset
        if isinstance(onset, str)
        else Sentence(f"How the start is known. {onset.text}", onset.cites)
    )
    breaches = story.of(events.BreachAttached)
    if breaches:
        cites = tuple(fact.version for fact in breaches)
        count = f"{len(breaches)} breach{'es' if len(breaches) > 1 else ''} of monitors"
        yield Sentence(f"Detected by {count}.", cites)
    else:
        yield "Detected by: no monitor; how people noticed it is not recorded."
    helpers = story.of(events.ParticipantJoined, events.RoleTaken, events.RoleAccepted)
    if helpers:
        names = ", ".join(dict.fromkeys(fact.actor for fact in helpers))
        yield Sentence(f"Worked on by {names}.", tuple(fact.version for fact in helpers))
    impact = story.last(events.ImpactStated)
    if impact:
        stated = impact.event
        yield Sentence(ended(f"Cost to users: {stated.text}"), (impact.version,))
    else:
        yield "Cost to users: not stated."
    if resolved := story.resolved:
        outcome = resolved.event
        checked = "somebody checked" if outcome.verified else "nobody checked"
        words = f"Confidence in the resolution: {outcome.confidence}, and {checked} it."
        yield Sentence(words, (resolved.version,))
    else:
        yield "Confidence in the resolution: it is not resolved."
    work = story.of(events.FollowUpAdded)
    if work:
        fixes = sum(fact.event.intent == "fix" for fact in work)
        words = f"Of {len(work)} follow-ups {fixes} fix and {len(work) - fixes} improve."
        yield Sentence(words, tuple(fact.version for fact in work))
    else:
        yield "Fixing or improving: no follow-up says."


WRITERS: dict[str, Callable[[Story], Lines]] = {
    "summary": _summary,
    "impact": _impact,
    "causes": _causes,
    "phases": _phases,
    "roles": _roles,
    "told": _told,
    "questions": _questions,
}


# How long things took


NOT_MEASURED = {
    "To command": "To command: nobody took command.",
    "To mitigate": "To mitigate: it never left the phase of mitigation, or never entered it.",
    "To resolve": "To resolve: it is not resolved.",
    "To recover": "To recover: no monitor has recorded that it is back in band.",
}


def spans(facts: Sequence[Fact]) -> list[Span]:
    """Lengths from the onset (or the declaration) on; those that cannot be told are left out."""
    story = Story(facts)
    declared = story.declared
    found = [_since_onset(story, "To declare", declared.at, declared)]
    commander = next((f for f in facts if _takes_command(f.event)), None)
    if commander:
        took = commander.at - declared.at
        cites = (declared.version, commander.version)
        found.append(Span("To command", "from the declaration", took, took, took, cites))
    if mitigated := _mitigated(story):
        found.append(_since_onset(story, "To mitigate", mitigated.at, mitigated))
    if resolved := story.resolved:
        found.append(_since_onset(story, "To resolve", resolved.at, resolved))
    if recovered := _recovered(story):
        at = datetime.fromisoformat(recovered.event.recovered_at)
        found.append(_since_onset(story, "To recover", at, recovered))
    return found


def _since_onset(story: Story, name: str, end: datetime, fact: Fact) -> Span:
    event = story.declared.event
    onset = event.onset or {}
    best = onset.get("best")
    cites = tuple(dict.fromkeys((story.declared.version, fact.version)))
    began = datetime.fromisoformat(best) if best else story.declared.at
    early, late = (
        datetime.fromisoformat(onset[key]) if onset.get(key) else began
        for key in ("earliest", "latest")
    )
    words = "from the onset" if best else "from the declaration"
    low, mid, high = (max(end - start, timedelta()) for start in (late, began, early))
    return Span(name, words, mid, low, high, cites)


def _mitigated(story: Story) -> Fact | None:
    """When the last phase of mitigation was left for a later one."""
    last = None
    for (name, _), (_, end) in pairwise(_boundaries(story)):
        last = end if name == "mitigation" else last
    return last


def _recovered(story: Story) -> Fact | None:
    """The last recovery, once every attached breach has one."""
    ended_breaches = {f.event.breach: f for f in story.of(events.BreachRecovered)}
    attached = {f.event.breach for f in story.of(events.BreachAttached)}
    if not attached or not attached <= set(ended_breaches):
        return None
    return max(ended_breaches.values(), key=lambda f: datetime.fromisoformat(f.event.recovered_at))


def _takes_command(event: Any) -> bool:
    taken = isinstance(event, events.RoleTaken | events.RoleAccepted)
    return taken and event.role == "commander"


def _without_commander(story: Story) -> tuple[timedelta, tuple[int, ...]]:
    """How long nobody commanded while the response went on, and the events that bound it."""
    total, cites = timedelta(), list[int]()
    since: Fact | None = story.declared
    for fact in story.facts:
        ends = _takes_command(fact.event) or isinstance(fact.event, events.IncidentResolved)
        begins = (
            isinstance(fact.event, events.RoleReleased) and fact.event.role == "commander"
        ) or isinstance(fact.event, events.IncidentReopened)
        if ends and since:
            total += fact.at - since.at
            cites += [since.version, fact.version]
            since = None
        elif begins and not since:
            since = fact
    return max(total, timedelta()), tuple(dict.fromkeys(cites))


# Words


def moment(at: datetime) -> str:
    """A time in UTC, to the second."""
    return f"{at.astimezone(UTC):%-d %B %Y, %H:%M:%S} UTC"


def length(span: timedelta) -> str:
    """A length of time in at most two units."""
    seconds = int(span.total_seconds())
    days, hours, minutes = seconds // 86_400, seconds // 3_600 % 24, seconds // 60 % 60
    if days:
        return f"{days} d {hours} h"
    if seconds >= 3_600:
        return f"{hours} h {minutes} min"
    return f"{minutes} min" if minutes else f"{seconds} s"


def span_words(span: Span) -> str:
    """A length, with its interval where it has one."""
    if span.low == span.high:
        return length(span.best)
    return f"{length(span.best)} ({length(span.low)} … {length(span.high)})"


def ended(text: str) -> str:
    """A sentence with its full stop."""
    text = text.rstrip()
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."
