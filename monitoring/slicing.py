"""The slices that a monitor looks at, each beside the rest, as they were at one time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from eventlog.clock import now
from monitoring import frames, kinds, queries
from monitoring.kinds.slice_broken import Slice, SliceBroken
from monitoring.slo.definition import Selector


class NotSliced(LookupError):
    """There is no such monitor, or its kind looks at no slices one by one."""


@dataclass(frozen=True, slots=True)
class Slices:
    """What was counted in the window that ended `at`, the worst first."""

    monitor: queries.MonitorView
    at: datetime
    window: str
    by: str
    slices: list[Slice]

    @property
    def broken(self) -> int:
        """How many are."""
        return sum(each.broken for each in self.slices)


def is_sliced(view: queries.MonitorView) -> bool:
    """Whether `slices` has something to say of a monitor."""
    return view.kind == SliceBroken.name


def slices(monitor: UUID | str, at: datetime | None = None) -> Slices:
    """Every slice of a monitor in the window before `at`, by default the newest there is.

    Raises `NotSliced`, and `frames.TooMuch` for more than can be read.
    """
    view = queries.monitor(monitor)
    kind = kinds.make(view.kind, view.parameters) if view else None
    if view is None or not isinstance(kind, SliceBroken):
        raise NotSliced(str(monitor))
    found = frames.find(kind.wanted(Selector(view.series, view.labels)))
    extent = frames.extent(frames.ids_in(found), now())
    end = at or (extent.latest if extent else now())
    frame = frames.read(found, end - kind.lookback, end)
    return Slices(view, end, kind.window, kind.by, kind.slices(frame))
