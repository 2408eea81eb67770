"""The map of a layer: a cell for every segment, whose owner is told by its tone and, in words, beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.html import escape

from experiments.queries import LayerView

COLUMNS, ROW, GAP = 100, 14, 2
TONES = ("seg-0", "seg-1", "seg-2", "seg-3", "seg-4", "seg-5")


@dataclass(frozen=True, slots=True)
class Owner:
    """An experiment in the legend of a map; `tone` is the class that its segments have."""

    tone: str
    experiment: str
    count: int
    share: float


def tone(index: int) -> str:
    """The class of the n-th of several things that are told apart; the seventh begins anew."""
    return TONES[index % len(TONES)]


def owners(view: LayerView) -> list[Owner]:
    """The legend: owners with the most segments first."""
    return [
        Owner(
            tone=tone(index),
            experiment=one.experiment,
            count=one.count,
            share=one.count / view.size,
        )
        for index, one in enumerate(view.allocations)
    ]


def allocation_map(view: LayerView) -> str:
    """The map as SVG text: geometry in attributes, colour by class, x in units of one segment."""
    columns = min(COLUMNS, view.size)
    rows = -(-view.size // columns)
    height = rows * (ROW + GAP)
    parts = []
    for owner, one in zip(owners(view), view.allocations, strict=True):
        parts += [_stretch(owner.tone, *cut) for cut in _cut(one.segments, columns)]
    parts += [_stretch("seg-rest", *cut) for cut in _cut(view.cooling, columns)]
    words = escape(in_words(view))
    return (
        f'<svg class="segmap" viewBox="0 0 {columns} {height}" height="{height}"'
        f' preserveAspectRatio="none" role="img" aria-label="{words}">'
        f"{''.join(_row(index, view.size, columns) for index in range(rows))}{''.join(parts)}</svg>"
    )


def in_words(view: LayerView) -> str:
    """The same for those who do not see it."""
    told = [f"{one.experiment} {one.count}" for one in view.allocations]
    resting = sum(end - start for start, end in view.cooling)
    told += [f"resting {resting}"] if resting else []
    return f"{view.size} segments: {', '.join([*told, f'free {view.free}'])}."


def _row(index: int, size: int, columns: int) -> str:
    width = min(columns, size - index * columns)
    return f'<rect class="seg-free" y="{index * (ROW + GAP)}" width="{width}" height="{ROW}"/>'


def _cut(pairs: Sequence[tuple[int, int]], columns: int) -> list[tuple[int, int, int]]:
    """Stretches as (row, first column, width), cut where a row of the map ends."""
    found = []
    for start, end in pairs:
        while start < end:
            row, column = divmod(start, columns)
            width = min(end - start, columns - column)
            found.append((row, column, width))
            start += width
    return found


def _stretch(tone: str, row: int, column: int, width: int) -> str:
    y = row * (ROW + GAP)
    return f'<rect class="{tone}" x="{column}" y="{y}" width="{width}" height="{ROW}"/>'
