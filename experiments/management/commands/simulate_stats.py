"""Whether the experiment statistics keep what they promise, by simulation."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError, CommandParser

from experiments.stats.simulation.catalogue import CLAIMS
from experiments.stats.simulation.claims import Outcome
from experiments.stats.simulation.run import run
from experiments.stats.simulation.tables import as_json, line, markdown

FIXED = (1, 2)
RUNS = 3_000
FEWEST = 2_000


class Command(BaseCommand):
    """`simulate_stats [--runs N] [--seed N] [--json FILE] [--markdown FILE]`; exit code 1 on a failure.

    Without a seed there are two that never change and one that does, which is printed.
    """

    help = __doc__
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """How much to run, and where the result goes."""
        parser.add_argument(
            "--runs", type=int, default=RUNS, help=f"of a claim, {FEWEST:,} or more"
        )
        parser.add_argument("--seed", type=int, action="append", help="only this; may be repeated")
        parser.add_argument(
            "--only", metavar="MODULE", help="claims of one module of the statistics"
        )
        parser.add_argument("--json", type=Path, metavar="FILE", help="also write the result there")
        parser.add_argument("--markdown", type=Path, metavar="FILE", help="and a table there")

    def handle(self, *args: Any, **options: Any) -> None:
        """Prints each claim under each seed as it is known."""
        if options["runs"] < FEWEST:
            raise CommandError(f"With fewer than {FEWEST:,} runs nothing can be told.")
        claims = [claim for claim in CLAIMS if options["only"] in (None, claim.of)]
        if not claims:
            known = ", ".join(sorted({claim.of for claim in CLAIMS}))
            raise CommandError(
                f"Nothing is claimed of {options['only']}; of these there is: {known}."
            )
        seeds = self._seeds(options["seed"])
        outcomes = []
        for found in run(claims, seeds, options["runs"]):
            self.stdout.write(line(found))
            outcomes.append(found)
        failed = [found for found in outcomes if not found.holds]
        self._write(outcomes, seeds, options)
        again = [found for found in outcomes if found.first_share is not None]
        self.stdout.write(
            f"{len(outcomes) - len(failed)} of {len(outcomes)} lines hold: {len(claims)} claims, "
            f"seeds {', '.join(map(str, seeds))}; {len(again)} were run again."
        )
        if failed:
            raise CommandError(f"{len(failed)} lines failed.")

    def _seeds(self, asked: list[int] | None) -> list[int]:
        if asked:
            if min(asked) < 0:
                raise CommandError("A seed is not negative.")
            return list(dict.fromkeys(asked))
        fresh = secrets.randbelow(2**32)
        self.stdout.write(f"The fresh seed is {fresh}; --seed {fresh} repeats it.")
        return [*FIXED, fresh]

    def _write(self, outcomes: list[Outcome], seeds: list[int], options: dict[str, Any]) -> None:
        if options["json"]:
            result = {
                "runs": options["runs"],
                "seeds": seeds,
                "rows": as_json(outcomes),
                "failed": [row for row in as_json(outcomes) if not row["holds"]],
            }
            options["json"].write_bytes(orjson.dumps(result, option=orjson.OPT_INDENT_2))
        if options["markdown"]:
            options["markdown"].write_text(markdown(outcomes))
