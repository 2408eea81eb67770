"""Tries parked events again, also those that were given up."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from eventlog import followers


class Command(BaseCommand):
    """`replay_parked [name …]`: all followers if none is named."""

    help = "Try parked events again, also those that were given up."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("names", nargs="*", help="followers; all if none")

    def handle(self, *_: Any, names: list[str], **__: Any) -> None:
        known = followers.all_followers()
        unknown = [name for name in names if name not in known]
        if unknown:
            raise CommandError(f"no follower {', '.join(unknown)}; known: {', '.join(known)}")
        for name in names or known:
            handled = followers.retry_parked(known[name], even_if_given_up=True)
            self.stdout.write(f"{name}: {handled} handled")
