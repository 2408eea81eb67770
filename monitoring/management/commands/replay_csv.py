"""`manage.py replay_csv FILE`: a recorded series, sent as if it happened now, or as fast as it goes."""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pandas as pd
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from monitoring.management.client import COUNTS, Client, add_client_arguments, client_of

TICK = 0.5
PATIENCE = 120.0
SETTLE = 0.1
LAST_PAUSE = 2.0


class Command(BaseCommand):
    help = "Sends a CSV of timestamp,value as measurements of one series."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What to send, how fast, and who watches it."""
        add_client_arguments(parser)
        parser.add_argument("file", type=Path)
        parser.add_argument("--series", required=True, help="name of the series")
        parser.add_argument("--labels", nargs="*", default=[], metavar="KEY=VALUE")
        parser.add_argument(
            "--speed", default="max", help="seconds of the record in one second, or max"
        )
        parser.add_argument("--tz", help="zone of times that have none, such as Europe/Lisbon")
        parser.add_argument("--chunk", type=int, default=288, help="rows in a batch at full speed")
        parser.add_argument("--monitor", metavar="KIND", help="watch the series with this kind")
        parser.add_argument(
            "--set", nargs="*", default=[], metavar="NAME=VALUE", help="parameters of the monitor"
        )
        parser.add_argument("--urgency", default="page", help="urgency of the monitor")
        parser.add_argument("--subject", help="ref that it speaks for; series:NAME by default")
        parser.add_argument(
            "--resolve",
            action="store_true",
            help="play the commander: resolve incidents whose breach has closed",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Reads, sends, and says what became of it."""
        table = self._read(options["file"], options["tz"])
        client, labels = client_of(options), pairs_of(options["labels"], "--labels")
        subject = options["subject"] or f"series:{options['series']}"
        monitor = self._watch(client, options, labels, subject) if options["monitor"] else ""
        if options["resolve"] and not monitor:
            raise CommandError("--resolve needs --monitor, whose breaches it follows.")
        sums: Counter[str] = Counter()
        with tqdm(total=len(table), unit="row", disable=None) as bar:
            for part in paced(table, speed_of(options["speed"]), options["chunk"]):
                answer = client.send(points_of(part, options["series"], labels))
                sums.update({name: answer[name] for name in COUNTS})
                if monitor:
                    wait_until_judged(client, monitor, part["time"].iloc[-1])
                if options["resolve"]:
                    sums["resolved"] += self._resolve(client, subject, monitor)
                bar.update(len(part))
        if options["resolve"]:
            time.sleep(LAST_PAUSE)
            sums["resolved"] += self._resolve(client, subject, monitor)
        self.stdout.write(", ".join(f"{count:,} {name}" for name, count in sums.items() if count))
        if monitor:
            self._report(client, monitor)

    def _read(self, file: Path, zone: str | None) -> pd.DataFrame:
        """The rows in time order. Repeats of a time are counted, said, and only the first is kept."""
        try:
            table = pd.read_csv(file)
        except (OSError, ValueError) as error:
            raise CommandError(f"Cannot read {file}: {error}") from error
        table = timed(table, zone)
        repeats = table.duplicated("time")
        differing = repeats & ~table.duplicated(["time", "value"])
        if repeats.any():
            self.stdout.write(
                f"{repeats.sum()} rows repeat a time, {differing.sum()} of them with another "
                "value; the first of each is sent"
            )
        return table[~repeats].sort_values("time", ignore_index=True)

    def _watch(
        self, client: Client, options: dict[str, Any], labels: dict[str, str], subject: str
    ) -> str:
        parameters = {
            name: plain(value) for name, value in pairs_of(options["set"], "--set").items()
        }
        return client.ensure_monitor(
            {
                "name": f"{options['series']} {options['monitor']}".replace("_", " "),
                "kind": options["monitor"],
                "parameters": parameters,
                "series": options["series"],
                "labels": labels,
                "subjects": [subject],
                "urgency": options["urgency"],
            }
        )

    def _resolve(self, client: Client, subject: str, monitor: str) -> int:
        """Resolves incidents about the subject whose breaches have all closed."""
        settle(client, subject, monitor)
        resolved = 0
        for incident in list(client.items("incidents", status="open", subject=subject)):
            if incident["proposal"] == "resolve":
                body = {"outcome": "restored", "summary": "The series is within bounds again."}
                key = f"replay-{incident['id']}-{incident['version']}"
                client.post(f"incidents/{incident['id']}/resolve", body, key)
                resolved += 1
        return resolved

    def _report(self, client: Client, monitor: str) -> None:
        breaches = list(client.items(f"monitors/{monitor}/breaches"))
        self.stdout.write(f"{len(breaches)} declared:")
        for breach in reversed(breaches):
            closed = breach["closed_at"] or "still open"
            self.stdout.write(f"  {breach['onset']} until {closed}: {breach['sentence']}")


