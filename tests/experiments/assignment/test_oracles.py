"""The same answers as the SDKs and PlanOut give."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from django.core.management import CommandError, call_command

from experiments.assignment import buckets, hashing
from experiments.assignment.corpus import SECTIONS, score
from tests.shared import SHARED, needs, read

CASES = "oracles/experiments/growthbook_cases.json"
ORACLES = "oracles/experiments/assignment_oracles.json"
SALT = "ns.exp"


def rows(kind: str) -> list[dict[str, Any]]:
    return [row for row in read(ORACLES)["rows"] if row["kind"] == kind]


@needs(CASES)
@pytest.mark.parametrize("section", SECTIONS)
def test_every_case_of_the_sdks(section: str) -> None:
    cases = list(score({section: read(CASES)[section]}))
    assert cases
    assert [case for case in cases if not case.passed] == []


@needs(CASES)
def test_the_score_is_printed_and_written(tmp_path: Path) -> None:
    call_command("score_flags", cases=SHARED / CASES, json=tmp_path / "score.json")
    result = orjson.loads((tmp_path / "score.json").read_bytes())
    assert result["cases"] == result["passed"] > 400
    assert result["failed"] == []


def test_a_wrong_answer_and_a_crash_are_failed_cases(tmp_path: Path) -> None:
    corpus = {"hash": [["", "a", 1, 0.5]], "run": [["breaks", {}, {"key": "x"}, 0, False, False]]}
    (tmp_path / "cases.json").write_bytes(orjson.dumps(corpus))
    with pytest.raises(CommandError, match="2 cases failed"):
        call_command("score_flags", cases=tmp_path / "cases.json", json=tmp_path / "out.json")
    failed = orjson.loads((tmp_path / "out.json").read_bytes())["failed"]
    assert [case["got"] for case in failed] == [0.22, "KeyError: 'variations'"]


@pytest.mark.parametrize("text", ["", "[]", "{"])
def test_what_is_no_corpus_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "cases.json").write_text(text)
    with pytest.raises(CommandError, match=r"is no|is not"):
        call_command("score_flags", cases=tmp_path / "cases.json")


@needs(ORACLES)
def test_hashes() -> None:
    for row in rows("gb_hash"):
        assert hashing.fnv1a32(row["seed"] + row["unit"]) == row["fnv1a32"]
        assert hashing.bucket(row["seed"], row["unit"], 1) == row["v1"]
        assert hashing.bucket(row["seed"], row["unit"], 2) == row["v2"]
        assert hashing.Placing(row["seed"], 2)(row["unit"]) == row["v2"]


@needs(ORACLES)
def test_ranges() -> None:
    for row in rows("gb_ranges"):
        ranges = buckets.bucket_ranges(row["n"], row["coverage"], row["weights"])
        assert ranges == [pytest.approx(interval) for interval in row["ranges"]]


def planout(unit: str) -> dict[str, Any]:
    """PlanOut's draws for a unit, each under the salt of its parameter."""
    # The table does not name the second unit of `pair`; 3 gives all of its answers.
    return {
        "uniform": hashing.planout_choice(f"{SALT}.uniform", unit, ["a", "b", "c"]),
        "weighted": hashing.planout_weighted(f"{SALT}.weighted", unit, ["a", "b"], [0.8, 0.2]),
        "bernoulli": int(hashing.planout_uniform(f"{SALT}.bernoulli", unit) <= 0.3),
        "float": hashing.planout_uniform(f"{SALT}.float", unit),
        "int": hashing.planout_integer(f"{SALT}.int", unit, 0, 9_999),
        "sample": hashing.planout_sample(f"{SALT}.sample", unit, [1, 2, 3, 4, 5], 2),
        "pair": hashing.planout_choice(f"{SALT}.pair", f"{unit}.3", ["x", "y"]),
    }


@needs(ORACLES)
def test_planout() -> None:
    for row in rows("planout"):
        drawn = planout(row["unit"])
        assert drawn == {name: row[name] for name in drawn}
