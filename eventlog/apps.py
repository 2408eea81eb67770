"""Finds every app's checks, metrics, events, changes, projections and reactions when Django starts."""

from __future__ import annotations

import gc
from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules


class EventLogConfig(AppConfig):
    """The append-only log; knows no product word."""

    name = "eventlog"
    verbose_name = "Event log"

    def ready(self) -> None:
        # Of all apps before any reaction: some react to whatever any app calls a change.
        autodiscover_modules("events")
        autodiscover_modules("changes")
        autodiscover_modules("checks", "metrics", "projections", "reactions")
        post_migrate.connect(_install_followers, sender=self)
        # What is loaded by now stays. Left to the garbage collector, it is looked through again
        # every few pages of the log, which takes longer than to decode them.
        gc.freeze()


def _install_followers(**_: Any) -> None:
    from eventlog import followers

    followers.install()
