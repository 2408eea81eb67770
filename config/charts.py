"""Charts as SVG text: geometry in attributes, colour by class, so that they print and follow themes.

x is in per cent of the width and y in pixels: text keeps its size at any width. Lines that must
stretch lie in an inner drawing of 1000 units that is scaled sideways only.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from django.utils.html import escape

CELLS = 320
TOP, BOTTOM = 14, 26
STEPS_S = (60, 300, 900, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 86_400, 2 * 86_400, 7 * 86_400)


class Cell(NamedTuple):
    """What was measured in one slice of time: lowest, mean and highest value."""

    time: datetime
    low: float
    mean: float
    high: float


class Band(NamedTuple):
    """What was acceptable at a time; None where there is no bound, or nothing was expected."""

    time: datetime
    low: float | None
    expected: float | None
    high: float | None


class Span(NamedTuple):
    """A stretch of time: `kind` is ``breach``, ``nodata`` or ``shade``."""

    start: datetime
    end: datetime
    kind: str
    label: str = ""


class Mark(NamedTuple):
    """An instant, ``accent`` for an estimate and ``bad`` for what is bad now."""

    time: datetime
    label: str = ""
    kind: str = "accent"


@dataclass(frozen=True)
class Picture:
    """What a time chart shows; `words` is the same for those who do not see it.

    `key` tells the charts of one page apart.
    """

    since: datetime
    until: datetime
    cells: Sequence[Cell]
    words: str
    band: Sequence[Band] = ()
    bound: float | None = None
    spans: Sequence[Span] = ()
    marks: Sequence[Mark] = ()
    onset: tuple[datetime, datetime, datetime] | None = None
    unit: str = ""
    name: str = ""
    last: str = ""
    height: int = 220
    axis: bool = True
    key: str = "chart"


def cells_of(points: Iterable[tuple[datetime, float]], count: int = CELLS) -> list[Cell]:
    """At most about `count` cells of points in time order; each keeps its extremes."""
    finite = [(at, value) for at, value in points if math.isfinite(value)]
    if len(finite) <= count:
        return [Cell(at, value, value, value) for at, value in finite]
    size = math.ceil(len(finite) / count)
    groups = (finite[start : start + size] for start in range(0, len(finite), size))
    return [_cell(group) for group in groups]


def _cell(group: Sequence[tuple[datetime, float]]) -> Cell:
    values = [value for _, value in group]
    return Cell(group[0][0], min(values), math.fsum(values) / len(values), max(values))


def time_chart(picture: Picture) -> str:
    """The picture as an `<svg>`: no data hatched, breaches shaded, the acceptable range tinted."""
    frame = _Frame(picture)
    parts = [
        f'<svg class="chart" height="{picture.height}" role="img" aria-label="{escape(picture.words)}">',
        _definitions(picture),
        _range_area(frame),
        *_spans(frame),
        *_onset(frame),
        *(_grid(frame) if picture.axis else _baseline(frame)),
        *_times(frame),
        _lines(frame),
        *_marks(frame),
        *_titles(frame),
        "</svg>",
    ]
    return "\n".join(part for part in parts if part)


def spark(values: Sequence[float], bad_from: int | None, words: str) -> str:
    """A small line without axes, red from the index `bad_from` on."""
    if len(values) < 2:
        return '<span class="nodata spark"></span>'
    low, high = min(values), max(values)
    width = 68 / (len(values) - 1)
    points = [
        (2 + index * width, 17 - 14 * ((value - low) / (high - low) if high > low else 0.5))
        for index, value in enumerate(values)
    ]
    split = len(points) if bad_from is None else max(bad_from, 0)
    bad = " c-dot--bad" if split < len(points) else ""
    x, y = points[-1]
    return (
        f'<svg class="spark" viewBox="0 0 72 20" role="img" aria-label="{escape(words)}">'
        + _path(points[: split + 1], "c-line")
        + _path(points[split:], "c-line c-line--bad")
        + f'<circle class="c-dot{bad}" cx="{x:.1f}" cy="{y:.1f}" r="2"/></svg>'
    )


class _Frame:
    """Where a time and a value lie."""

    def __init__(self, picture: Picture):
        self.picture = picture
        self.top, self.bottom = TOP, picture.height - (BOTTOM if picture.axis else 4)
        self.seconds = max((picture.until - picture.since).total_seconds(), 1.0)
        self.low, self.high = _range(picture)

    def x(self, at: datetime) -> float:
        """Per cent of the width."""
        share = (at - self.picture.since).total_seconds() / self.seconds
        return round(100 * min(max(share, 0.0), 1.0), 3)

    def y(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return round(self.bottom - (self.bottom - self.top) * min(max(share, 0.0), 1.0), 1)

    def shows(self, at: datetime) -> bool:
        return self.picture.since <= at <= self.picture.until


def _range(picture: Picture) -> tuple[float, float]:
    shown = [value for cell in picture.cells for value in (cell.low, cell.high)]
    shown += [value for value in (picture.bound,) if value is not None]
    if not shown:
        return 0.0, 1.0
    low, high = min(shown), max(shown)
    # The acceptable range is shown as far as it is near: a wide one must not flatten the data.
    reach = (high - low) or abs(high) or 1.0
    near = [v for b in picture.band for v in (b.low, b.high) if v is not None]
    low = min([low, *(v for v in near if v > low - reach)])
    high = max([high, *(v for v in near if v < high + reach)])
    margin = (high - low) * 0.06 or abs(high) * 0.1 or 1.0
    return low - margin, high + margin


def _definitions(picture: Picture) -> str:
    out = (
        f'<defs><pattern id="hatch-{picture.key}" width="5" height="5" patternUnits="userSpaceOnUse" '
        'patternTransform="rotate(45)"><rect class="c-hatch-bg" width="5" height="5"/>'
        '<line class="c-hatch" y2="5"/></pattern>'
    )
    if picture.onset:
        early, best, late = picture.onset
        share = (best - early) / (late - early) if late > early else 0.5
        out += (
            f'<linearGradient id="onset-{picture.key}"><stop class="fz" offset="0"/>'
            f'<stop class="fz fz--peak" offset="{share:.2f}"/><stop class="fz" offset="1"/>'
            "</linearGradient>"
        )
    return out + "</defs>"


def _spans(frame: _Frame) -> Iterable[str]:
    height = frame.bottom - frame.top
    for span in frame.picture.spans:
        left, right = frame.x(span.start), frame.x(span.end)
        fill = {
            "breach": 'class="c-area--bad"',
            "nodata": f'fill="url(#hatch-{frame.picture.key})"',
        }.get(span.kind, 'class="c-shade"')
        width = max(right - left, 0.15)
        yield f'<rect {fill} x="{left}%" width="{width:.3f}%" y="{frame.top}" height="{height}"/>'
        if span.label:
            yield _label(left, frame.top + 11, span.label, right_of=left < 75)


def _onset(frame: _Frame) -> Iterable[str]:
    if not frame.picture.onset:
        return
    early, best, late = (frame.x(at) for at in frame.picture.onset)
    height = frame.bottom - frame.top
    width = max(late - early, 0.3)
    yield f'<rect fill="url(#onset-{frame.picture.key})" x="{early}%" width="{width:.3f}%" y="{frame.top}" height="{height}"/>'
    yield _upright("c-tick c-tick--accent", best, frame)


def _grid(frame: _Frame) -> Iterable[str]:
    for value in nice_ticks(frame.low, frame.high, max(2, frame.picture.height // 55)):
        y = frame.y(value)
        yield f'<line class="c-grid" x1="0" x2="100%" y1="{y}" y2="{y}"/>'
        if y > frame.top + 16:
            yield f'<text x="0" y="{y - 4}">{escape(tick_text(value))}</text>'
    yield from _baseline(frame)


def _baseline(frame: _Frame) -> Iterable[str]:
    y = frame.bottom
    yield f'<line class="c-axis" x1="0" x2="100%" y1="{y}" y2="{y}"/>'


def _times(frame: _Frame) -> Iterable[str]:
    for index, at in enumerate(time_ticks(frame.picture.since, frame.picture.until)):
        x = frame.x(at)
        yield _upright("c-grid", x, frame)
        if not frame.picture.axis or x < 3 or x > 97:
            continue
        day = (at.hour == 0 and at.minute == 0) or frame.seconds > 7 * 86_400
        form, text = ("daymonth", f"{at:%-d %b}") if day else ("clock", f"{at:%H:%M}")
        wide = ' class="c-wide"' if index % 2 else ""
        yield (
            f'<text x="{x}%" y="{frame.bottom + 18}" text-anchor="middle" data-time="{form}" '
            f'data-at="{at.isoformat().replace("+00:00", "Z")}"{wide}>{text}</text>'
        )


def _stretched(frame: _Frame, drawing: str) -> str:
    """A drawing of 1000 units' width that is scaled sideways only."""
    height = frame.picture.height
    return (
        f'<svg viewBox="0 0 1000 {height}" width="100%" height="{height}" '
        f'preserveAspectRatio="none">{drawing}</svg>'
    )


