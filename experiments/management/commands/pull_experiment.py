"""Brings the sums of an experiment from the warehouse where its rows stay."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from eventlog.clock import now
from eventlog.core import Refused
from experiments.warehouse.aggregation import Rows
from experiments.warehouse.pulling import pull
from experiments.warehouse.sources import BadSource, connect, read


class Command(BaseCommand):
    """`manage.py pull_experiment KEY --tables FILE`."""

    help = (
        "Replaces the sums of an experiment by those of a warehouse, whose address is the setting"
        " WAREHOUSE_URL: duckdb:// for Parquet files, or postgresql://…"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("experiment", help="key of the experiment")
        parser.add_argument(
            "--tables", type=Path, required=True, help="TOML file that names tables and columns"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            warehouse = read(options["tables"].read_text())
            rows = Rows(connect(settings.ENV.warehouse_url), warehouse)
            pulled = pull(options["experiment"], rows, now())
        except OSError as error:
            raise CommandError(f"{options['tables']}: {error.strerror}") from error
        except Refused as error:
            raise CommandError(error.message) from error
        except BadSource as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{options['experiment']}, phase {pulled.phase}:"
            f" {pulled.units:,} units, {pulled.cells:,} sums."
        )
