"""The simulations themselves: every test has a claim, and a claim that is wrong is found out."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import orjson
import pytest
from django.core.management import CommandError, call_command

import experiments.stats
from experiments.management.commands import simulate_stats
from experiments.stats import sequential, welch
from experiments.stats.results import Cannot
from experiments.stats.simulation import means, planned
from experiments.stats.simulation.catalogue import CLAIMS
from experiments.stats.simulation.claims import Claim, Drawn, Outcome, Simulate
from experiments.stats.simulation.counts import rejected
from experiments.stats.simulation.draws import (
    ALPHA,
    Chance,
    Found,
    coverage,
    moments,
    normal,
    running_rows,
    shares,
    two,
    type_one,
)
from experiments.stats.simulation.run import AGAIN, once, run
from experiments.stats.simulation.tables import line, markdown

UNCLAIMED = {
    "moments": "no test",
    "results": "no test",
    "oracle": "no test",
    "plausibility": "an alarm about what is seen seldom, without an alpha",
}


def judged(claim: Claim, runs: int = 1_000) -> Outcome:
    (found,) = run([claim], [5], runs)
    return found


def claim_of(simulate: Simulate, **changes: object) -> Claim:
    made = Claim("welch", "made up", "type I error", "for this test", ALPHA, simulate)
    return replace(made, **changes)  # type: ignore[arg-type]


def peeking(chance: Chance, runs: int) -> Drawn:
    """A t test that is looked at twenty times and believed the first time it is below 0.05."""
    control, treatment = (running_rows(chance.normal(size=(runs, 400)), 20) for _ in range(2))
    p = welch.batch(control.reshape(-1, 3), treatment.reshape(-1, 3))["p_value"]
    return Drawn((p.reshape(runs, 20) <= ALPHA).any(axis=1).astype(float))


def unguarded(chance: Chance, runs: int) -> Drawn:
    """The bare always-valid formula of a canary with a twentieth of the traffic and rare events."""
    few, many = shares(0.02)(chance, (runs, 100)), shares(0.02)(chance, (runs, 1_900))
    found = [
        sequential.sequential(one, other, planned=2_000, guarded=False)
        for one, other in zip(moments(few), moments(many), strict=True)
    ]
    return Drawn(
        np.array(
            [not isinstance(one, Cannot) and one.effect.p_value <= ALPHA for one in found], float
        )
    )


def at_the_estimate(chance: Chance, runs: int) -> Drawn:
    """Always-valid lifts by the delta method, whose standard error shrinks with the treated share."""
    control, treatment = (running_rows(shares(0.02)(chance, (runs, 2_000)), 50) for _ in range(2))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = treatment[..., 1] / control[..., 1]
        scaled = control[..., 2] * ratio**2 / control[..., 1] ** 2
        one = np.stack([control[..., 0], np.ones_like(ratio), scaled], axis=2)
        spread = treatment[..., 2] / control[..., 1] ** 2
        other = np.stack([treatment[..., 0], ratio, spread], axis=2)
    found = sequential.batch(one.reshape(-1, 3), other.reshape(-1, 3), planned=1_000)
    return Drawn((found["upper"].reshape(runs, -1) < 0).any(axis=1).astype(float))


def narrow(control: np.ndarray, treatment: np.ndarray, alpha: float) -> Found:
    found = means.absolute(control, treatment, alpha)
    gap, half = found["effect"], 0.8 * (found["hi"] - found["lo"]) / 2
    return found | {"lo": gap - half, "hi": gap + half}


def wide(control: np.ndarray, treatment: np.ndarray, alpha: float) -> Found:
    found = means.absolute(control, treatment, alpha)
    gap, half = found["effect"], 1.5 * (found["hi"] - found["lo"]) / 2
    return found | {"lo": gap - half, "hi": gap + half}


def refusing(control: np.ndarray, treatment: np.ndarray, alpha: float) -> Found:
    found = means.absolute(control, treatment, alpha)
    return {"p_value": np.where(found["t"] > 2, np.nan, found["p_value"])}


ARMS = normal((30, 30))


@pytest.mark.parametrize(
    "claim",
    [
        claim_of(peeking),
        claim_of(peeking, kind="always valid"),
        claim_of(unguarded, kind="always valid"),
        claim_of(at_the_estimate, kind="always valid"),
        claim_of(coverage(narrow, ARMS, 0.0), kind="coverage"),
        claim_of(coverage(wide, ARMS, 0.0), kind="coverage"),
        claim_of(type_one(refusing, ARMS)),
        claim_of(rejected((0.08, 0.08), (40, 40)), is_exact=True),
        claim_of(planned.of_means(0.5, 40), kind="power", nominal=0.8),
    ],
    ids=[
        "peeking",
        "peeking for ever",
        "bare",
        "at the estimate",
        "narrow",
        "wide",
        "refusing",
        "timid",
        "too few",
    ],
)
def test_a_wrong_claim_fails(claim: Claim) -> None:
    found = judged(claim)
    assert not found.holds
    assert found.runs == AGAIN * claim.runs(1_000)
    assert "FAILED" in line(found)
    assert "**fails**" in markdown([found])


@pytest.mark.parametrize(
    "claim",
    [
        claim_of(type_one(means.absolute, ARMS), is_exact=True),
        claim_of(coverage(means.absolute, ARMS, 0.0), kind="coverage", is_exact=True),
        claim_of(coverage(wide, ARMS, 0.0), kind="coverage", any_width=True),
        claim_of(planned.of_means(0.5, 64), kind="power", nominal=0.8),
    ],
    ids=["exact", "covering", "wide on purpose", "planned"],
)
def test_a_right_claim_holds(claim: Claim) -> None:
    assert judged(claim).holds


def test_the_limit_of_welch_that_the_documentation_names() -> None:
    """100 units beside 1,900 with events in 2 %: the small arm knows too little of its variance."""
    lopsided = two(shares(0.02), (100, 1_900))
    assert 0.11 < judged(claim_of(type_one(means.absolute, lopsided))).share < 0.15
    assert judged(claim_of(rejected((0.02, 0.02), (100, 1_900)))).holds


def test_power_is_not_decided_by_few_runs() -> None:
    claim = claim_of(planned.of_means(0.5, 64), kind="power", nominal=0.8)
    assert claim.runs(10) == 40_000
    assert not once(claim, 1, 1_000).holds


def test_every_claim_can_be_run() -> None:
    for claim in CLAIMS:
        found = once(claim, 3, 40)
        assert 0 <= found.share <= 1, claim
        assert found.refused <= 2, claim


def test_every_test_has_a_claim() -> None:
    modules = {path.stem for path in Path(experiments.stats.__path__[0]).glob("[!_]*.py")}
    assert modules - {claim.of for claim in CLAIMS} == set(UNCLAIMED)


def test_no_two_claims_draw_the_same() -> None:
    names = [(claim.test, claim.kind, claim.setting) for claim in CLAIMS]
    assert len(set(names)) == len(names)


def test_a_seed_repeats_its_runs_and_another_does_not() -> None:
    claim = next(claim for claim in CLAIMS if claim.of == "trend")
    assert once(claim, 9, 600).share == once(claim, 9, 600).share
    assert once(claim, 9, 600).share != once(claim, 10, 600).share


def test_a_claim_of_exactness_is_bounded_on_both_sides() -> None:
    lower, upper = claim_of(peeking, is_exact=True).bounds(2_000)
    assert 0.03 < lower < ALPHA < upper < 0.07
    assert claim_of(peeking).bounds(2_000) == (0.0, upper)
    assert claim_of(peeking, kind="always valid").bounds(2_000) == (0.0, ALPHA)


def test_the_command_prints_and_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = {"json": tmp_path / "out.json", "markdown": tmp_path / "out.md"}
    call_command("simulate_stats", runs=2_000, only="trend", **paths)
    said = capsys.readouterr().out
    result = orjson.loads(paths["json"].read_bytes())
    assert len(result["rows"]) == len(result["seeds"]) == 3
    assert result["failed"] == []
    assert f"--seed {result['seeds'][2]} repeats it" in said
    assert "3 of 3 lines hold" in said
    assert paths["markdown"].read_text().count("\n") == 3
    call_command("simulate_stats", runs=2_000, only="trend", seed=[result["seeds"][2]])
    assert f"rejects {100 * result['rows'][2]['share']:.2f} %" in capsys.readouterr().out


def test_the_command_fails_with_a_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(simulate_stats, "CLAIMS", (claim_of(peeking),))
    with pytest.raises(CommandError, match="1 lines failed"):
        call_command("simulate_stats", runs=2_000, seed=[1], json=tmp_path / "out.json")
    assert "FAILED" in capsys.readouterr().out
    (row,) = orjson.loads((tmp_path / "out.json").read_bytes())["failed"]
    assert row["share"] > 0.15
    assert row["width"] is None
    assert not math.isnan(row["first_share"])


@pytest.mark.parametrize("options", [{"runs": 10}, {"seed": [-1]}, {"only": "tarot"}])
def test_what_cannot_be_simulated_is_refused(options: dict[str, object]) -> None:
    with pytest.raises(CommandError):
        call_command("simulate_stats", **options)
