"""`score_faults`: how soon each kind of monitor notices the faults it is there for."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.environment import ROOT
from monitoring.faults.cases import CASES
from monitoring.faults.score import Scored, score
from monitoring.kinds.base import span

PAGE = ROOT / "docs" / "monitors.md"
BEGINS, ENDS = "<!-- faults -->", "<!-- end of faults -->"


class Command(BaseCommand):
    """Puts faults into simulated production, and prints what the kinds made of them."""

    help = "Scores every kind of monitor on injected faults and on healthy months."
    requires_system_checks: Sequence[str] = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Options."""
        parser.add_argument("--kind", action="append", help="Only this kind; may be repeated.")
        parser.add_argument("--seeds", type=int, default=20, help="Worlds for each fault.")
        parser.add_argument("--first-seed", type=int, default=1, help="The first of the seeds.")
        parser.add_argument("--months", type=float, default=12.0, help="Healthy months of 30 days.")
        parser.add_argument("--json", type=Path, help="Writes the result to this file.")
        parser.add_argument("--write-docs", action="store_true", help="Into docs/monitors.md.")

    def handle(self, *args: Any, **asked: Any) -> None:
        """Runs the cases side by side; fails unless all of them hold."""
        if not (1 <= asked["seeds"] <= 10_000 and 0 <= asked["months"] <= 1_200):
            raise CommandError("--seeds are 1 to 10,000 and --months 0 to 1,200.")
        wanted = asked["kind"] or sorted({case.kind for case in CASES})
        chosen = [place for place, case in enumerate(CASES) if case.kind in wanted]
        if unknown := set(wanted) - {CASES[place].kind for place in chosen}:
            raise CommandError(f"No case is known for {', '.join(sorted(unknown))}.")
        if asked["write_docs"] and asked["kind"]:
            raise CommandError("--write-docs is for all kinds together.")
        seeds = range(asked["first_seed"], asked["first_seed"] + asked["seeds"])
        done = []
        for scored in self._scored(chosen, seeds, asked["months"]):
            done.append(scored)
            self.stdout.write(
                f"{'ok' if scored.holds else 'NO':<4}{scored.case} ({scored.seconds} s)"
            )
            for line in told(scored):
                self.stdout.write(f"      {line}")
        if asked["json"]:
            asked["json"].write_text(json.dumps([each.as_json() for each in done], indent=1))
        if asked["write_docs"]:
            PAGE.write_text(with_table(PAGE.read_text(), table(done)))
        failed = [each.case for each in done if not each.holds]
        if failed:
            raise CommandError(
                f"{len(failed)} of {len(done)} cases do not hold: {', '.join(failed)}"
            )
        self.stdout.write(f"all {len(done)} cases hold")

    def _scored(self, chosen: list[int], seeds: range, months: float) -> Iterable[Scored]:
        if len(chosen) == 1:
            yield _score(chosen[0], seeds, months)
            return
        # A fresh interpreter each, for a fork would share this one's database connections.
        with ProcessPoolExecutor(os.cpu_count(), get_context("spawn"), _set_up) as pool:
            yield from pool.map(_score, chosen, [seeds] * len(chosen), [months] * len(chosen))


def _set_up() -> None:
    import django

    django.setup()


def _score(place: int, seeds: range, months: float) -> Scored:
    return score(CASES[place], seeds, months)


def told(scored: Scored) -> list[str]:
    """A case in lines of words."""
    lines = [
        f"{each.fault} ({each.says}): {each.noticed} of {each.seeds} within {span(each.within)}"
        + (f", usually after {span(each.usual)}" if each.usual is not None else "")
        for each in scored.noticed
    ]
    lines += [f"{name}: {n} breaches, none wanted" for name, n in scored.endured.items()]
    return [
        *lines,
        f"healthy: {scored.false} breaches in {scored.months:.1f} months, {scored.a_month:.2f} a month",
    ]


def table(done: Iterable[Scored]) -> str:
    """The cases as a table for the documentation."""
    lines = [
        "| kind | fault | must be noticed within | noticed | usually after | false breaches a month |",
        "|---|---|---|---|---|---|",
    ]
    for scored in done:
        often = f"{scored.a_month:.2f}" + (", pages" if scored.pages else "")
        for place, each in enumerate(scored.noticed):
            first = (f"`{scored.case}`", often) if place == 0 else ("", "")
            usual = span(each.usual) if each.usual is not None else "–"
            lines.append(
                f"| {first[0]} | {each.fault}: {each.says} | {span(each.within)} |"
                f" {each.noticed} of {each.seeds} | {usual} | {first[1]} |"
            )
        lines += [
            f"| | no fault: {name} | | {n} breaches | | |" for name, n in scored.endured.items()
        ]
    return "\n".join(lines)


def with_table(page: str, made: str) -> str:
    """The page with this table between its two marks. Raises `CommandError` without them."""
    before, begins, rest = page.partition(BEGINS)
    _, ends, after = rest.partition(ENDS)
    if not begins or not ends:
        raise CommandError(f"The page has no {BEGINS} … {ENDS}.")
    return f"{before}{BEGINS}\n\n{made}\n\n{ENDS}{after}"