def _lines(frame: _Frame) -> str:
    picture = frame.picture
    expected = [
        (10 * frame.x(b.time), frame.y(b.expected)) for b in picture.band if b.expected is not None
    ]
    out = _path(expected, "c-line c-line--base")
    for run in _runs(picture.cells):
        out += _envelope(frame, run)
        for bad, part in _by_breach(frame, run):
            line = [(10 * frame.x(cell.time), frame.y(cell.mean)) for cell in part]
            out += _path(line, "c-line c-line--bad" if bad else "c-line")
    if picture.bound is not None:
        y = frame.y(picture.bound)
        out += f'<line class="c-rule c-rule--bad" x1="0" x2="1000" y1="{y}" y2="{y}"/>'
    return _stretched(frame, out)


def _range_area(frame: _Frame) -> str:
    band = [b for b in frame.picture.band if b.low is not None or b.high is not None]
    if len(band) < 2:
        return ""
    over = [
        (10 * frame.x(b.time), frame.y(b.high) if b.high is not None else frame.top) for b in band
    ]
    under = [
        (10 * frame.x(b.time), frame.y(b.low) if b.low is not None else frame.bottom) for b in band
    ]
    return _stretched(frame, _path([*over, *reversed(under)], "c-area--accent", close=True))


def _envelope(frame: _Frame, run: Sequence[Cell]) -> str:
    if all(cell.low == cell.high for cell in run):
        return ""
    over = [(10 * frame.x(cell.time), frame.y(cell.high)) for cell in run]
    under = [(10 * frame.x(cell.time), frame.y(cell.low)) for cell in run]
    return _path([*over, *reversed(under)], "c-area", close=True)


