"""Writes the log, or a part of it, to a file that proves itself."""

from __future__ import annotations

import gzip
from argparse import ArgumentParser
from contextlib import closing
from pathlib import Path
from typing import Any, BinaryIO

import orjson
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from eventlog.checkpoints import own_signer
from eventlog.direct import connect
from eventlog.exports import NothingSealed, Scope, export


class Command(BaseCommand):
    """`manage.py export_log FILE [--first N] [--last N] [--about REF]`; `.gz` is packed."""

    help = "Exports events as JSON Lines with proofs, to be verified offline."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--first", type=int, default=1, help="first position")
        parser.add_argument("--last", type=int, help="last position")
        parser.add_argument("--about", help="a ref such as incident:…: only what touches it")

    def handle(self, *args: Any, **options: Any) -> None:
        scope = Scope(options["first"], options["last"], options["about"])
        verifier = own_signer().verifier
        with connect("export_log") as connection, closing(_opened(options["file"])) as file:
            lines = 0
            try:
                for line in tqdm(export(connection, verifier, scope), unit=" lines"):
                    file.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
                    lines += 1
            except NothingSealed as error:
                raise CommandError(str(error)) from error
        self.stdout.write(f"{lines:,} lines in {options['file']}; public key {verifier}")


def _opened(path: Path) -> BinaryIO:
    if path.suffix == ".gz":
        return gzip.open(path, "wb", compresslevel=6)  # type: ignore[return-value]
    return path.open("wb")
