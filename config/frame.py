"""What the frame around every page shows: rail, theme, keys and the product's time."""

from __future__ import annotations

from datetime import UTC

from django.http import HttpRequest

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
    ("/log/", "Log", "log"),
    ("/settings/", "Settings", "gear"),
)
FLAGS = (
    *("/flags/", "/new-flag", "/layers/", "/segments/"),
    *("/exposures/", "/sdk-keys/", "/freezes/"),
)
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
    }


def _current(entry: str, path: str) -> bool:
    if entry == "/":
        return path == "/" or path.startswith(("/incidents", "/declare"))
    if entry == "/flags/":
        return path.startswith(FLAGS)
    return path.startswith(entry)
