"""Everything between a started database and a started web server, in one process."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

UNUSED = ["redoc"]  # the other docs page of drf-spectacular-sidecar, a third of all bytes


class Command(BaseCommand):
    """`manage.py prepare`: what `up` does before it serves; harmless when repeated."""

    help = "Applies migrations, collects static files, and sees that there is an administrator."

    def handle(self, *args: Any, **options: Any) -> None:
        waiting = pending_migrations()
        if waiting:
            self.stdout.write(f"Applying {waiting} migrations.")
            call_command("migrate", interactive=False, verbosity=0)
        self._collect_static_files()
        if "ensure_admin" in get_commands():
            call_command("ensure_admin")

    def _collect_static_files(self) -> None:
        stamp = Path(settings.STATIC_ROOT) / ".collected"
        found = static_files_digest()
        if stamp.exists() and stamp.read_text() == found:
            return
        call_command(
            "collectstatic", interactive=False, clear=True, verbosity=0, ignore_patterns=UNUSED
        )
        stamp.write_text(found)
        self.stdout.write("Static files are collected.")


def pending_migrations() -> int:
    """How many migrations the database does not have yet."""
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def static_files_digest() -> str:
    """Changes when a static file of the product or of a library does."""
    digest = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list([]):
            status = Path(storage.path(path)).stat()
            digest.update(f"{path} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()
