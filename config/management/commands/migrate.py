"""Django's own `migrate`, as the role that owns the tables."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.commands import migrate

from config.database import as_owner


class Command(migrate.Command):
    """The application's role can make no tables. A test run is the owner's already."""

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.TESTING:
            super().handle(*args, **options)
            return
        with as_owner():
            super().handle(*args, **options)
