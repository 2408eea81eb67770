"""The picture of what is near a thing: where its boxes and lines are, in pixels."""

from __future__ import annotations

from dataclasses import dataclass

from registry.kinds import EDGE_KINDS, KINDS
from registry.models import EntityRow
from registry.queries.lineage import Neighbourhood

WIDTH, HEIGHT = 168, 44
ACROSS, DOWN, TOP = 220, 70, 20
LETTERS = 22  # of a name that fit in a box


@dataclass(frozen=True, slots=True)
class Box:
    """A thing; `x` and `y` are its upper left corner."""

    ref: str
    name: str
    words: str
    x: int
    y: int
    here: bool


@dataclass(frozen=True, slots=True)
class Line:
    """An edge as the path of an SVG, with its words."""

    path: str
    words: str


@dataclass(frozen=True, slots=True)
class Picture:
    """Boxes from left to right the way that data flow, and the lines between them."""

    boxes: list[Box]
    lines: list[Line]
    width: int
    height: int


def title(row: EntityRow) -> str:
    """What a thing is, in two words."""
    return f"{KINDS[row.kind].label} {row.version}".strip()


def short(text: str, most: int = LETTERS) -> str:
    """A text that fits, its end cut off if need be."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def draw(near: Neighbourhood) -> Picture:
    """A column for each layer, each in the middle of the height."""
    columns: dict[int, list[int]] = {}
    for id in sorted(near.layers, key=lambda id: near.things[id].ref):
        columns.setdefault(near.layers[id], []).append(id)
    first, tallest = min(columns), max(map(len, columns.values()))
    places = {
        id: (
            (layer - first) * ACROSS,
            TOP + index * DOWN + (tallest - len(column)) * DOWN // 2,
        )
        for layer, column in columns.items()
        for index, id in enumerate(column)
    }
    boxes = [
        Box(
            ref=near.things[id].ref,
            name=short(near.things[id].name),
            words=short(title(near.things[id]), LETTERS + 4),
            x=x,
            y=y,
            here=near.layers[id] == 0,
        )
        for id, (x, y) in places.items()
    ]
    lines = {
        (one.source, one.target): Line(
            _curve(places[one.source], places[one.target]),
            f"{near.things[one.source].name} {EDGE_KINDS[one.kind].words}"
            f" {near.things[one.target].name}",
        )
        for one in near.links
    }
    width = (max(columns) - first) * ACROSS + WIDTH
    return Picture(boxes, list(lines.values()), width, TOP + tallest * DOWN)


def _curve(start: tuple[int, int], end: tuple[int, int]) -> str:
    x1, y1 = start[0] + WIDTH, start[1] + HEIGHT // 2
    x2, y2 = end[0], end[1] + HEIGHT // 2
    half = max(26, abs(x2 - x1) // 2)
    return f"M{x1} {y1}C{x1 + half} {y1} {x2 - half} {y2} {x2} {y2}"
