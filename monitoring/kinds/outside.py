"""Leaving out, from what is usual, the time in which something happened outside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from monitoring.kinds.base import BadParameter, parameter
from monitoring.kinds.framed import Frame, Framed, Track, Wanted, names_in
from monitoring.state import Category

OUTSIDE = "outside"


class LeavesOut(Framed):
    """A kind that knows what is usual from weeks before, and can pass over those that were not."""

    leave_out: str = parameter(
        "Categories of what happens outside, such as holiday, separated by commas: a stretch in"
        " which one goes on is neither judged nor counted as usual.",
        "",
    )

    def check(self) -> None:
        """Refuses categories that there are not."""
        super().check()
        known = [str(each) for each in Category]
        for name in names_in(self.leave_out):
            if name not in known:
                raise BadParameter("leave_out", f"{name!r} is none of {', '.join(known)}")

    def outside(self) -> Mapping[str, Wanted]:
        """What is wanted beside the series."""
        names = names_in(self.leave_out)
        return {OUTSIDE: Wanted("", {}, happenings=names)} if names else {}


def goes_on(frame: Frame) -> Track | None:
    """1 while something that is to be left out went on, and 0; None where nothing is left out."""
    tracks = frame.get(OUTSIDE, ())
    return tracks[0] if tracks else None


def touches(outside: Track | None, after: float, until: float) -> Any:
    """Whether something that is to be left out went on in a stretch of time, in seconds."""
    return outside is not None and outside.within(after, until).values.any()
