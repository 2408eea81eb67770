"""The stage: simulated time, what is sent when, and the commander's cues."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from demo.client import Client, Refused
from demo.commander import Commander
from demo.monitors import PREFIX, definitions
from demo.shop import UNITS, Shop

BATCH = 1_000
TICK = 0.5
# Between history and today, so that a story told fast never overtakes the clock on the wall.
LEAD = timedelta(days=12)
CALM = timedelta(hours=6)
Say = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """How long the history is, and how fast time goes.

    `speed` is in simulated hours a second, `pace` in seconds between the commander's steps.
    """

    history: timedelta = timedelta(days=14)
    speed: float = 1.0
    pace: float = 5.0


class Stage:
    """Plays the shop into an installation."""

    def __init__(self, sensor: Client, shop: Shop, plan: Plan, run: str, say: Say):
        self._sensor, self._shop, self._plan, self._say = sensor, shop, plan, say
        self.environment = f"demo-{run}"
        self._labels = {"shop": "yarnit", "run": run}
        self._sent = shop.began

    def set_up(self, live_from: datetime) -> None:
        """Puts away what an earlier run left, sends the history, and begins to watch."""
        self._remove_earlier_monitors()
        self._say(f"sending {self._plan.history.days} days of history")
        self.send(live_from)
        for definition in definitions(self._labels, self.environment):
            self._sensor.post("monitors", definition)
        self._say("watching; all is well for a few seconds")

    def send(self, until: datetime) -> None:
        """Sends what the shop measured up to a simulated time."""
        points = [
            {
                "series": series,
                "labels": self._labels,
                "time": at.isoformat(),
                "value": value,
                "unit": UNITS[series],
            }
            for series, at, value in self._shop.points(self._sent, until)
        ]
        for start in range(0, len(points), BATCH):
            self._sensor.post("measurements", {"measurements": points[start : start + BATCH]})
        self._sent = max(self._sent, until)

    def _remove_earlier_monitors(self) -> None:
        for monitor in self._sensor.get("monitors", limit=200)["items"]:
            if monitor["name"].startswith(PREFIX):
                reason = "A new run of the demonstration begins"
                self._sensor.post(f"monitors/{monitor['id']}/remove", {"reason": reason})


class Cues:
    """Resumes a script whenever the paces that it asked for have passed."""

    def __init__(self, script: Iterator[float], pace: float):
        self._script, self._pace = script, pace
        self._due = 0.0
        self.over = False

    def act(self, elapsed: float) -> None:
        """Goes on if it is time."""
        if self.over or elapsed < self._due:
            return
        try:
            self._due = elapsed + next(self._script) * self._pace
        except StopIteration:
            self.over = True


def play(
    stage: Stage,
    shop: Shop,
    commander: Commander,
    plan: Plan,
    live_from: datetime,
    *,
    once: bool,
    monotonic: Callable[[], float],
    sleep: Callable[[float], None],
    say: Say,
) -> None:
    """Runs shop and commander side by side until interrupted, or the story is over (`once`)."""
    cues, start = Cues(commander.script(), plan.pace), monotonic()
    while not (cues.over and once):
        elapsed = monotonic() - start
        simulated = live_from + timedelta(hours=elapsed * plan.speed)
        stage.send(min(simulated, datetime.now(UTC)))
        _patiently(cues, elapsed, say)
        if shop.repaired_at is None and commander.phase() in ("mitigation", "resolution"):
            shop.repair(simulated)
            say("the operations crew doubles the feeders")
        sleep(TICK)


def _patiently(cues: Cues, elapsed: float, say: Say) -> None:
    try:
        cues.act(elapsed)
    except Refused as refused:
        # A person at the same incident may be quicker; what they did stands.
        say(f"was refused, and leaves it at that: {refused}")
        cues.over = True
