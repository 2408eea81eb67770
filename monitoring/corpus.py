"""Series with labelled windows, in the layout of the Numenta benchmark, and a kind run over them.

A series is judged as it would be in service: the kind's own `evaluate`, one point after the other.
A detection is a breach that opens, which is what becomes an incident; points at which it merely
goes on are none.
"""

from __future__ import annotations

import csv
import json
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from monitoring.kinds import Kind, Point, Verdict
from monitoring.scoring import PROFILES, Window, earliest_in, probation, raw_score

Span = tuple[datetime, datetime]

PART = 500
SECONDS_OF_30_DAYS = 30 * 86_400
COARSE, FINE = 21, 9


class BadCorpus(ValueError):
    """A file of the corpus cannot be read as what it should be."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """One series: its points in time order, and the spans in which something was wrong."""

    file: str
    points: list[Point]
    windows: list[Span]


@dataclass(frozen=True, slots=True)
class Judged:
    """What a kind made of one series.

    `days` and all counts leave the probation out; `raw` are sums by profile, not yet normalised.
    """

    file: str
    rows: int
    days: float
    windows: int
    hit: int
    detections: list[datetime]
    outside: int
    raw: dict[str, float]
    seconds: float

    def as_json(self) -> dict[str, Any]:
        """The series' part of the result."""
        scores = {
            name: profile.normalised(self.raw[name], self.windows)
            for name, profile in PROFILES.items()
        }
        return {
            "file": self.file,
            "rows": self.rows,
            **scores,
            "windows": self.windows,
            "windows_hit": self.hit,
            "incidents": len(self.detections),
            "incidents_outside": self.outside,
            "incidents_per_30_days": per_30_days(len(self.detections), self.days),
            "raw": self.raw,
            "detections": [at.isoformat() for at in self.detections],
        }


def read_windows(path: Path) -> dict[str, list[Span]]:
    """Labelled spans by file, in UTC. Raises `BadCorpus`."""
    try:
        read = json.loads(path.read_text())
        return {
            file: sorted((_utc(begin), _utc(end)) for begin, end in spans)
            for file, spans in read.items()
        }
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise BadCorpus(f"{path} is no file of windows: {error}") from error


def read_points(path: Path) -> list[Point]:
    """A CSV of ``timestamp,value`` in time order, in UTC; of repeated times the first.

    Raises `BadCorpus`.
    """
    found: dict[datetime, float] = {}
    try:
        with path.open(newline="") as file:
            for row in csv.DictReader(file):
                found.setdefault(_utc(row["timestamp"]), float(row["value"]))
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise BadCorpus(f"{path} is no CSV of timestamp,value: {error!r}") from error
    return [Point(at, found[at]) for at in sorted(found)]


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def root(folder: Path) -> Path:
    """Where the files' names begin: `folder`, or its ``data`` if it has one."""
    return folder / "data" if (folder / "data").is_dir() else folder


def files(folder: Path) -> list[str]:
    """Names of the series below `folder`, as the windows' file has them."""
    base = root(folder)
    return sorted(path.relative_to(base).as_posix() for path in base.rglob("*.csv"))


def read(folder: Path, windows: dict[str, list[Span]]) -> list[Labelled]:
    """The series that are both in the folder and labelled. Raises `BadCorpus`."""
    base = root(folder)
    return [
        Labelled(file, read_points(base / file), windows[file])
        for file in files(folder)
        if file in windows
    ]


def onsets(verdicts: Iterable[Verdict]) -> list[datetime]:
    """The instants at which a breach opened; silence and errors leave it as it was."""
    found, is_breached = [], False
    for verdict in verdicts:
        if verdict.status in ("no_data", "error"):
            continue
        if verdict.status == "breached" and not is_breached:
            found.append(verdict.at)
        is_breached = verdict.status == "breached"
    return found


def run(kind: Kind, points: Sequence[Point]) -> list[Verdict]:
    """Verdicts on a series, in the parts in which the evaluation of a monitor reads it."""
    state, verdicts = kind.start(), []
    for start in range(0, len(points), PART):
        part = points[start : start + PART]
        state, said = kind.evaluate(state, part, part[-1].time)
        verdicts += said
    return verdicts


def judge(series: Labelled, kind: Kind) -> Judged:
    """Runs one series through the kind and holds its detections against the windows."""
    began = time.perf_counter()
    opened = onsets(run(kind, series.points))
    seconds = time.perf_counter() - began
    times = [point.time for point in series.points]
    windows = [rows_of(times, span) for span in series.windows]
    settled = probation(len(times))
    detected = [row for row in (bisect_left(times, at) for at in opened) if row >= settled]
    return Judged(
        file=series.file,
        rows=len(times),
        days=(times[-1] - times[settled]).total_seconds() / 86_400 if times else 0.0,
        windows=len(windows),
        hit=sum(earliest_in(window, detected) is not None for window in windows),
        detections=[times[row] for row in detected],
        outside=sum(not any(a <= row <= b for a, b in windows) for row in detected),
        raw={
            name: raw_score(len(times), windows, detected, profile)
            for name, profile in PROFILES.items()
        },
        seconds=seconds,
    )


def rows_of(times: Sequence[datetime], span: Span) -> Window:
    """First and last row within a span; a span between two rows is taken for the row after it."""
    first = bisect_left(times, span[0])
    return first, max(first, bisect_right(times, span[1]) - 1)


def score(judged: Sequence[Judged], profile: str) -> float:
    """Normalised score of all series together; 0 when none has a window."""
    windows = sum(each.windows for each in judged)
    raw = sum(each.raw[profile] for each in judged)
    return PROFILES[profile].normalised(raw, windows) or 0.0


def per_30_days(count: int, days: float) -> float:
    """A rate; 0 when no time passed."""
    return 30 * count / days if days else 0.0


def summary(judged: Sequence[Judged], threshold: float) -> dict[str, Any]:
    """The result: the three scores, what a responder would have felt, and each series."""
    incidents = sum(len(each.detections) for each in judged)
    seconds = sum(each.seconds for each in judged)
    return {
        **{name: score(judged, name) for name in PROFILES},
        "threshold": threshold,
        "windows": sum(each.windows for each in judged),
        "windows_hit": sum(each.hit for each in judged),
        "incidents": incidents,
        "incidents_outside": sum(each.outside for each in judged),
        "incidents_per_30_days": per_30_days(incidents, sum(each.days for each in judged)),
        "points_per_second": sum(each.rows for each in judged) / seconds if seconds else None,
        "files": [each.as_json() for each in judged],
    }


def best_threshold(low: float, high: float, score_at: Callable[[float], float]) -> float:
    """The threshold between `low` and `high` with the highest score; of equal ones the highest.

    Looks at 21 evenly spread values, then at nine around the best: scores jump with every detection
    that comes or goes, so that nothing is gained by a search for a slope.
    """
    step = (high - low) / (COARSE - 1)
    coarse = _best([low + step * number for number in range(COARSE)], score_at)
    around = [coarse + 2 * step * (number / (FINE - 1) - 0.5) for number in range(FINE)]
    return _best([value for value in around if low <= value <= high], score_at)


def _best(candidates: Sequence[float], score_at: Callable[[float], float]) -> float:
    rounded = [round(value, 6) for value in candidates]
    scores = {value: score_at(value) for value in rounded}
    return max(rounded, key=lambda value: (scores[value], value))