def timed(table: pd.DataFrame, zone: str | None) -> pd.DataFrame:
    """A table of `time`, in UTC, and `value`. Raises `CommandError` for one that is neither."""
    if not {"timestamp", "value"} <= set(table.columns):
        raise CommandError("The file needs a header with the columns timestamp and value.")
    try:
        times = pd.to_datetime(table["timestamp"])
        values = pd.to_numeric(table["value"])
    except (ValueError, TypeError) as error:
        raise CommandError(f"The file has a row that cannot be read: {error}") from error
    if times.dt.tz is None:
        times = localised(times, zone)
    return pd.DataFrame({"time": times.dt.tz_convert("UTC"), "value": values})


def localised(times: pd.Series[Any], zone: str | None) -> pd.Series[Any]:
    """Times with the zone that the file leaves out."""
    if zone is None:
        raise CommandError("The file's times have no zone: say which with --tz, such as --tz UTC.")
    try:
        zoned: pd.Series[Any] = times.dt.tz_localize(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise CommandError(f"--tz {zone} does not fit the times: {error}") from error
    return zoned


def speed_of(text: str) -> float | None:
    """Seconds of the record in one second; None for as fast as it goes."""
    if text == "max":
        return None
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0 < speed < 1e9:
        raise CommandError("--speed is a number above 0, or max.")
    return speed


def pairs_of(texts: list[str], option: str) -> dict[str, str]:
    """KEY=VALUE texts as a dict."""
    if any("=" not in text for text in texts):
        raise CommandError(f"{option} takes KEY=VALUE.")
    return dict(text.split("=", 1) for text in texts)


def plain(text: str) -> Any:
    """A number or true/false where the text is one."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def paced(table: pd.DataFrame, speed: float | None, chunk: int) -> Iterator[pd.DataFrame]:
    """Parts of the table: by count at full speed, else what falls due, when it does."""
    if speed is None:
        yield from (table[start : start + chunk] for start in range(0, len(table), chunk))
        return
    began, first, done = time.monotonic(), table["time"].iloc[0], 0
    while done < len(table):
        until = first + pd.Timedelta(seconds=(time.monotonic() - began) * speed)
        due = int(table["time"].searchsorted(until, side="right"))
        if due > done:
            yield table[done:due]
            done = due
        time.sleep(TICK)


def points_of(part: pd.DataFrame, series: str, labels: dict[str, str]) -> list[dict[str, Any]]:
    """The rows as measurements."""
    return [
        {"series": series, "labels": labels, "time": at.isoformat(), "value": float(value)}
        for at, value in zip(part["time"], part["value"], strict=True)
    ]


def wait_until_judged(client: Client, monitor: str, until: datetime) -> None:
    """Waits until the monitor has judged everything up to a time."""
    give_up = time.monotonic() + PATIENCE
    while time.monotonic() < give_up:
        last = client.get(f"monitors/{monitor}")["last_at"]
        if last and datetime.fromisoformat(last) >= until:
            return
        time.sleep(SETTLE)
    raise CommandError(f"The monitor did not come to {until} in {PATIENCE:g} s; is a worker up?")


def settle(client: Client, subject: str, monitor: str) -> None:
    """Waits until the incidents about the subject know of the monitor's breach, or of its end."""
    is_breached = bool(client.get(f"monitors/{monitor}")["breach"])
    give_up = time.monotonic() + PATIENCE
    while time.monotonic() < give_up:
        listed = list(client.items("incidents", status="open", subject=subject))
        knows = any(i["proposal"] != "resolve" for i in listed) == is_breached
        if knows:
            return
        time.sleep(SETTLE)
