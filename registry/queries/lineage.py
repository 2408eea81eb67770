"""The graph: what a thing came from, what came of it, and the way between two.

Two steps. A recursive query finds the numbers of the things that are reached, and nothing else: a
depth or a path in its rows would make it count ways instead of things. Distances, the shortest way
and the drawing come from the edges among those, walked here.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import OperationalError, transaction
from psycopg.errors import QueryCanceled

from eventlog.db import fast_cursor, only_row
from registry.kinds import EDGE_KINDS
from registry.models import EntityRow

MOST = 10_000  # things that one answer looks at
MOST_EDGES = 100_000
DEPTH, DEEPEST = 20, 100
PATIENCE = "5s"

HOLDS = """
    kind = ANY(%(through)s)
    AND valid_from <= %(at)s AND (valid_to IS NULL OR valid_to > %(at)s)
    AND CASE WHEN %(known_at)s::timestamptz IS NULL THEN recorded_to IS NULL
        ELSE recorded_from <= %(known_at)s
            AND (recorded_to IS NULL OR recorded_to > %(known_at)s) END
"""
REACHED = f"""
WITH RECURSIVE reached(id) AS (
    SELECT %(start)s::bigint
    UNION
    SELECT e.{{to}} FROM reached JOIN registry_edge AS e ON e.{{here}} = reached.id
    WHERE {HOLDS} AND (reached.id = %(start)s OR e.{{kind}} <> ALL(%(stop)s))
)
SELECT id FROM reached LIMIT %(most)s
"""
UP = REACHED.format(to="source_id", here="target_id", kind="target_kind")
DOWN = REACHED.format(to="target_id", here="source_id", kind="source_kind")
AMONG = f"""
SELECT edge, source_id, target_id, kind, valid_from, valid_to FROM registry_edge
WHERE source_id = ANY(%(ids)s) AND target_id = ANY(%(ids)s) AND {HOLDS}
ORDER BY source_id, target_id, kind, valid_from, edge LIMIT %(most)s
"""


class TooSlow(Exception):
    """This part of the graph takes longer than five seconds to walk; ask for less of it."""


@dataclass(frozen=True, slots=True)
class Question:
    """Which edges are followed: those that held at `at` by what was known at `known_at`.

    Without `known_at`, by what is known now. `through` are the kinds of edges to follow, `stop`
    the kinds of things to reach and not to go beyond.
    """

    at: datetime
    known_at: datetime | None = None
    through: Sequence[str] = tuple(EDGE_KINDS)
    stop: Sequence[str] = ()
    depth: int = DEPTH
    most: int = MOST

    @property
    def values(self) -> dict[str, Any]:
        """What the statements are given."""
        return {
            "at": self.at,
            "known_at": self.known_at,
            "through": list(self.through),
            "stop": list(self.stop),
        }


class Link(NamedTuple):
    """An edge among things that were reached, by their numbers."""

    edge: UUID
    source: int
    target: int
    kind: str
    valid_from: datetime
    valid_to: datetime | None


@dataclass(frozen=True, slots=True)
class Reached:
    """What was found: distances by number, the things, the edges among them.

    `truncated` says that there may be more, `beyond` how many lie further away than was asked.
    """

    distances: Mapping[int, int]
    things: Mapping[int, EntityRow]
    links: Sequence[Link]
    truncated: bool
    beyond: int = 0
    kinds: Mapping[str, int] = field(default_factory=dict)


def upstream(start: EntityRow, asked: Question) -> Reached:
    """What a thing came from, without itself."""
    return _walk(start, asked, UP, up=True)


def downstream(start: EntityRow, asked: Question) -> Reached:
    """What came of a thing, without itself."""
    return _walk(start, asked, DOWN, up=False)


def _walk(start: EntityRow, asked: Question, statement: str, *, up: bool) -> Reached:
    with _patiently():
        ids, cut = _reached(statement, start.id, asked)
        links, thinned = _among(ids, asked)
        things = _things(ids)
    stops = {id for id, row in things.items() if row.kind in asked.stop} - {start.id}
    all_distances = _distances(start.id, links, stops, up=up)
    del all_distances[start.id]
    near = {id: d for id, d in all_distances.items() if d <= asked.depth}
    shown = near.keys() | {start.id}
    return Reached(
        distances=near,
        things={id: row for id, row in things.items() if id in near},
        links=[link for link in links if link.source in shown and link.target in shown],
        truncated=cut or thinned,
        beyond=len(all_distances) - len(near),
        kinds=Counter(things[id].kind for id in near if id in things),
    )


@dataclass(frozen=True, slots=True)
class Way:
    """The shortest way from one thing to another, and how many things lie on any way.

    None of it where there is no way; where `truncated`, there may be one that was not found.
    """

    things: Sequence[EntityRow]
    links: Sequence[Link]
    between: int
    truncated: bool


def path(source: EntityRow, target: EntityRow, asked: Question) -> Way:
    """The shortest way along the edges from a thing to what came of it."""
    with _patiently():
        down, cut_down = _reached(DOWN, source.id, asked)
        up, cut_up = _reached(UP, target.id, asked)
        common = set(down) & set(up)
        links, thinned = _among(common, asked)
        things = _things(common)
    truncated = cut_down or cut_up or thinned
    steps = _shortest(source.id, target.id, links)
    if source.id != target.id and not steps:
        return Way([], [], 0, truncated)
    ids = [source.id, *(link.target for link in steps)]
    return Way([things[id] for id in ids], steps, len(common), truncated)


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """A thing with what is near it: a layer for each number, below 0 upstream, above downstream.

    `hidden` says how many more there are on each side, -1 upstream and 1 downstream.
    """

    layers: Mapping[int, int]
    things: Mapping[int, EntityRow]
    links: Sequence[Link]
    hidden: Mapping[int, int]
    truncated: bool


def neighbourhood(
    start: EntityRow, asked: Question, up: int, down: int, most: int
) -> Neighbourhood:
    """What is at most `up` steps upstream and `down` downstream, `most` on each side."""
    before, after = upstream(start, _at_depth(asked, up)), downstream(start, _at_depth(asked, down))
    return around(start, before, after, up, down, most)


def around(
    start: EntityRow, before: Reached, after: Reached, up: int, down: int, most: int
) -> Neighbourhood:
    """The same, of what both sides are known to hold at least so many steps away."""
    layers, things, hidden = {start.id: 0}, {start.id: start}, {}
    links: dict[UUID, Link] = {}
    for sign, found, depth in ((-1, before, up), (1, after, down)):
        nearest = sorted(
            (item for item in found.distances.items() if item[1] <= depth),
            key=lambda item: (item[1], found.things[item[0]].ref),
        )[:most]
        for id, distance in nearest:
            layers.setdefault(id, sign * distance)
            things[id] = found.things[id]
        hidden[sign] = found.beyond + len(found.distances) - len(nearest)
        links |= {link.edge: link for link in found.links}
    shown = [one for one in links.values() if one.source in layers and one.target in layers]
    return Neighbourhood(layers, things, shown, hidden, before.truncated or after.truncated)


def _at_depth(asked: Question, depth: int) -> Question:
    return Question(asked.at, asked.known_at, asked.through, asked.stop, depth, asked.most)


@contextmanager
def _patiently() -> Iterator[None]:
    """A transaction in which no statement takes longer than is patient. Raises `TooSlow`."""
    try:
        with transaction.atomic(), fast_cursor() as cursor:
            cursor.execute("SELECT current_setting('statement_timeout')")
            before = only_row(cursor)[0]
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", (PATIENCE,))
            yield
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", (before,))
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise TooSlow(TooSlow.__doc__) from error
        raise


def _reached(statement: str, start: int, asked: Question) -> tuple[list[int], bool]:
    """Numbers of what is reached, the start among them, and whether there is more.

    The recursion works breadth first, so that what a limit leaves is what is nearest.
    """
    with fast_cursor() as cursor:
        cursor.execute(statement, {**asked.values, "start": start, "most": asked.most + 2})
        ids = [row[0] for row in cursor.fetchall()]
    return ids[: asked.most + 1], len(ids) > asked.most + 1


def _among(ids: Iterable[int], asked: Question) -> tuple[list[Link], bool]:
    with fast_cursor() as cursor:
        cursor.execute(AMONG, {**asked.values, "ids": list(ids), "most": MOST_EDGES + 1})
        links = [Link(*row) for row in cursor.fetchall()]
    return links[:MOST_EDGES], len(links) > MOST_EDGES


def _things(ids: Iterable[int]) -> dict[int, EntityRow]:
    rows = EntityRow.objects.filter(id__in=list(ids)).defer("facets")
    return {row.id: row for row in rows}


def _distances(start: int, links: Sequence[Link], stops: set[int], *, up: bool) -> dict[int, int]:
    """Steps from the start, by number."""
    beside: dict[int, list[int]] = {}
    for link in links:
        here, there = (link.target, link.source) if up else (link.source, link.target)
        beside.setdefault(here, []).append(there)
    found, waiting = {start: 0}, deque([start])
    while waiting:
        here = waiting.popleft()
        for there in beside.get(here, ()) if here not in stops else ():
            if there not in found:
                found[there] = found[here] + 1
                waiting.append(there)
    return found


def _shortest(source: int, target: int, links: Sequence[Link]) -> list[Link]:
    """The links of a shortest way, none if there is no way."""
    leaving: dict[int, list[Link]] = {}
    for link in links:
        leaving.setdefault(link.source, []).append(link)
    came: dict[int, Link | None] = {source: None}
    waiting = deque([source])
    while waiting and target not in came:
        for link in leaving.get(waiting.popleft(), ()):
            if link.target not in came:
                came[link.target] = link
                waiting.append(link.target)
    steps: list[Link] = []
    link = came.get(target)
    while link is not None:
        steps.append(link)
        link = came[link.source]
    return steps[::-1]
