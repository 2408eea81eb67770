"""Proves the whole log, or names what is wrong with it."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from eventlog import erasures
from eventlog.checkpoints import BadNote, Verifier, trusted_verifiers
from eventlog.direct import Connection, connect
from eventlog.verification import Report, verify

SHOWN = 20


class Command(BaseCommand):
    """`manage.py verify_log [--key KEY] [--anchor FILE]`: exit code 1 where anything is wrong."""

    help = (
        "Recomputes every chain, leaf and root, and looks at signatures, anchors, rights and "
        "triggers."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--key",
            action="append",
            default=[],
            help="a public key that may have signed besides ours and LOG_TRUSTED_KEYS",
        )
        parser.add_argument("--anchor", type=Path, help="anchor file; LOG_ANCHOR_FILE unless given")

    def handle(self, *args: Any, **options: Any) -> None:
        verifiers = _keys(options["key"])
        named = options["anchor"] or settings.ENV.log_anchor_file
        anchor = Path(named) if named else None
        with connect("verify_log") as connection, _bar(connection) as bar:
            report = verify(connection, verifiers, anchor, bar.update)
        report.problems += [f"{s} was erased and has its key again" for s in erasures.returned()]
        self._tell(report, anchored=bool(named))

    def _tell(self, report: Report, *, anchored: bool) -> None:
        for problem in report.problems[:SHOWN]:
            self.stdout.write(self.style.ERROR(problem))
        for remark in report.remarks:
            self.stdout.write(remark)
        if not anchored:
            self.stdout.write("no anchor file: removal of the newest events could not be seen")
        looked = (
            f"{report.events:,} events, {report.sealed:,} sealed, "
            f"{report.checkpoints:,} checkpoints, {report.anchors:,} anchors"
        )
        if not report.proved:
            raise CommandError(f"{len(report.problems):,} problems in {looked}")
        self.stdout.write(self.style.SUCCESS(f"verified: {looked}; root {report.root.hex()}"))


def _keys(texts: list[str]) -> list[Verifier]:
    try:
        return [*trusted_verifiers(), *map(Verifier.parse, texts)]
    except BadNote as error:
        raise CommandError(str(error)) from error


def _bar(connection: Connection) -> Any:
    """A progress bar as long as the log, roughly: what is not sealed yet is not counted."""
    row = connection.execute("SELECT position FROM eventlog_head").fetchone()
    return tqdm(total=int(row[0]) if row else 0, unit=" events", unit_scale=True)
