"""What the shop's people would watch. The subjects' common root makes their breaches one cause."""

from __future__ import annotations

from typing import Any

from demo.shop import CLICKS, GOLDEN, THROUGHPUT, TRAINED

SERVICE = "service:yarnit-search"
MODEL = "model:yarnit-search-ranking"
HOUR = 3600
PREFIX = "YarnIt "


def definitions(labels: dict[str, str], environment: str) -> list[dict[str, Any]]:
    """Monitors for `POST /api/v1/monitors`."""
    shared = {"labels": labels, "environment": environment}
    return [
        {
            **shared,
            "name": PREFIX + "search model age",
            "kind": "age",
            "series": TRAINED,
            "parameters": {"limit": 30 * HOUR, "warn": 26 * HOUR},
            "subjects": [SERVICE, MODEL],
            "urgency": "page",
            "severity": 3,
            "description": "The search model is trained every night.",
        },
        {
            **shared,
            "name": PREFIX + "golden set unchanged",
            "kind": "threshold",
            "series": GOLDEN,
            "parameters": {"value": 0.001, "op": "at_or_below", "needed": 3, "of": 3},
            "subjects": [SERVICE, MODEL],
            "urgency": "page",
            "severity": 3,
            "description": "A new model answers some of the golden queries otherwise.",
        },
        {
            **shared,
            "name": PREFIX + "click-through on the first five",
            "kind": "threshold",
            "series": CLICKS,
            "parameters": {
                "value": 0.600,
                "op": "below",
                "needed": 6,
                "of": 8,
                "clear_value": 0.610,
                "clear_after": 6,
            },
            "subjects": [SERVICE],
            "urgency": "page",
            "severity": 2,
            "description": "Searchers click on one of the first five results.",
        },
        {
            **shared,
            "name": PREFIX + "training throughput",
            "kind": "threshold",
            "series": THROUGHPUT,
            "parameters": {"value": 3_000, "op": "below", "needed": 3, "of": 4},
            "subjects": [SERVICE, MODEL],
            "urgency": "notify",
            "description": "Examples a second that training reads from the log feeders.",
        },
    ]