def _runs(cells: Sequence[Cell]) -> Iterable[list[Cell]]:
    """Cells without a hole between them: a line across missing data would be a claim."""
    if not cells:
        return
    gaps = sorted((after.time - before.time) for before, after in pairwise(cells))
    usual = gaps[len(gaps) // 2] if gaps else timedelta(0)
    run = [cells[0]]
    for before, after in pairwise(cells):
        if after.time - before.time > max(4 * usual, timedelta(seconds=1)):
            yield run
            run = []
        run.append(after)
    yield run


def _by_breach(frame: _Frame, run: Sequence[Cell]) -> Iterable[tuple[bool, list[Cell]]]:
    spans = [span for span in frame.picture.spans if span.kind == "breach"]
    part: list[Cell] = []
    was = False
    for cell in run:
        bad = any(span.start <= cell.time <= span.end for span in spans)
        if part and bad != was:
            yield was, [*part, cell]
            part = []
        part.append(cell)
        was = bad
    if part:
        yield was, part


def _marks(frame: _Frame) -> Iterable[str]:
    for mark in frame.picture.marks:
        if frame.shows(mark.time):
            x = frame.x(mark.time)
            yield _upright(f"c-tick c-tick--{mark.kind}", x, frame)
            if mark.label:
                yield _label(x, frame.top + 11, mark.label, right_of=x < 75)


def _titles(frame: _Frame) -> Iterable[str]:
    picture = frame.picture
    if picture.name:
        yield f'<text x="0" y="{frame.top - 2}" class="t-2">{escape(picture.name)}</text>'
    if picture.last:
        bad = any(s.kind == "breach" and s.end >= picture.until for s in picture.spans)
        tone = "t-bad" if bad else "t-strong"
        yield f'<text x="100%" y="{frame.top - 2}" text-anchor="end" class="{tone}">{escape(picture.last)}</text>'


def _upright(classes: str, x: float, frame: _Frame) -> str:
    return f'<line class="{classes}" x1="{x}%" x2="{x}%" y1="{frame.top}" y2="{frame.bottom}"/>'


def _label(x: float, y: float, text: str, right_of: bool) -> str:
    place = 'dx="4"' if right_of else 'dx="-4" text-anchor="end"'
    return f'<text x="{x}%" y="{y}" {place}>{escape(text)}</text>'


def _path(points: Sequence[tuple[float, float]], classes: str, close: bool = False) -> str:
    if len(points) < 2:
        return ""
    line = " ".join(f"{x:.1f} {y:.1f}" for x, y in points)
    return f'<path class="{classes}" d="M{line}{"z" if close else ""}"/>'


def nice_ticks(low: float, high: float, count: int = 4) -> list[float]:
    """Round values between `low` and `high`, about `count` of them."""
    raw = (high - low) / count
    if not math.isfinite(raw) or raw <= 0:
        return []
    power = 10 ** math.floor(math.log10(raw))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= raw * 0.999)
    first = math.ceil(low / step)
    return [index * step for index in range(first, math.floor(high / step) + 1)]


def tick_text(value: float) -> str:
    """A round value in few characters."""
    for size, letter in ((1e9, " G"), (1e6, " M"), (1e4, " k")):
        if abs(value) >= size:
            return f"{value / (1e3 if letter == ' k' else size):g}{letter}".replace("-", "−")
    return f"{value:.6g}".replace("-", "−")


def time_ticks(since: datetime, until: datetime, count: int = 8) -> list[datetime]:
    """Round moments (UTC) between two times, at most about `count`."""
    seconds = (until - since).total_seconds()
    step = next((s for s in STEPS_S if seconds / s <= count), 0)
    if not step:
        step = 86_400 * max(1, math.ceil(seconds / 86_400 / count))
    first = math.ceil(since.timestamp() / step) * step
    last = math.floor(until.timestamp())
    return [datetime.fromtimestamp(at, UTC) for at in range(first, last + 1, step)]
