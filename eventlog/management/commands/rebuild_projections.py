"""Rebuilds read models from the log, beside the live ones, and swaps them in."""

from __future__ import annotations

import functools
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from eventlog.db import become_owner
from eventlog.projections import all_projections
from eventlog.rebuild import rebuild
from eventlog.store import head


class Command(BaseCommand):
    """`rebuild_projections [name …]`: all of them if none is named."""

    help = "Rebuild read models from the log, beside the live ones, and swap them in."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("names", nargs="*", help="projections to rebuild; all if none")

    def handle(self, *_: Any, names: list[str], **__: Any) -> None:
        known = all_projections()
        unknown = [name for name in names if name not in known]
        if unknown:
            raise CommandError(f"no projection {', '.join(unknown)}; known: {', '.join(known)}")
        become_owner()
        for name in names or known:
            with tqdm(total=head(), desc=name, unit=" events") as bar:
                read = rebuild(known[name], functools.partial(_advance, bar))
            self.stdout.write(f"{name}: {read} events")


def _advance(bar: Any, read: int) -> None:
    bar.update(read - bar.n)
