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
    ("/log/", "Log", "log"),
    ("/settings/", "Settings", "gear"),
)


def frame(request: HttpRequest) -> dict[str, object]:
    """Context of `templates/base.html`."""
    theme = request.COOKIES.get("theme", "")
    return {
        "theme": theme if theme in THEMES else "",
        "keys": request.COOKIES.get("keys") != "off",
        "rail": [(*entry, _current(entry[0], request.path)) for entry in RAIL],
        "now": clock.now().astimezone(UTC),
    }


def _current(entry: str, path: str) -> bool:
    if entry == "/":
        return path == "/" or path.startswith(("/incidents", "/declare"))
    return path.startswith(entry)
