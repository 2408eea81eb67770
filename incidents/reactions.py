"""What incidents do when a monitor speaks: a page-level breach is declared within seconds."""

from __future__ import annotations

from datetime import datetime

from eventlog.clock import now
from eventlog.core import Context
from eventlog.reactions import context_of, reacts_to
from eventlog.records import Record
from incidents.declaring import Breach, record_recovery, take_in
from incidents.policy import TITLE_LIMIT, declares
from monitoring.events import BreachClosed, BreachOpened

NAME = "incidents.follow_breaches"


# One reaction for both, so that the end of a breach never overtakes its beginning.
@reacts_to(BreachOpened, BreachClosed)
def follow_breaches(event: BreachOpened | BreachClosed, record: Record, context: Context) -> None:
    """Declares or attaches a breach that calls for it, and records when it is over."""
    if isinstance(event, BreachClosed):
        closed_at = datetime.fromisoformat(event.closed_at)
        record_recovery(event.breach, record.stream, closed_at, event.sentence, now(), context)
    elif declares(event.urgency):
        take_in(_breach(event, record), now(), context, context_of(NAME, record, "attach"))


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
    title = f"{event.name}: {words[:1].lower()}{words[1:]}"
    return title if len(title) <= TITLE_LIMIT else title[: TITLE_LIMIT - 1] + "…"
