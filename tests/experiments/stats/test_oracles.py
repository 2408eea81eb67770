"""Known answers: experiment statistics by family, and Kayenta's verdicts."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.core.management import CommandError, call_command
from scipy import stats

from experiments.stats.canary import Judge, Verdict
from experiments.stats.oracle import FAMILIES, agree, score
from tests.shared import SHARED, needs, read

ORACLE = "oracles/experiments/stats_oracles.json"
KAYENTA = "oracles/experiments/kayenta_classifier_cases.json"


@needs(ORACLE)
@pytest.mark.parametrize("family", [name for name in FAMILIES if name != "welch_t_from_moments"])
def test_every_row(family: str) -> None:
    rows = [row for row in read(ORACLE)["rows"] if row["family"] == family]
    assert rows
    assert score(rows)["failed"] == []


def test_welch_from_moments_beside_scipy() -> None:
    inputs = {"n_c": 50, "mean_c": 10.0, "var_c": 4.0, "n_t": 48, "mean_t": 11.0, "var_t": 9.0}
    theirs = stats.ttest_ind_from_stats(11.0, 3.0, 48, 10.0, 2.0, 50, equal_var=False)
    expected = {"effect": 1.0, "t": float(theirs.statistic), "p_value": float(theirs.pvalue)}
    row = {"family": "welch_t_from_moments", "inputs": inputs, "expected": expected, "tol": 1e-10}
    assert score([row])["failed"] == []
    wrong = {**row, "expected": {**expected, "t": expected["t"] * 1.001}}
    assert len(score([wrong])["failed"]) == 1


@needs(ORACLE)
def test_the_score_is_printed_and_written(tmp_path: Path) -> None:
    call_command("score_stats", oracle=SHARED / ORACLE, json=tmp_path / "score.json")
    result = orjson.loads((tmp_path / "score.json").read_bytes())
    assert result["rows"] == result["passed"] > 50


def test_a_wrong_row_and_an_unknown_family_are_failed(tmp_path: Path) -> None:
    inputs = {"observed": [50, 50], "weights": [1, 1]}
    rows = [
        {"id": "wrong", "family": "srm_chi2", "inputs": inputs, "expected": {"chi2": 1.0}},
        {"id": "unknown", "family": "tarot", "inputs": {}, "expected": {}},
    ]
    (tmp_path / "rows.json").write_bytes(orjson.dumps({"rows": rows}))
    with pytest.raises(CommandError, match="2 rows failed"):
        call_command("score_stats", oracle=tmp_path / "rows.json", json=tmp_path / "out.json")
    failed = orjson.loads((tmp_path / "out.json").read_bytes())["failed"]
    assert [one["id"] for one in failed] == ["wrong", "unknown"]


@pytest.mark.parametrize("text", ["{", "{}", "[1]", '[{"id": 1}]'])
def test_what_is_no_table_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "rows.json").write_text(text)
    with pytest.raises(CommandError):
        call_command("score_stats", oracle=tmp_path / "rows.json")


def test_agreement_is_by_relative_tolerance() -> None:
    assert agree(100.0, 100.0000001, 1e-8)
    assert not agree(100.0, 100.00001, 1e-8)
    assert not agree(True, 1, 1e-8)
    assert not agree([1.0], [1.0, 2.0], 1e-8)
    assert agree(math.nan, math.nan, 0)


def pair(text: str, name: str) -> tuple[float, float] | None:
    found = re.search(name + r"\s*=\s*\(([\d.]+),\s*([\d.]+)\)", text)
    return (float(found[1]), float(found[2])) if found else None


def number(text: str, name: str) -> float:
    found = re.search(name + r"\s*=\s*([\d.]+)", text)
    assert found is not None
    return float(found[1])


def judged(row: dict[str, Any]) -> Verdict:
    written, asked = row["classifier"], row["classify_args"]
    judge = Judge(
        tolerance=number(written, "tolerance"),
        confidence=number(written, "confLevel"),
        thresholds=pair(written, "effectSizeThresholds") or (1.0, 1.0),
        critical=pair(written, "criticalThresholds") or (1.0, 1.0),
        measure="common" if "cles" in written else "mean_ratio",
    )
    direction = re.search(r"MetricDirection\.(\w+)", asked)
    assert direction is not None
    return judge.judge(
        row["control"],
        row["experiment"],
        direction[1].lower(),  # type: ignore[arg-type]
        replace_missing="NaNStrategy.Replace" in asked,
        is_critical="isCriticalMetric = true" in asked,
    )


@needs(KAYENTA)
def test_kayentas_verdicts() -> None:
    rows = read(KAYENTA)["rows"]
    assert len(rows) == 34
    for row in rows:
        said = judged(row)
        for claim in row["asserts"]:
            if "classification" in claim:
                holds = said.verdict == claim.split("== ")[1].lower()
            elif "isNaN" in claim:
                holds = math.isnan(said.deviation)
            elif "deviation" in claim:
                holds = said.deviation == float(claim.split("== ")[1])
            else:
                holds = said.is_critical != claim.startswith("!")
            assert holds, (row["id"], claim, said)
