"""Labelled series are read, judged by production code and scored; the command prints it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from monitoring import corpus
from monitoring.kinds import make
from tests.monitoring.kinds.series import minute, points

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
EASY = {"value": 5.0, "needed": 1, "of": 1, "clear_after": 1}


def stamp(row: int) -> str:
    return f"{BEGIN + timedelta(minutes=5 * row):%Y-%m-%d %H:%M:%S}"


def spiky(rows: int, spikes: list[int]) -> str:
    lines = [f"{stamp(row)},{1000 if row in spikes else row % 7}" for row in range(rows)]
    return "\n".join(["timestamp,value", *lines, ""])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two series of 3,000 rows: one with a spike that is labelled, one without anything."""
    (tmp_path / "data" / "made").mkdir(parents=True)
    (tmp_path / "data" / "made" / "spike.csv").write_text(spiky(3000, [2000]))
    (tmp_path / "data" / "made" / "quiet.csv").write_text(spiky(3000, []))
    windows = {"made/spike.csv": [[stamp(1990), stamp(2089) + ".000000"]], "made/quiet.csv": []}
    (tmp_path / "windows.json").write_text(json.dumps(windows))
    return tmp_path


def test_detections_are_the_rows_at_which_a_breach_opens() -> None:
    values = [0.0] * 1000
    values[10] = values[500] = values[501] = values[700] = 9.0
    read, kind = points(values), make("threshold", EASY)
    series = corpus.Labelled("a.csv", read, [(minute(500), minute(519))])
    found = corpus.judge(series, kind)
    assert found.detections == [minute(500), minute(700)]
    assert (found.hit, found.outside) == (1, 1)
    assert found.days == pytest.approx((999 - 150) / 1440)
    assert found.raw["standard"] == pytest.approx(1.0 - 0.11)


def test_silence_in_the_middle_of_a_breach_makes_no_second_onset() -> None:
    values = [0.0] * 600 + [9.0, float("nan"), 9.0]
    verdicts = corpus.run(make("threshold", EASY), points(values))
    assert corpus.onsets(verdicts) == [minute(600)]


def test_parts_are_judged_as_the_whole() -> None:
    read = points([float(n * n % 11) for n in range(1300)])
    kind = make("threshold", EASY)
    assert corpus.run(kind, read) == kind.evaluate(kind.start(), read, read[-1].time)[1]


def test_of_repeated_times_the_first_counts(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "timestamp,value\n2026-03-01 00:05:00,2\n2026-03-01 00:00:00,1\n2026-03-01 00:05:00,3\n"
    )
    assert [point.value for point in corpus.read_points(path)] == [1.0, 2.0]


def test_a_window_takes_in_the_rows_between_its_ends() -> None:
    times = [minute(5 * n) for n in range(10)]
    assert corpus.rows_of(times, (minute(10), minute(20))) == (2, 4)
    assert corpus.rows_of(times, (minute(9), minute(21))) == (2, 4)
    assert corpus.rows_of(times, (minute(11), minute(12))) == (3, 3)


def test_the_best_threshold_is_found_and_of_equal_ones_the_highest() -> None:
    assert corpus.best_threshold(0, 10, lambda t: 1.0 if 3.1 < t < 4.3 else 0.0) == pytest.approx(
        4.25
    )
    assert corpus.best_threshold(1, 6, lambda _: 0.0) == 6


def scored(folder: Path, *options: str) -> tuple[dict[str, Any], str]:
    said, target = StringIO(), folder / "result.json"
    arguments = ["--data", str(folder), "--windows", str(folder / "windows.json")]
    call_command("score_nab", *arguments, "--json", str(target), *options, stdout=said, stderr=said)
    return json.loads(target.read_text()), said.getvalue()


def test_the_command_prints_and_writes_the_scores(folder: Path) -> None:
    result, said = scored(folder)
    # the tenth of 100 rows: y = -0.9
    assert result["standard"] == pytest.approx(100 * (0.9780262 / 0.9866143 + 1) / 2, abs=1e-4)
    assert result["low_fp"] == result["standard"]
    assert result["low_fn"] == pytest.approx(100 * (0.9780262 / 0.9866143 + 2) / 3, abs=1e-4)
    assert (result["windows_hit"], result["incidents_outside"]) == (1, 0)
    assert result["threshold_source"] == "shipped"
    assert [each["file"] for each in result["files"]] == ["made/quiet.csv", "made/spike.csv"]
    assert result["files"][0]["standard"] is None
    assert result["files"][1]["detections"] == [(BEGIN + timedelta(minutes=10_000)).isoformat()]
    assert "1 of 1 windows hit, 0 incidents outside" in said


def test_a_fitted_threshold_is_written_and_taken_up_again(folder: Path) -> None:
    fitted, _ = scored(folder, "--fit")
    assert fitted["threshold_source"] == "fitted"
    (folder / "result.json").rename(folder / "earlier.json")
    again, _ = scored(folder, "--threshold-from", str(folder / "earlier.json"))
    assert again["threshold_source"] == "given"
    same = ("standard", "low_fp", "low_fn", "threshold", "files")
    assert {name: again[name] for name in same} == {name: fitted[name] for name in same}


def test_series_that_are_in_only_one_place_are_said(folder: Path) -> None:
    (folder / "data" / "made" / "more.csv").write_text(spiky(10, []))
    (folder / "data" / "made" / "quiet.csv").unlink()
    _, said = scored(folder)
    assert "made/more.csv has no labels and is left out" in said
    assert "made/quiet.csv is labelled and not there" in said


def test_what_cannot_be_read_is_refused_with_its_name(folder: Path) -> None:
    with pytest.raises(CommandError, match="holds no threshold"):
        scored(folder, "--threshold-from", str(folder / "windows.json"))
    (folder / "data" / "made" / "quiet.csv").write_text("time,value\n1,2\n")
    with pytest.raises(CommandError, match=r"quiet\.csv is no CSV of timestamp,value"):
        scored(folder)
    (folder / "windows.json").write_text("[]")
    with pytest.raises(CommandError, match="no file of windows"):
        scored(folder)
    (folder / "windows.json").write_text("{}")
    with pytest.raises(CommandError, match="No CSV below"):
        scored(folder)
