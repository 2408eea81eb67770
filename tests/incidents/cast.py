"""Who appears in these tests, and an incident for them to work on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from incidents.commands import AttachBreach
from incidents.events import BreachAttached, IncidentDeclared

ANA, BEN, CY = "person:ana", "person:ben", "person:cy"
ID = "0199aaaa-0000-7000-8000-000000000001"
AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
LATER = AT + timedelta(minutes=20)
MODEL = "model:search-ranking"


def declared(**changes: Any) -> IncidentDeclared:
    """Incident 7, SEV2, declared by Ana."""
    facts: dict[str, Any] = {
        "number": 7,
        "title": "Search finds nothing",
        "severity": 2,
        "declared_by": ANA,
    }
    return IncidentDeclared(**facts | changes)


def asked(**changes: Any) -> dict[str, Any]:
    """What every command on incident 7 says."""
    return {"incident": ID, "at": AT, **changes}


def breach(name: str = "breach:1", incident: str = ID, **changes: Any) -> AttachBreach:
    """The click-through monitor's breach, to be attached."""
    facts: dict[str, Any] = {
        "incident": incident,
        "at": AT,
        "breach": name,
        "monitor": "monitor:ctr",
        "sentence": "Click-through is 0.58, below 0.60",
        "opened_at": AT,
        "urgency": "page",
        "subjects": [MODEL],
    }
    return AttachBreach(**facts | changes)


def attached(name: str = "breach:1") -> BreachAttached:
    return breach(name).attached()
