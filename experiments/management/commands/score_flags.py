"""How many of the GrowthBook SDKs' public cases the evaluator answers as they do."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError, CommandParser

from experiments.assignment.corpus import score, summary


class Command(BaseCommand):
    """`score_flags --cases FILE [--json FILE]`; exit code 1 when a case fails."""

    help = __doc__
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """The corpus, and where the result goes."""
        parser.add_argument("--cases", type=Path, required=True, help="the corpus, a JSON file")
        parser.add_argument("--json", type=Path, help="also write the result to this file")

    def handle(self, *args: Any, **options: Any) -> None:
        """Prints each section's score and every failed case."""
        cases = list(score(_read(options["cases"])))
        result = summary(cases)
        passed = Counter(case.section for case in cases if case.passed)
        for section, count in Counter(case.section for case in cases).items():
            self.stdout.write(f"{section:24}{passed[section]:5} of {count}")
        for failed in result["failed"]:
            self.stdout.write(
                f"failed  {failed['section']}: {failed['name']}\n"
                f"        expected {failed['expected']}\n        got      {failed['got']}"
            )
        self.stdout.write(f"{result['passed']} of {result['cases']} cases passed")
        if options["json"]:
            options["json"].write_bytes(orjson.dumps(result, option=orjson.OPT_INDENT_2))
        if result["failed"]:
            raise CommandError(f"{len(result['failed'])} cases failed.")


def _read(path: Path) -> dict[str, Any]:
    try:
        corpus = orjson.loads(path.read_bytes())
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from error
    except orjson.JSONDecodeError as error:
        raise CommandError(f"{path} is not JSON: {error}.") from error
    if not isinstance(corpus, dict):
        raise CommandError(f"{path} is no object of sections.")
    return corpus
