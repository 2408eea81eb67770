"""What incidents do when others speak: a page-level breach is declared within seconds."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from eventlog.clock import now
from eventlog.core import Context
from eventlog.reactions import context_of, reacts_to
from eventlog.records import Record
from experiments.events import StopNotObserved, StopObserved
from incidents.declaring import Breach, record_recovery, take_in
from incidents.policy import SEVERITY_OF_STOPS, STOPS_THAT_DECLARE, TITLE_LIMIT, declares
from monitoring.events import BreachClosed, BreachOpened

NAME = "incidents.follow_breaches"
STOPS = uuid.UUID("6f2b0a5e-6a53-5d0e-8f0e-3f9c1f2f6c11")


# One reaction for both, so that the end of a breach never overtakes its beginning.
@reacts_to(BreachOpened, BreachClosed)
def follow_breaches(event: BreachOpened | BreachClosed, record: Record, context: Context) -> None:
    """Declares or attaches a breach that calls for it, and records when it is over."""
    if isinstance(event, BreachClosed):
        closed_at = datetime.fromisoformat(event.closed_at)
        record_recovery(event.breach, record.stream, closed_at, event.sentence, now(), context)
    elif declares(event.urgency):
        take_in(_breach(event, record), now(), context, context_of(NAME, record, "attach"))


@reacts_to(StopObserved, StopNotObserved)
def declare_stopped(
    event: StopObserved | StopNotObserved, record: Record, context: Context
) -> None:
    """Declares an incident for an experiment that harmed or crashed, once everybody has the default.

    Where that was not seen in time it declares as well, and says so.
    """
    if event.cause not in STOPS_THAT_DECLARE:
        return
    seen = isinstance(event, StopObserved)
    told = (
        f"Everybody was seen on the default after {event.seconds:.0f} s."
        if isinstance(event, StopObserved)
        else f"That everybody is on the default was not seen: {event.sentence}"
    )
    stopped_at = record.occurred_at - timedelta(seconds=event.seconds)
    stopped = Breach(
        # Whether or not it was seen in time, and seen after all: it is one stop.
        breach=str(uuid.uuid5(STOPS, f"{record.stream} {stopped_at.isoformat()}")),
        monitor=record.stream,
        monitor_name=event.title,
        title=_shortened(f"Experiment {event.title}: stopped for {event.cause}"),
        sentence=f"{event.reason} {told}",
        urgency="page",
        severity=SEVERITY_OF_STOPS if seen else None,
        environment=event.environment,
        subjects=[event.flag],
        opened_at=stopped_at,
        onset={"best": stopped_at.isoformat(), "basis": "the experiment was stopped"},
    )
    name = "incidents.declare_stopped"
    take_in(stopped, now(), context, context_of(name, record, "attach"))
    if seen:
        record_recovery(
            stopped.breach,
            record.stream,
            record.occurred_at,
            "Everybody was seen on the default.",
            now(),
            context_of(name, record, "recover"),
        )


def _breach(event: BreachOpened, record: Record) -> Breach:
    return Breach(
        breach=event.breach,
        monitor=record.stream,
        monitor_name=event.name,
        title=_title(event),
        sentence=event.sentence,
        urgency=event.urgency,
        severity=event.severity,
        environment=event.environment,
        subjects=event.subjects,
        opened_at=datetime.fromisoformat(event.onset),
        onset=_onset(event),
    )


def _onset(event: BreachOpened) -> dict[str, str]:
    if event.began is None:
        return {"best": event.onset, "basis": f"breach of {event.name}"}
    return {**event.began, "basis": f"change point of {event.series}, 90 % interval"}


def _title(event: BreachOpened) -> str:
    # What comes after a colon are the monitor's reasons, which the attached breach shows.
    words = event.sentence.partition(": ")[0].rstrip(".")
    return _shortened(f"{event.name}: {words[:1].lower()}{words[1:]}")


def _shortened(title: str) -> str:
    return title if len(title) <= TITLE_LIMIT else title[: TITLE_LIMIT - 1] + "…"
