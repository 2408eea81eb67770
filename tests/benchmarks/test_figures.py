"""What a figure says, and that every benchmark is found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.__main__ import FOLDER, benches, main
from benchmarks.figures import Figure, interleaved, percentile, save, table


def figure(**changes: Any) -> Figure:
    told: dict[str, Any] = {"what": "append", "unit": "events/s", "better": "higher", "ours": 300.0}
    return Figure(**told | changes)


@pytest.mark.parametrize(
    ("changes", "holds"),
    [
        ({}, None),
        ({"goal": 300}, True),
        ({"goal": 301}, False),
        ({"better": "lower", "goal": 300}, True),
        ({"better": "lower", "goal": 299}, False),
        ({"ours": 0, "better": "lower", "goal": 0}, True),
        ({"other": 200, "kind": "peer", "goal": 1.0}, True),
        ({"other": 400, "kind": "peer", "goal": 1.0}, False),
        ({"other": 400, "kind": "floor", "goal": 0.7}, True),
        ({"other": 0, "kind": "peer", "goal": 1.0}, None),
    ],
)
def test_a_goal_is_for_the_ratio_with_a_peer_and_for_the_value_itself_otherwise(
    changes: dict[str, Any], holds: bool | None
) -> None:
    assert figure(**changes).holds is holds


def test_a_missed_goal_is_seen_in_the_table() -> None:
    text = table([figure(other=400, other_name="peer", kind="peer", goal=1.0)])
    assert text.splitlines()[1].split() == [
        "append,",
        "events/s",
        "300",
        "400",
        "(peer)",
        "0.75",
        "≥",
        "1",
        "×",
        "NO",
    ]


def test_saved_figures_say_where_and_when_they_were_taken(tmp_path: Path) -> None:
    save(tmp_path / "figures.json", "eventlog", [figure(goal=250)])
    saved = json.loads((tmp_path / "figures.json").read_text())
    assert set(saved) == {"bench", "at", "machine", "figures"}
    assert saved["machine"]["cores"] > 0
    assert saved["figures"][0] == {
        "what": "append",
        "unit": "events/s",
        "better": "higher",
        "ours": 300.0,
        "other": None,
        "other_name": "",
        "kind": "budget",
        "goal": 250,
        "ratio": None,
        "holds": True,
    }


def test_cases_take_turns_and_the_median_counts() -> None:
    order: list[str] = []
    values = {"a": iter([1.0, 9.0, 2.0]), "b": iter([5.0, 4.0, 6.0])}

    def case(name: str) -> float:
        order.append(name)
        return next(values[name])

    found = interleaved({"a": lambda: case("a"), "b": lambda: case("b")})
    assert order == ["a", "b"] * 3
    assert found == {"a": 2.0, "b": 5.0}


def test_a_percentile_is_one_of_the_values() -> None:
    assert percentile(range(1, 101), 0.99) == 99
    assert percentile([7.0], 0.5) == 7.0


def test_every_benchmark_is_listed_with_its_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert {"eventlog", "faults", "fixture", "rebuild"} <= set(benches())
    assert all(line.endswith(".") for line in benches().values())
    assert "clients" not in benches()
    assert (FOLDER / "clients.py").exists()
    assert main([]) == 0
    assert main(["no-such-bench"]) == 2
    assert "eventlog" in capsys.readouterr().err
