"""`python -m demo`: a small shop, its stale search model, and a commander who works it.

The token that sends the measurements must be nobody else's: how far its times have come tells
the installation what time it is in the shop.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from datetime import UTC, datetime, timedelta

import httpx

from demo.client import Client
from demo.commander import Commander
from demo.shop import Habits, Shop
from demo.stage import CALM, LEAD, Plan, Stage, play


def arguments() -> argparse.ArgumentParser:
    """The command line; addresses and tokens may come from the environment."""
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    from_environment = os.environ.get
    parser.add_argument(
        "--url", default=from_environment("DROPSTITCH_URL", "http://127.0.0.1:8000")
    )
    parser.add_argument(
        "--token",
        default=from_environment("DROPSTITCH_SENSOR_TOKEN", ""),
        help="sends measurements and makes monitors (measurements:write, monitors:write)",
    )
    parser.add_argument(
        "--commander-token",
        default=from_environment("DROPSTITCH_COMMANDER_TOKEN", ""),
        help="works the incident (incidents:write, monitors:read); by default the same token",
    )
    parser.add_argument("--seed", type=int, default=7, help="another seed, other numbers")
    parser.add_argument("--history", type=float, default=14, help="days before the story")
    parser.add_argument("--speed", type=float, default=1.0, help="simulated hours a second")
    parser.add_argument("--pace", type=float, default=5.0, help="seconds between the steps")
    parser.add_argument("--click-through", type=float, default=0.62, help="usual share")
    parser.add_argument("--lost-per-day", type=float, default=0.013, help="by an old model")
    parser.add_argument("--feeders", type=int, default=10, help="log feeders at the start")
    parser.add_argument("--once", action="store_true", help="end when the story is over")
    return parser


def main() -> int:
    """Plays until interrupted."""
    options = arguments().parse_args()
    if not options.token:
        sys.stderr.write("Give a token: --token, or DROPSTITCH_SENSOR_TOKEN in the environment.\n")
        return 2
    plan = Plan(timedelta(days=options.history), options.speed, options.pace)
    today = datetime.now(UTC)
    live_from = (today - LEAD).replace(hour=14, minute=0, second=0, microsecond=0)
    habits = Habits(
        click_through=options.click_through,
        lost_per_day=options.lost_per_day,
        feeders=options.feeders,
    )
    shop = Shop(options.seed, live_from - plan.history, live_from + CALM, habits)
    with httpx.Client(base_url=options.url, timeout=30) as http:
        sensor = Client(http, options.token)
        commander_client = Client(http, options.commander_token or options.token)
        stage = Stage(sensor, shop, plan, f"{today:%m%d-%H%M%S}", say)
        stage.set_up(live_from)
        commander = Commander(commander_client, stage.environment, say)
        play(
            stage,
            shop,
            commander,
            plan,
            live_from,
            once=options.once,
            monotonic=time.monotonic,
            sleep=time.sleep,
            say=say,
        )
    return 0


def say(text: str) -> None:
    """One line of what is going on."""
    sys.stdout.write(f"{datetime.now().astimezone():%H:%M:%S}  {text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
