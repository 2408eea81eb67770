"""What monitoring does when something is said of the world outside, or something is changed."""

from __future__ import annotations

import uuid
from datetime import datetime

from access.changes import kinds as kinds_of_changes
from eventlog import store
from eventlog.clock import now
from eventlog.core import Context
from eventlog.followers import Follower, register
from eventlog.reactions import context_of, reacts_to
from eventlog.reading import read_stream
from eventlog.records import Record
from monitoring import commands, happenings, hooks, late
from monitoring.events import HappeningNoted, HappeningWithdrawn
from monitoring.hooks import Change
from monitoring.kinds.change_hook import ChangeHook
from monitoring.models import MonitorRow

CHANGES = "monitoring.follow_changes"
NOTICES = uuid.UUID("b3b1c1ae-6d0b-5f5e-9d0e-6e4fd1c7a9b2")


@reacts_to(HappeningNoted, HappeningWithdrawn)
def learn_again(
    event: HappeningNoted | HappeningWithdrawn, record: Record, context: Context
) -> None:
    """Has monitors judge anew what they learnt from a time that is to be left out, or no longer."""
    told = [each.event for each in read_stream(record.stream)]
    said = [each for each in told if isinstance(each, HappeningNoted)]
    monitors = happenings.leaving_out({each.category for each in said})
    # Wherever it was before it was corrected counts as well.
    since = min(datetime.fromisoformat(each.since) for each in said)
    late.judge_again(monitors, since, now())


def follow_changes(record: Record) -> None:
    """Tells the owners of what depends on something that was changed, where a monitor is to."""
    change = hooks.change_of(record)
    if change is None:
        return
    for row, hook in hooks.hooks_on(change):
        _tell(change, row, hook, context_of(CHANGES, record, str(row.id)))


def _tell(change: Change, row: MonitorRow, hook: ChangeHook, context: Context) -> None:
    at = now()
    dependants = hooks.dependants_of(change.entity, row.subjects, at)
    command = commands.TellOwners(
        notice=str(uuid.uuid5(NOTICES, f"{change.event} {row.id}")),
        at=at,
        monitor=f"monitor:{row.id}",
        name=row.name,
        change=change.event,
        entity=change.entity,
        family=change.family,
        sentence=change.sentence,
        made_at=change.at,
        made_by=change.by,
        dependants=dependants.owners,
        whole=dependants.whole,
        watched_until=change.at + hook.lookback,
    )
    store.execute(command, context)
    if command.watched_until > at:
        hooks.watch_closely([change.entity, *dependants.owners], command.watched_until, at)


# Whatever any app calls a change: they have all declared theirs before reactions are looked for.
register(Follower(CHANGES, tuple(sorted(kinds_of_changes())), follow_changes))
