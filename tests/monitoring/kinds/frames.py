"""Small frames for tests of kinds that look at several series together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

import numpy as np
import orjson
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from monitoring.kinds import Verdict, make
from monitoring.kinds.framed import Finding, Frame, Framed, Track
from monitoring.slo.definition import Selector
from tests.monitoring.kinds.series import NOON

OURS = Selector("own", {})
NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-3, 300).map(float)


def framed(name: str, **values: Any) -> Framed:
    """A kind that looks at frames, with these parameters."""
    kind = make(name, values)
    assert isinstance(kind, Framed)
    return kind


def track(values: Iterable[float], *key: str, step: float = 60.0) -> Track:
    """Points `step` seconds apart, the last one at noon."""
    numbers = np.array(list(values), dtype=np.float64)
    times = NOON.timestamp() - step * np.arange(len(numbers) - 1, -1, -1.0)
    return Track(key, times, numbers)


def counts(**by: float) -> list[Track]:
    """One point at noon for each value of a label."""
    return [track([number], key) for key, number in by.items()]


def look(kind: Framed, memory: dict[str, Any] | None = None, **frame: Sequence[Track]) -> Finding:
    """What the kind finds in a frame at noon."""
    return kind.look(frame, NOON, memory or {})


def looks(kind: Framed, frames: Iterable[Frame]) -> list[Verdict]:
    """One tick after the other, each with a frame that ends at noon and is moved to its tick.

    Between them the state goes through JSON, as it does in the database.
    """
    state, verdicts = kind.start(), []
    for number, frame in enumerate(frames):
        later = kind.tick * number
        moved = {role: [_moved(each, later) for each in tracks] for role, tracks in frame.items()}
        state, said = kind.review(orjson.loads(orjson.dumps(state)), moved, [NOON + later])
        verdicts += said
    return verdicts


def _moved(each: Track, later: timedelta) -> Track:
    return each._replace(times=each.times + later.total_seconds())


@st.composite
def frames(draw: DrawFn, kind: Framed, keys: Sequence[str] = ("a", "b", "1", "2.5")) -> Frame:
    """Any frame of finite numbers that the kind could be given."""
    return {role: draw(_tracks(len(wanted.by), keys)) for role, wanted in kind.wanted(OURS).items()}


def _tracks(labels: int, keys: Sequence[str]) -> SearchStrategy[list[Track]]:
    values = st.lists(NUMBERS, max_size=30)
    if not labels:
        return values.map(lambda numbers: [track(numbers)])
    names = st.tuples(*[st.sampled_from(keys)] * labels)
    return st.dictionaries(names, values, max_size=5).map(
        lambda found: [track(numbers, *key) for key, numbers in found.items()]
    )
