"""A small world of experiments for tests of pages: one that harms, one that is equal, others."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

from eventlog.clock import now
from experiments import tending
from experiments.models import Look
from tests.cast import Player
from tests.experiments.world import sent

METRICS: dict[str, dict[str, Any]] = {
    "clicked": {"name": "Clicked", "aggregation": "conversion", "source": "click"},
    "spent": {"name": "Spent", "aggregation": "sum", "source": "purchase", "unit": "CHF"},
    "latency": {
        "name": "Latency",
        "aggregation": "mean",
        "source": "latency",
        "direction": "down",
        "unit": "ms",
    },
}
ARMS = [
    {"key": "control", "value": False, "weight": 0.5},
    {"key": "two-tower", "value": True, "weight": 0.5},
]
PARTS = [
    {"metric": "clicked", "part": "primary"},
    {"metric": "latency", "part": "guardrail", "margin": 0.05},
    {"metric": "spent", "part": "secondary"},
]


def designed(title: str, **fields: Any) -> dict[str, Any]:
    return {
        "title": title,
        "hypothesis": "Learning query and item together shows more fitting yarn.",
        "flag": "recs",
        "variations": ARMS,
        "metrics": PARTS,
        "smallest_effect": 0.02,
        "units": 2_000,
        "slices": ["country"],
        "owner": "team:recs",
        **fields,
    }


def build(by: Player, other: Player) -> None:
    """Metrics, a flag, and experiments in several states; `other` reviews."""
    api = by.api
    sent(api.post("flags", {"flag": "recs", "kind": "boolean", "default": False}))
    for key, definition in METRICS.items():
        sent(api.post(f"metrics/{key}", {"definition": definition}))
    for key, title in (
        ("recs-two-tower", "Two-tower recommendations"),
        ("prompt", "Sign-up prompt"),
    ):
        sent(api.post("experiments", {"experiment": key, "design": designed(title)}))
        sent(api.post(f"experiments/{key}/ask-for-review"))
        sent(other.api.post(f"experiments/{key}/review", {"approve": True, "comment": "Fine."}))
    sent(api.post("experiments/recs-two-tower/start"))
    later = (now() + timedelta(days=3)).isoformat()
    sent(api.post("experiments/prompt/queue", {"not_before": later}))
    draft = designed("Larger pictures", stop_when_confident=True)
    sent(api.post("experiments", {"experiment": "pictures", "design": draft}))


def visit(
    by: Player,
    count: int = 600,
    slower: float = 1.0,
    better: float = 1.3,
    experiment: str = "recs-two-tower",
) -> None:
    """Units meet a running experiment, half of them each arm, and it is looked at."""
    chance, at = random.Random(5), now().isoformat()
    met, done = [], []
    for n in range(count):
        unit, arm = f"u{n}", ARMS[n % 2]["key"]
        met.append(
            {
                "experiment": experiment,
                "phase": "1",
                "unit": unit,
                "variation": arm,
                "time": at,
                "attributes": {"country": ("CH", "FI")[n // 2 % 2]},
            }
        )
        treated = n % 2
        wait = chance.gauss(300, 40) * (slower if treated else 1)
        done.append({"source": "latency", "unit": unit, "time": at, "value": wait})
        if chance.random() < 0.1 * (better if treated else 1):
            done.append({"source": "click", "unit": unit, "time": at})
        if chance.random() < 0.2:
            done.append(
                {
                    "source": "purchase",
                    "unit": unit,
                    "time": at,
                    "value": round(chance.expovariate(0.05), 2),
                }
            )
    sent(by.api.post("exposures", met, format="json"))
    sent(by.api.post("outcomes", done, format="json"))
    tending.tend(now())


def remember(days: int) -> None:
    """Looks of the days before, as if it had been running for so long."""
    for look in list(Look.objects.all()):
        for hours in range(3, days * 24, 3):
            wider = (days * 24 / (days * 24 - hours)) ** 0.5
            Look.objects.create(
                experiment=look.experiment,
                phase=look.phase,
                metric=look.metric,
                variation=look.variation,
                at=look.at - timedelta(hours=hours),
                n=int(look.n * (1 - hours / (days * 24))),
                effect=look.effect,
                lo=look.effect - (look.effect - look.lo) * wider,
                hi=look.effect + (look.hi - look.effect) * wider,
                p_value=1.0,
            )
