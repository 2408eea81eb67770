"""The tabs that the pages about flags share."""

from __future__ import annotations

PLACES = (
    ("flags", "/flags/", "Flags"),
    ("stale", "/flags/?list=stale", "Stale"),
    ("layers", "/layers/", "Layers"),
    ("segments", "/segments/", "Segments"),
    ("exposures", "/exposures/", "Exposures"),
    ("sdk-keys", "/sdk-keys/", "SDK keys"),
    ("freezes", "/freezes/", "Freezes"),
)


def places(current: str) -> list[dict[str, object]]:
    """Each tab with its address."""
    return [
        {"href": href, "label": label, "current": name == current} for name, href, label in PLACES
    ]
