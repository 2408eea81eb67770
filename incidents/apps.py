"""Django's handle on incidents."""

from __future__ import annotations

from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    """Response to what went wrong, from declaration to follow-up."""

    name = "incidents"
    verbose_name = "Incidents"

    def ready(self) -> None:
        from incidents import panels, sentences_working, slash_working  # noqa: F401
