"""What one app can say about an entity on another's page: panels by ref, registered by each app.

    @provides("trend")
    def trends(refs, now):           # monitor refs → what the little line of each shows
        ...

    ask("trend", ["monitor:…"], now)["monitor:…"]

So a page shows facts of an app that it may not import, and lacks them where that app is absent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

Provider = Callable[[Sequence[str], datetime], Mapping[str, Any]]

_providers: dict[str, Provider] = {}


def provides(panel: str) -> Callable[[Provider], Provider]:
    """Registers who answers for a panel: plain values by ref, refs it knows nothing of left out."""

    def register(provider: Provider) -> Provider:
        known = _providers.get(panel)
        if known is not None and known.__qualname__ != provider.__qualname__:
            raise TypeError(f"the panel {panel!r} is provided twice")
        _providers[panel] = provider
        return provider

    return register


def ask(panel: str, refs: Sequence[str], now: datetime) -> Mapping[str, Any]:
    """What is known about each ref; nothing where no app answers for the panel."""
    provider = _providers.get(panel)
    return provider(refs, now) if provider is not None and refs else {}
