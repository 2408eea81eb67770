"""Drawings of effects: a forest plot row by row, and a lift with its band over time.

SVG as text: geometry in attributes and per cent, colour by class, so that it reflows, follows the
theme and needs no script. What is drawn stands in words beside it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.html import escape

from experiments.analysis import Comparison
from experiments.queries import Gain

HEIGHT, TOP, BOTTOM = 172, 14, 20
MIDDLE = 12
READINGS = {"Better": "", "Worse": " forest--bad"}
NICE = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


@dataclass(frozen=True, slots=True)
class Scale:
    """The axis of a forest plot, from -`reach` to +`reach`, as shares of the control."""

    reach: float

    def x(self, value: float) -> float:
        """Place in per cent, within the plot."""
        return min(100.0, max(0.0, 50.0 + 50.0 * value / self.reach))

    @property
    def ticks(self) -> list[tuple[str, float]]:
        """Labels with their places."""
        return [(percent(v), self.x(v)) for v in (-self.reach, 0.0, self.reach)]


def percent(share: float) -> str:
    """A share in per cent, signed unless it is nothing."""
    return "0" if share == 0 else f"{share * 100:+.3g} %".replace("-", "−")


def scale_of(comparisons: Sequence[Comparison]) -> Scale:
    """An axis that shows every effect and limit; intervals that go further have an arrow."""
    seen = [abs(one.effect) for one in comparisons if one.effect is not None]
    seen += [one.margin for one in comparisons]
    ends = sorted(
        max(abs(one.lo), abs(one.hi))
        for one in comparisons
        if one.lo is not None and one.hi is not None and not one.is_fixed
    )
    # Half of the intervals in full: one that is very wide must not flatten the others.
    wanted = max(
        [*(value * 1.25 for value in seen), *(ends[len(ends) // 2 : len(ends) // 2 + 1])] or [0]
    )
    return Scale(next((nice for nice in NICE if nice >= wanted), NICE[-1]))


def forest_scale(scale: Scale) -> str:
    """The head of the column."""
    places = ("start", "middle", "end")
    texts = "".join(
        f'<text x="{x:.2f}%" y="14" text-anchor="{anchor}">{escape(label)}</text>'
        for (label, x), anchor in zip(scale.ticks, places, strict=True)
    )
    return f'<svg class="forest forest--scale" role="presentation">{texts}</svg>'


def forest(one: Comparison, scale: Scale) -> str:
    """One row: the interval thin, half of it thick, the effect on top, arrows where it goes on."""
    zero = '<line class="c-zero" x1="50%" x2="50%" y1="-6" y2="30"/>'
    if one.effect is None or one.lo is None or one.hi is None:
        return f'<svg class="forest" role="img" aria-label="no interval">{zero}</svg>'
    parts = [zero]
    if one.margin:
        x = scale.x(one.margin if one.direction == "down" else -one.margin)
        parts.append(f'<line class="f-limit" x1="{x:.2f}%" x2="{x:.2f}%" y1="0" y2="24"/>')
    x1, x2, x = scale.x(one.lo), scale.x(one.hi), scale.x(one.effect)
    # The middle half of a normal interval at 95 per cent: 0.6745 of 1.96 standard errors.
    inner = [scale.x(one.effect + (end - one.effect) * 0.344) for end in (one.lo, one.hi)]
    parts += [
        f'<line class="f-thin" x1="{x1:.2f}%" x2="{x2:.2f}%" y1="{MIDDLE}" y2="{MIDDLE}"/>',
        f'<line class="f-thick" x1="{inner[0]:.2f}%" x2="{inner[1]:.2f}%" y1="{MIDDLE}" y2="{MIDDLE}"/>',
    ]
    if one.hi > scale.reach:
        parts.append(
            '<svg x="100%" y="7" width="8" height="10"><path class="f-arrow" d="M0 0 8 5 0 10z"/></svg>'
        )
    if one.lo < -scale.reach:
        parts.append(
            '<svg x="-8" y="7" width="8" height="10"><path class="f-arrow" d="M8 0 0 5 8 10z"/></svg>'
        )
    parts.append(f'<circle class="f-dot" cx="{x:.2f}%" cy="{MIDDLE}" r="3.5"/>')
    words = escape(f"{percent(one.effect)}, from {percent(one.lo)} to {percent(one.hi)}")
    tone = READINGS.get(one.reading, " forest--unclear")
    return f'<svg class="forest{tone}" role="img" aria-label="{words}">{"".join(parts)}</svg>'


@dataclass(frozen=True, slots=True)
class Point:
    """A look: hours since the start, the lift and its interval."""

    hours: float
    effect: float
    lo: float
    hi: float


def over_time(points: Sequence[Point], days: int, smallest: float, words: str) -> str:
    """The lift so far with its band, from the start to the planned end."""
    span = max(days * 24.0, points[-1].hours)
    reach = _reach(points, smallest)

    def x(hours: float) -> float:
        return 1_000 * hours / span

    def y(value: float) -> float:
        clipped = min(reach, max(-reach, value))
        return TOP + (HEIGHT - TOP - BOTTOM) * (reach - clipped) / (2 * reach)

    parts = [
        f'<line class="{"c-zero" if value == 0 else "c-grid"}" x1="0" x2="100%" y1="{y(value):.1f}" y2="{y(value):.1f}"/>'
        f'<text x="0" y="{y(value) - 4:.1f}">{escape(percent(value))}</text>'
        for value in (reach, reach / 2, 0.0, -reach / 2, -reach)
    ]
    if 0 < smallest <= reach:
        parts.append(
            f'<line class="c-rule" x1="0" x2="100%" y1="{y(smallest):.1f}" y2="{y(smallest):.1f}"/>'
        )
    step = max(1, math.ceil(days / 7))
    for day in range(step, days + 1, step):
        place = 100 * day * 24 / span
        anchor = "end" if place > 97 else "middle"
        parts.append(
            f'<text x="{place:.2f}%" y="{HEIGHT - 4}" text-anchor="{anchor}">day {day}</text>'
        )
    upper = " ".join(f"{x(p.hours):.1f} {y(p.hi):.1f}" for p in points)
    lower = " ".join(f"{x(p.hours):.1f} {y(p.lo):.1f}" for p in reversed(points))
    line = " ".join(f"{x(p.hours):.1f} {y(p.effect):.1f}" for p in points)
    last = points[-1]
    parts += [
        f'<svg viewBox="0 0 1000 {HEIGHT}" width="100%" height="{HEIGHT}" preserveAspectRatio="none">'
        f'<path class="c-area--accent" d="M{upper} L{lower}z"/>'
        f'<path class="c-line c-line--accent" d="M{line}"/></svg>',
        f'<circle class="c-dot--accent" cx="{x(last.hours) / 10:.2f}%" cy="{y(last.effect):.1f}" r="3.5"/>',
        f'<text x="{x(last.hours) / 10:.2f}%" y="{y(last.effect) - 8:.1f}" dx="8" class="t-strong">{escape(percent(last.effect))}</text>',
    ]
    return f'<svg class="chart" height="{HEIGHT}" role="img" aria-label="{escape(words)}">{"".join(parts)}</svg>'


def _reach(points: Sequence[Point], smallest: float) -> float:
    ends = sorted(max(abs(p.lo), abs(p.hi)) for p in points)
    wanted = max(ends[len(ends) // 2], smallest * 1.5, max(abs(p.effect) for p in points))
    return next((nice for nice in NICE if nice >= wanted), NICE[-1])


def power_curve(points: Sequence[tuple[int, float]], an_arm: int, looking: int) -> str:
    """Power against units, with marks at what one look and what many looks take."""
    most = points[-1][0]

    def x(n: float) -> float:
        return 1_000 * n / most

    def y(power: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (1 - power)

    parts = [
        f'<line class="c-grid" x1="0" x2="100%" y1="{y(p):.1f}" y2="{y(p):.1f}"/>'
        f'<text x="0" y="{y(p) - 4:.1f}">{p * 100:.0f} %</text>'
        for p in (0.0, 0.5, 0.8, 1.0)
    ]
    line = " ".join(f"{x(n):.1f} {y(p):.1f}" for n, p in points)
    parts.append(
        f'<svg viewBox="0 0 1000 {HEIGHT}" width="100%" height="{HEIGHT}"'
        f' preserveAspectRatio="none"><path class="c-line c-line--accent" d="M{line}"/></svg>'
    )
    for n, words in ((an_arm, "one look"), (looking, "looking")):
        place = x(n) / 10
        parts.append(
            f'<line class="c-rule" x1="{place:.2f}%" x2="{place:.2f}%" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>'
            f'<text x="{place:.2f}%" y="{HEIGHT - 4}" text-anchor="middle">{words} {n:,}</text>'
        )
    words = (
        f"Power rises with the units: {an_arm:,} for one look, {looking:,} for looks at any time"
    )
    return f'<svg class="chart" height="{HEIGHT}" role="img" aria-label="{escape(words)}">{"".join(parts)}</svg>'


def scale_of_gains(gains: Sequence[Gain]) -> Scale:
    """An axis that shows every gain, offline and online."""
    wanted = max([abs(value) * 1.25 for one in gains for value in (one.offline, one.online)])
    return Scale(next((nice for nice in NICE if nice >= wanted), NICE[-1]))


def gains_drawn(one: Gain, scale: Scale) -> str:
    """The online effect with its interval, and a mark where the offline gain would have it."""
    parts = ['<line class="c-zero" x1="50%" x2="50%" y1="-6" y2="30"/>']
    x = scale.x(one.offline)
    parts.append(f'<line class="f-limit" x1="{x:.2f}%" x2="{x:.2f}%" y1="0" y2="24"/>')
    if one.lo is not None and one.hi is not None:
        x1, x2 = scale.x(one.lo), scale.x(one.hi)
        parts.append(
            f'<line class="f-thin" x1="{x1:.2f}%" x2="{x2:.2f}%" y1="{MIDDLE}" y2="{MIDDLE}"/>'
        )
    parts.append(f'<circle class="f-dot" cx="{scale.x(one.online):.2f}%" cy="{MIDDLE}" r="3.5"/>')
    tone = "" if one.agrees else " forest--bad" if one.agrees is False else " forest--unclear"
    words = escape(f"offline {percent(one.offline)}, online {percent(one.online)}")
    return f'<svg class="forest{tone}" role="img" aria-label="{words}">{"".join(parts)}</svg>'
