"""`manage.py install_pack`: the usual monitors of a service, a model or a pipeline at once."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from eventlog.core import Context, Refused
from monitoring.installing import install, plan
from monitoring.packs import packs

OPERATOR = "system:operator"
WORDS = {"installed": "there already", "ready": "will be made", "waits": "no measurements of"}


class Command(BaseCommand):
    """Makes the monitors of a pack for one subject."""

    help = "Installs a pack of monitors: " + ", ".join(packs())

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which pack, for what, with which series."""
        parser.add_argument("pack", choices=sorted(packs()))
        parser.add_argument("--subject", required=True, help="Ref such as service:checkout.")
        parser.add_argument(
            "--series",
            action="append",
            default=[],
            metavar="ROLE=SERIES",
            help='Which series plays a role, such as requests=http_requests{service="web"}.',
        )
        parser.add_argument("--whole", action="store_true", help="Also those without series yet.")
        parser.add_argument("--plan", action="store_true", help="Only says what would be done.")

    def handle(self, *args: Any, **asked: Any) -> None:
        """Installs it, and says what of it."""
        pack = packs()[asked["pack"]]
        chosen = dict(part.partition("=")[::2] for part in asked["series"])
        if unknown := set(chosen) - set(pack.usual()):
            roles = ", ".join(pack.usual())
            raise CommandError(f"{pack.name} has no role {', '.join(unknown)}; it has {roles}.")
        try:
            for each in plan(pack, asked["subject"], chosen):
                missing = f" {', '.join(each.missing)}" if each.state == "waits" else ""
                name = each.made.definition["name"]
                self.stdout.write(f"{name}: {WORDS[each.state]}{missing}")
            if asked["plan"]:
                return
            done = install(
                pack, asked["subject"], chosen, Context.by(OPERATOR), whole=asked["whole"]
            )
        except Refused as refusal:
            raise CommandError(f"{refusal.field}: {refusal.message}") from refusal
        self.stdout.write(f"{len(done)} monitors made")
