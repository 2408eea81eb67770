"""What counts as a change, among the events of monitoring: that something happens outside."""

from __future__ import annotations

from access.changes import ChangeKind, Said, declare
from monitoring.events import HappeningNoted


def _noted(said: Said) -> str:
    where = ", ".join(said["regions"]) or "everywhere"
    return f"noted {said['category']}: {said['title']} ({where})"


declare(ChangeKind(HappeningNoted.type, "world", "happening", _noted))
