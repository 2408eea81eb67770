"""What the frame around every page shows: rail, theme, keys and the product's time."""

from __future__ import annotations

from datetime import UTC, datetime

from django.http import HttpRequest

from config.checks import SILENCE
from config.models import Heartbeat
from eventlog import clock

THEMES = ("light", "dark")
RAIL = (
    # path, label, icon
    ("/", "Board", "board"),
    ("/monitors/", "Monitors", "monitor"),
    ("/slos/", "SLOs", "slo"),
    ("/flags/", "Flags", "flag"),
    ("/experiments/", "Experiments", "flask"),
    ("/models/", "Models", "model"),
    ("/follow-ups/", "Follow-ups", "todo"),
    ("/search", "Search", "search"),
    ("/log/", "Log", "log"),
    ("/settings/", "Settings", "gear"),
)
FLAGS = (
    *("/flags/", "/new-flag", "/layers/", "/segments/"),
    *("/exposures/", "/sdk-keys/", "/freezes/"),
)
WATCHFUL = ("/monitors/", "/slos/")  # and the board: whoever looks there trusts the monitors
ON_A_PHONE = 4  # entries that a narrow rail has room for beside “More”


def frame(request: HttpRequest) -> dict[str, object]:
    """Context of `templates/base.html`."""
    theme = request.COOKIES.get("theme", "")
    rail = [(*entry, _current(entry[0], request.path)) for entry in RAIL]
    return {
        "theme": theme if theme in THEMES else "",
        "keys": request.COOKIES.get("keys") != "off",
        "rail": rail,
        "rail_more": rail[ON_A_PHONE:] if len(rail) > ON_A_PHONE + 1 else [],
        "now": clock.now().astimezone(UTC),
        "worker_silent_since": _silent_since(request.path),
    }


def _silent_since(path: str) -> datetime | None:
    """When a worker was last heard of, if that is too long ago for what this page shows."""
    if path != "/" and not path.startswith(WATCHFUL):
        return None
    beat = Heartbeat.objects.filter(name="worker", at__lt=clock.now() - SILENCE).first()
    return beat.at if beat else None


def _current(entry: str, path: str) -> bool:
    if entry == "/":
        return path == "/" or path.startswith(("/incidents", "/declare"))
    if entry == "/monitors/":
        return path.startswith(("/monitors/", "/series/"))
    if entry == "/flags/":
        return path.startswith(FLAGS)
    return path.startswith(entry)
