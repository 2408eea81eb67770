"""How many rows of a table of known answers the experiment statistics reproduce."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError, CommandParser

from experiments.stats.oracle import score


class Command(BaseCommand):
    """`score_stats --oracle FILE [--json FILE]`; exit code 1 when a row fails."""

    help = __doc__
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """The table, and where the result goes."""
        parser.add_argument("--oracle", type=Path, required=True, help="the table, a JSON file")
        parser.add_argument("--json", type=Path, help="also write the result to this file")

    def handle(self, *args: Any, **options: Any) -> None:
        """Prints each family's score and every failed row."""
        rows = _rows(options["oracle"])
        result = score(rows)
        bad = {one["id"] for one in result["failed"]}
        passed = Counter(row["family"] for row in rows if row.get("id") not in bad)
        for family, count in Counter(row["family"] for row in rows).items():
            self.stdout.write(f"{family:28}{passed[family]:5} of {count}")
        for failed in result["failed"]:
            self.stdout.write(
                f"failed  {failed['id']}\n        expected {failed['expected']}\n"
                f"        got      {failed['got']}"
            )
        self.stdout.write(f"{result['passed']} of {result['rows']} rows passed")
        if options["json"]:
            text = orjson.dumps(result, option=orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY)
            options["json"].write_bytes(text)
        if result["failed"]:
            raise CommandError(f"{len(result['failed'])} rows failed.")


def _rows(path: Path) -> list[dict[str, Any]]:
    try:
        read = orjson.loads(path.read_bytes())
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from error
    except orjson.JSONDecodeError as error:
        raise CommandError(f"{path} is not JSON: {error}.") from error
    rows = read.get("rows") if isinstance(read, dict) else read
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise CommandError(f"{path} has no list of rows.")
    for number, row in enumerate(rows):
        if not {"family", "inputs", "expected"} <= row.keys():
            raise CommandError(f"Row {number} lacks family, inputs or expected.")
    return rows
