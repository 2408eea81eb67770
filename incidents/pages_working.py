"""What the incident page shows of how an incident is worked out."""

from __future__ import annotations

from typing import Any

from incidents import queries
from incidents.queries import Detail, Hypothesis
from incidents.state import CAUSES, STANDINGS

TONES = {"supported": "good", "root cause": "accent", "contributing": "accent", "refuted": ""}
ICONS = {"refuted": "x", "proposed": "bulb", "testing": "eye"}


def working(detail: Detail) -> dict[str, Any]:
    """Hypotheses, in their order."""
    thoughts = queries.hypotheses(detail.card.id)
    return {
        "hypotheses": [_hypothesis(one) for one in thoughts],
        "causes": CAUSES,
        "standings": STANDINGS,
    }


def _hypothesis(one: Hypothesis) -> dict[str, Any]:
    pieces = one.speaks_for + one.speaks_against
    return {
        "it": one,
        "tone": TONES.get(one.status, ""),
        "icon": ICONS.get(one.status, "check"),
        "faint": one.status == "refuted",
        "pieces": f"{one.speaks_for} for, {one.speaks_against} against"
        if pieces
        else "no evidence",
        "up": one.place - 1,
        "down": one.place + 1,
    }
