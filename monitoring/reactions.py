"""What monitoring does when something is said of the world outside."""

from __future__ import annotations

from datetime import datetime

from eventlog.clock import now
from eventlog.core import Context
from eventlog.reactions import reacts_to
from eventlog.reading import read_stream
from eventlog.records import Record
from monitoring import happenings, late
from monitoring.events import HappeningNoted, HappeningWithdrawn


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
