"""What the rules about holds look at."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold on an entity. Times are ISO texts in UTC; `until` is empty for one without end."""

    entity: str = ""
    until: str = ""
    lifted: bool = False
