"""Erases again what a restored backup has brought back."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from eventlog import erasures, keys


class Command(BaseCommand):
    """`manage.py replay_erasures`: the first thing after a restore, before any door opens."""

    help = "Destroys again the keys named in the erasure ledger; completes the ledger."

    def handle(self, *args: Any, **options: Any) -> None:
        returned = erasures.returned()
        with transaction.atomic():
            for subject in returned:
                keys.destroy(subject)
        for subject in (missing := erasures.forgotten()):
            erasures.remember(subject)
        self.stdout.write(f"{len(returned)} keys destroyed again, {len(missing)} lines added")
