"""Scores of a kind of monitor over labelled series, as the Numenta benchmark counts them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError, CommandParser

from monitoring import corpus
from monitoring.corpus import Judged, Labelled
from monitoring.kinds import BadParameter, Kind, kinds, make
from monitoring.kinds.describe import Parameter, parameters

DEFAULT_KIND = "anomaly"


class Command(BaseCommand):
    """`score_nab --data DIR --windows FILE [--fit | --threshold-from FILE] [--json FILE]`.

    Every series is judged with the parameters that a new monitor has by default; the two options
    replace the threshold alone.
    """

    help = __doc__
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """The corpus, the kind, whose threshold, and where the result goes."""
        tuned = [name for name, kind in kinds().items() if kind.tuned_by]
        parser.add_argument("--data", type=Path, required=True, help="folder of CSV files")
        parser.add_argument(
            "--windows", type=Path, required=True, help="labelled windows by file, JSON"
        )
        parser.add_argument("--kind", choices=tuned, default=DEFAULT_KIND)
        whose = parser.add_mutually_exclusive_group()
        whose.add_argument(
            "--fit",
            action="store_true",
            help="instead of the shipped threshold the one with the best standard score here",
        )
        whose.add_argument(
            "--threshold-from",
            type=Path,
            metavar="FILE",
            help="instead of the shipped threshold that of an earlier --json",
        )
        parser.add_argument("--json", type=Path, help="also write the result to this file")

    def handle(self, *args: Any, **options: Any) -> None:
        """Prints each series and the scores."""
        name = options["kind"]
        series = self._read(options["data"], options["windows"])
        threshold, source = self._threshold(name, series, options)
        kind = _make(name, threshold)
        judged = [corpus.judge(each, kind) for each in series]
        about = {"kind": name, "threshold_parameter": kind.tuned_by, "threshold_source": source}
        result = corpus.summary(judged, threshold) | about
        self._tell(judged, result)
        if options["json"]:
            options["json"].write_bytes(orjson.dumps(result, option=orjson.OPT_INDENT_2))

    def _read(self, folder: Path, path: Path) -> list[Labelled]:
        """The labelled series; says what is in only one of the two places."""
        try:
            windows = corpus.read_windows(path)
            series = corpus.read(folder, windows)
        except corpus.BadCorpus as error:
            raise CommandError(f"{error}.") from error
        if not series:
            raise CommandError(f"No CSV below {corpus.root(folder)} is named in {path}.")
        found = set(corpus.files(folder))
        for label, names in (
            ("has no labels and is left out", found - windows.keys()),
            ("is labelled and not there", windows.keys() - found),
        ):
            for name in sorted(names):
                self.stderr.write(f"{name} {label}")
        return series

    def _threshold(
        self, name: str, series: Sequence[Labelled], options: dict[str, Any]
    ) -> tuple[float, str]:
        """The threshold and where it comes from: shipped, given or fitted."""
        if options["threshold_from"]:
            return _earlier(options["threshold_from"]), "given"
        about = _tuned(name)
        if not options["fit"]:
            return about.default, "shipped"
        if about.minimum is None or about.maximum is None:
            raise CommandError(f"{about.name} has no bounds to fit it between.")

        def score_at(threshold: float) -> float:
            kind = _make(name, threshold)
            found = corpus.score([corpus.judge(each, kind) for each in series], "standard")
            self.stderr.write(f"{about.name} {threshold:g}: standard {found:.2f}")
            return found

        return corpus.best_threshold(about.minimum, about.maximum, score_at), "fitted"

    def _tell(self, judged: Sequence[Judged], result: dict[str, Any]) -> None:
        header = f"{'series':58}{'rows':>7}{'hit':>7}{'outside':>9}{'in 30 d':>9}"
        self.stdout.write(header)
        for each in judged:
            rate = corpus.per_30_days(len(each.detections), each.days)
            hit = f"{each.hit}/{each.windows}"
            self.stdout.write(f"{each.file:58}{each.rows:7}{hit:>7}{each.outside:9}{rate:9.1f}")
        self.stdout.write(
            f"{result['kind']}, {result['threshold_source']} {result['threshold_parameter']}"
            f" {result['threshold']:g}: {result['windows_hit']} of {result['windows']} windows hit,"
            f" {result['incidents_outside']} incidents outside,"
            f" {result['incidents_per_30_days']:.2f} incidents per 30 days"
        )
        self.stdout.write(
            f"standard {result['standard']:.2f}  low-FP {result['low_fp']:.2f}"
            f"  low-FN {result['low_fn']:.2f}  ({result['points_per_second']:,.0f} points a second)"
        )


def _tuned(name: str) -> Parameter:
    """The parameter that is the kind's threshold."""
    kind = kinds()[name]
    return next(each for each in parameters(kind) if each.name == kind.tuned_by)


def _make(name: str, threshold: float) -> Kind:
    try:
        return make(name, {_tuned(name).name: threshold})
    except BadParameter as error:
        raise CommandError(f"{error}.") from error


def _earlier(path: Path) -> float:
    """The threshold in the result of an earlier run."""
    try:
        return float(orjson.loads(path.read_bytes())["threshold"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CommandError(f"{path} holds no threshold of an earlier run: {error!r}.") from error
