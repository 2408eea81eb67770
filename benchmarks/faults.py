"""Kills of web, worker, sealer and PostgreSQL under load: nothing lost, nothing done twice.

Against an installation of its own, started by `up`, over the public API. The same seed gives the
same order of kills.
"""

from __future__ import annotations

import argparse

from benchmarks.campaign import PARTS, Campaign, Verdict
from benchmarks.figures import Figure, percentile
from benchmarks.up import Up


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this benchmark."""
    parser.add_argument("--kills", type=int, default=50, help="kills of each part")
    parser.add_argument("--seed", type=int, default=1, help="of the order and the commands")
    parser.add_argument("--rate", type=float, default=20.0, help="commands per second")
    parser.add_argument("--pause", type=float, default=3.0, help="mean seconds between kills")


def measure(options: argparse.Namespace) -> list[Figure]:
    """The campaign's counts, which must be 0, and the times of recovery."""
    with Up() as up:
        campaign = Campaign(up, options.seed, options.kills, options.rate, options.pause)
        verdict = campaign.run()
        _explain(campaign, verdict)
        return [*counts(campaign, verdict), *recoveries(campaign)]


def counts(campaign: Campaign, verdict: Verdict) -> list[Figure]:
    """What was sent, and what became of it."""
    outcomes = campaign.client.outcomes
    promises = {
        "acknowledged commands missing": len(verdict.missing),
        "commands carried out twice": len(verdict.doubled),
        "refused commands present": len(verdict.present_though_refused),
        "problems found by verify_log": int(bool(verdict.log_problems)),
        "read models that differ from their rebuild": int(bool(verdict.drifted)),
        "parts that did not come back": len(campaign.kills.failed),
    }
    totals = {
        "commands sent": campaign.sent,
        "commands acknowledged": len(outcomes.acknowledged),
        "commands refused": len(outcomes.refused),
        "commands without an answer": len(outcomes.unknown),
        "repeats after an unknown outcome": outcomes.repeats,
    }
    return [Figure(what, "", "higher", value) for what, value in totals.items()] + [
        Figure(what, "", "lower", value, goal=0) for what, value in promises.items()
    ]


def recoveries(campaign: Campaign) -> list[Figure]:
    """Seconds from each kill until the part was at work again."""
    figures = []
    for part in PARTS:
        times = campaign.kills.recovered[part]
        figures.append(Figure(f"{part}: kills", "", "higher", len(times)))
        if times:
            figures += [
                Figure(f"{part}: at work again, {name}", "s", "lower", value)
                for name, value in (
                    ("p50", percentile(times, 0.5)),
                    ("p95", percentile(times, 0.95)),
                    ("longest", max(times)),
                )
            ]
    return figures


def _explain(campaign: Campaign, verdict: Verdict) -> None:
    for name, found in vars(verdict).items():
        if found:
            print(f"{name}: {found}")
    for problem in campaign.kills.failed:
        print(problem)
