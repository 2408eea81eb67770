"""What the rules about monitors look at."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Urgency(StrEnum):
    """What a breach asks for. Incidents map it to a severity; monitoring never learns the word."""

    RECORD = "record"
    NOTIFY = "notify"
    CONCERN = "concern"
    PAGE = "page"


@dataclass(frozen=True, slots=True)
class Definition:
    """What a monitor watches, how, and what for.

    `series` and `labels` name the watched series exactly, `subjects` are refs of what it speaks
    for (``service:search-ranking``), the root of its lineage first.
    """

    name: str = ""
    kind: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    series: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    subjects: list[str] = field(default_factory=list)
    urgency: str = str(Urgency.NOTIFY)
    severity: int | None = None
    environment: str = "production"
    description: str = ""


@dataclass(frozen=True, slots=True)
class Monitor:
    """One monitor. `breach` is the ref of the open one; `decided_at` when one last opened or closed."""

    definition: Definition | None = None
    revision: int = 0
    paused: bool = False
    removed: bool = False
    breach: str = ""
    decided_at: str = ""

    @property
    def exists(self) -> bool:
        """Whether it was created and not removed."""
        return self.definition is not None and not self.removed
