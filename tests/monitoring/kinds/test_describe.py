"""Parameters are described once: schema, form and documentation derive from the dataclass."""

from __future__ import annotations

import pytest

from monitoring.kinds import BadParameter, kinds, make
from monitoring.kinds.describe import form_fields, parameters, schema, table
from monitoring.management.commands.document_kinds import PAGE, documented

# What those kinds need of which not everything is a number.
NEEDED = {
    "burn_rate": {"target": "0.999", "good": "ok"},
    "error_budget": {"target": "0.999", "good": "ok"},
    "invariant": {"rule": "value < 1"},
    "calibration": {"predicted": "p"},
    "expected_observed": {"expected": "e"},
    "training_serving_skew": {"training": "t"},
    "fairness_gap": {"total": "t"},
    "prediction_churn": {"compared": "c"},
    "label_health": {"expected": "e"},
    "composite": {"monitors": "a, b"},
    "change_hook": {"entity": "dataset:clicks"},
    "biased_loss": {"by": "slice"},
    "deadline": {"within": "1d"},
    "pipeline_progress": {"limit": 3_600.0},
    "expected_ratio": {"whole": "rows", "share": 0.3},
    "slice_broken": {"total": "requests", "by": "slice"},
}


def test_the_kinds_are_found_in_the_folder() -> None:
    assert list(kinds()) == [
        "absence",
        "age",
        "anomaly",
        "biased_loss",
        "burn_rate",
        "calibration",
        "change_hook",
        "composite",
        "deadline",
        "degenerate_output",
        "distribution_drift",
        "error_budget",
        "expected_observed",
        "expected_ratio",
        "fairness_gap",
        "golden_set",
        "invariant",
        "label_health",
        "must_be_positive",
        "period_over_period",
        "pipeline_progress",
        "prediction_churn",
        "robust_deviation",
        "slice_broken",
        "stability",
        "threshold",
        "too_good",
        "trailing_average",
        "training_health",
        "training_serving_skew",
        "trend",
    ]


def test_an_unknown_kind_is_refused_with_the_ones_there_are() -> None:
    with pytest.raises(
        BadParameter, match=r"there are absence, age, .*robust_deviation.*, threshold"
    ):
        make("oracle", {})


@pytest.mark.parametrize("name", list(kinds()))
def test_every_parameter_is_in_the_schema_the_form_and_the_table(name: str) -> None:
    kind = kinds()[name]
    names = [p.name for p in parameters(kind)]
    assert list(schema(kind)["properties"]) == names
    assert [field["name"] for field in form_fields(kind)] == names
    assert all(f"| `{each}` |" in table(kind) for each in names)
    assert all(p.description.endswith(".") for p in parameters(kind))


def test_the_schema_carries_types_bounds_units_and_defaults() -> None:
    about = schema(kinds()["absence"])
    assert about["additionalProperties"] is False
    assert about["properties"]["silence"] == {
        "type": "number",
        "description": "Longest time without a measurement.",
        "x-unit": "s",
        "minimum": 1,
        "maximum": 31_622_400,
        "default": 600.0,
    }
    assert schema(kinds()["threshold"])["required"] == ["value"]


@pytest.mark.parametrize("name", list(kinds()))
def test_defaults_are_within_their_own_bounds(name: str) -> None:
    required = NEEDED.get(name) or {p.name: 5.0 for p in parameters(kinds()[name]) if p.required}
    made = make(name, required)
    assert make(name, {p.name: getattr(made, p.name) for p in parameters(kinds()[name])}) == made


def test_the_documentation_lists_the_kinds_as_they_are() -> None:
    page = PAGE.read_text()
    assert documented(page) == page, "run manage.py document_kinds"
