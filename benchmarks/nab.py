"""The shipped default of `robust_deviation` on the labelled series of the Numenta benchmark.

Every file is read with the same parameters. A declared onset inside a labelled window finds it;
one outside counts against us; the first min(15 %, 750) rows are probationary and count neither
way. This is the plain count a commander would feel, not the benchmark's own weighted score.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.figures import Figure
from monitoring.kinds import Kind, Point, Verdict, make

SHARED = Path(os.environ.get("DROPSTITCH_SHARED", Path(__file__).resolve().parents[2] / "shared"))
FOLDER = SHARED / "data" / "nab"


@dataclass(frozen=True)
class Found:
    """What one file gave: its windows, those hit, onsets outside them, seconds it took."""

    file: str
    rows: int
    windows: int
    hit: int
    outside: int
    seconds: float


def labels() -> dict[str, list[tuple[datetime, datetime]]]:
    """Labelled windows by file, in UTC."""
    read = json.loads((FOLDER / "labels" / "windows.json").read_text())
    return {file: [(_utc(a), _utc(b)) for a, b in windows] for file, windows in read.items()}


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def points(file: str) -> list[Point]:
    """The measurements of a file in time order; of repeated times the first."""
    table = pd.read_csv(FOLDER / "data" / file, parse_dates=["timestamp"])
    table = table.drop_duplicates("timestamp").sort_values("timestamp")
    times = table["timestamp"].dt.tz_localize("UTC").dt.to_pydatetime()
    return [Point(at, float(v)) for at, v in zip(times, table["value"], strict=True)]


def onsets(verdicts: list[Verdict]) -> list[datetime]:
    """The instants at which a breach opened."""
    before = ["ok", *(v.status for v in verdicts)]
    return [
        v.at
        for v, was in zip(verdicts, before, strict=False)
        if v.status == "breached" and was != "breached"
    ]


def judge(file: str, kind: Kind, windows: list[tuple[datetime, datetime]]) -> Found:
    """Runs one file through the kind and compares its onsets with the windows."""
    read, began = points(file), time.perf_counter()
    _, verdicts = kind.evaluate(kind.start(), read, read[-1].time)
    seconds = time.perf_counter() - began
    settled = read[min(int(0.15 * len(read)), 750)].time
    declared = [at for at in onsets(verdicts) if at >= settled]
    hit = sum(any(a <= at <= b for at in declared) for a, b in windows)
    outside = sum(not any(a <= at <= b for a, b in windows) for at in declared)
    return Found(file, len(read), len(windows), hit, outside, seconds)


def figures(found: list[Found]) -> list[Figure]:
    """The results as figures: the machine's failure and the quiet series with their goals."""
    machine = next(f for f in found if "machine_temperature" in f.file)
    quiet = sum(f.outside for f in found if "NoAnomaly" in f.file)
    labelled = f"{sum(f.windows for f in found)} labelled windows"
    return [
        Figure("machine temperature: windows hit, of 4", "windows", "higher", machine.hit, goal=3),
        Figure("machine temperature: onsets outside", "onsets", "lower", machine.outside, goal=1),
        Figure("series without anomalies", "onsets", "lower", quiet, goal=0),
        Figure("machine temperature: time", "s", "lower", machine.seconds, goal=5),
        Figure(f"all files: hit, of {labelled}", "windows", "higher", sum(f.hit for f in found)),
        Figure("all files: onsets outside", "onsets", "lower", sum(f.outside for f in found)),
    ]


def run(settings: dict[str, Any] | None = None) -> list[Found]:
    """Every labelled file with the default parameters, or with some of them changed."""
    kind = make("robust_deviation", settings or {})
    return [judge(file, kind, windows) for file, windows in sorted(labels().items())]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Other parameters than the shipped ones."""
    parser.add_argument(
        "--set", nargs="*", default=[], metavar="NAME=VALUE", help="parameters of the kind"
    )


def measure(options: argparse.Namespace) -> list[Figure]:
    """One line per file, and the figures that have goals."""
    given = dict(item.split("=", 1) for item in options.set)
    found = run({name: json.loads(value) for name, value in given.items()})
    print(f"{'file':58} {'rows':>6} {'hit':>5} {'outside':>7} {'s':>5}")
    for f in found:
        print(f"{f.file:58} {f.rows:6} {f.hit:>3}/{f.windows} {f.outside:7} {f.seconds:5.2f}")
    return figures(found)
