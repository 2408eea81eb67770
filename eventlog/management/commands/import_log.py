"""Brings a whole export into an empty installation."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from eventlog.checkpoints import BadNote, Verifier, own_signer, trusted_verifiers
from eventlog.direct import connect
from eventlog.imports import NotImported, import_log, lines_of


class Command(BaseCommand):
    """`manage.py import_log FILE [--key KEY]`: all of it, verified, or nothing."""

    help = "Imports an export with the same positions, hashes and checkpoints."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--key", action="append", default=[], help="public key that signed the export"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        signer = own_signer()
        try:
            verifiers = [*trusted_verifiers(), *map(Verifier.parse, options["key"])]
            with connect("import_log", owner=True) as connection, tqdm(unit=" lines") as bar:
                lines = lines_of(options["file"])
                count = import_log(connection, lines, signer, verifiers, bar.update)
        except (NotImported, BadNote, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{count:,} events imported; now add a --key of theirs to LOG_TRUSTED_KEYS, run "
            "rebuild_projections, and verify_log"
        )
