"""The shipped default of `robust_deviation` on the labelled series of the Numenta benchmark.

Every file is read with the same parameters. A declared onset inside a labelled window finds it;
one outside counts against us; the first min(15 %, 750) rows are probationary and count neither
way. This is the plain count a commander would feel; `manage score_nab` gives the benchmark's own
weighted score.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure
from monitoring import corpus
from monitoring.corpus import Judged, Labelled, Span, read_points, read_windows
from monitoring.kinds import Kind, Point, make

SHARED = Path(os.environ.get("DROPSTITCH_SHARED", Path(__file__).resolve().parents[2] / "shared"))
FOLDER = SHARED / "data" / "nab"


def labels() -> dict[str, list[Span]]:
    """Labelled windows by file, in UTC."""
    return read_windows(FOLDER / "labels" / "windows.json")


def points(file: str) -> list[Point]:
    """The measurements of a file in time order; of repeated times the first."""
    return read_points(FOLDER / "data" / file)


def judge(file: str, kind: Kind, windows: list[Span]) -> Judged:
    """Runs one file through the kind and compares its onsets with the windows."""
    return corpus.judge(Labelled(file, points(file), windows), kind)


def figures(found: list[Judged]) -> list[Figure]:
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


def run(settings: dict[str, Any] | None = None) -> list[Judged]:
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
