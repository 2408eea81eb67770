"""Django's handle on experiments."""

from __future__ import annotations

from django.apps import AppConfig


class ExperimentsConfig(AppConfig):
    """Flags, assignment, experiments and their statistics."""

    name = "experiments"
    verbose_name = "Experiments"
