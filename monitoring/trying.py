"""What the form of a new monitor shows of the past: the breaches that it would have opened."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from eventlog.core import Refused
from monitoring import kinds, pictures, queries
from monitoring.frames import TooMuch
from monitoring.kinds import BadParameter
from monitoring.labels import BadSeries, check_series, fingerprint
from monitoring.replaying import LONGEST, NothingToReplay, Replay, replay
from monitoring.slo.definition import Selector

RANGES = {"7d": "7 days", "30d": "30 days", "90d": "90 days"}
SHOWN = 50


def tried(
    kind: str, parameters: Mapping[str, Any], series: str, labels: Mapping[str, str], over: str
) -> dict[str, Any]:
    """A replay over the last days there are, as the page shows it. Raises `Refused`."""
    over = over if over in RANGES else "30d"
    try:
        check_series(series, labels)
        known = queries.series_named(fingerprint(series, labels))
        reach = queries.extent(known.id) if known else None
        since = reach[1] - timedelta(days=int(over[:-1])) if reach else None
        made = replay(kinds.make(kind, parameters), Selector(series, dict(labels)), since, None)
    except BadParameter as error:
        words = f"{error.field}: {error.message}."
        raise Refused(words, "bad_parameter", f"parameters.{error.field}") from error
    except BadSeries as error:
        raise Refused(str(error), "bad_series", "series") from error
    except (NothingToReplay, TooMuch) as error:
        raise Refused(str(error), "nothing_to_replay", "series") from error
    drawn = pictures.of_series(known, made.since, made.until) if known else None
    if drawn:
        drawn["spans"] += [
            _span(each.onset, each.closed_at or made.until) for each in made.breaches
        ]
    return {
        "over": over,
        "range": RANGES[over],
        "replay": made,
        "picture": drawn,
        "breaches": made.breaches[::-1][:SHOWN],
        "more": max(0, len(made.breaches) - SHOWN),
        "words": _words(made),
    }


def _span(start: datetime, end: datetime) -> tuple[datetime, datetime, str, str]:
    return start, end, "breach", ""


def _words(made: Replay) -> str:
    count = len(made.breaches)
    said = f"{count} breach{'' if count == 1 else 'es'}, {made.breaches_a_month:.3g} a month"
    silent = made.share_without_data
    said += f"; {silent:.0%} of its verdicts say that nothing is known" if silent else ""
    if not made.whole:
        said += f". There was more than {LONGEST:g} s of work, so only this part was judged"
    return said + "."
