"""What monitors measured, for the board and the incident page: asked of whoever provides it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from access.panels import ask
from incidents.models import BreachRow
from incidents.queries import Detail

BOARD = "board"
PICTURES = 4


def trends(incidents: Sequence[UUID], now: datetime) -> dict[UUID, Any]:
    """Of each incident the line of one monitor: of an open breach, or else of the latest one."""
    attached = BreachRow.objects.filter(incident__in=incidents).order_by("opened_at")
    chosen: dict[UUID, BreachRow] = {}
    for breach in attached:
        standing = chosen.get(breach.incident)
        if standing is None or standing.recovered_at or not breach.recovered_at:
            chosen[breach.incident] = breach
    lines = ask("trend", list({breach.monitor for breach in chosen.values()}), now)
    return {id: lines[row.monitor] for id, row in chosen.items() if row.monitor in lines}


def at_a_glance(now: datetime) -> Any:
    """How the monitors are; None where nobody knows."""
    return ask("monitors at a glance", [BOARD], now).get(BOARD)


def pictures(detail: Detail, now: datetime) -> list[Any]:
    """Charts of the attached breaches on the incident's own time axis, newest breach first."""
    newest = sorted(detail.breaches, key=lambda breach: breach.opened_at, reverse=True)[:PICTURES]
    drawn = ask("pictures", [breach.breach for breach in newest], now)
    return [drawn[breach.breach] for breach in newest if breach.breach in drawn]
