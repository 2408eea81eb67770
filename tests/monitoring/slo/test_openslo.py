"""OpenSLO documents: the published samples in and out without loss, and what is refused."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.slo import definition, openslo
from monitoring.slo.exact import BadSlo
from monitoring.slo.openslo.text import parse
from tests.shared import SHARED, needs

FOLDER = SHARED / "oracles/slo"
GO, OSLO = FOLDER / "pkg", FOLDER / "oslo/test/inputs"
EXAMPLES = sorted((GO / "openslo/v1/examples").glob("*.yaml"))
SDK = sorted((GO / "openslosdk/test_data").rglob("*.*ml"))
SDK += sorted((GO / "openslosdk/test_data").rglob("*.json"))
STRICT = [
    *EXAMPLES,
    *(path for path in SDK if "v2alpha" not in path.name),
    OSLO / "validate/v1.yaml",
    OSLO / "validate/mix/2.yaml",
    OSLO / "validate/recursive/1.yaml",
    OSLO / "fmt/service.yaml",
]
TEACHING = sorted((FOLDER / "spec-repo/examples").rglob("*.yaml"))
SLOTH = sorted((FOLDER / "sloth/examples").glob("*.yml"))

pytestmark = needs("oracles/slo")


def named(path: Path) -> str:
    return str(path.relative_to(FOLDER))


def again(bundle: openslo.Bundle) -> openslo.Bundle:
    return openslo.load(openslo.dump(bundle.documents))


def test_the_samples_are_all_there() -> None:
    assert (len(EXAMPLES), len(STRICT), len(TEACHING), len(SLOTH)) == (7, 38, 4, 3)


@pytest.mark.parametrize("path", [*STRICT, *TEACHING], ids=named)
def test_a_sample_comes_back_as_it_was(path: Path) -> None:
    content = path.read_text()
    bundle = openslo.load(content)
    assert bundle.documents == parse(content), "nothing is lost on the way in"
    assert again(bundle) == bundle
    assert openslo.dump(again(bundle).documents) == openslo.dump(bundle.documents)


@pytest.mark.parametrize("path", SLOTH, ids=named)
def test_what_sloth_reads_becomes_v1_and_comes_back(path: Path) -> None:
    bundle = openslo.load(path.read_text())
    assert {one["apiVersion"] for one in bundle.documents} == {"openslo/v1"}
    assert again(bundle).documents == bundle.documents


def test_json_and_yaml_of_one_document_are_the_same() -> None:
    folder = GO / "openslosdk/test_data"
    for name in ("decode/sequence_of_objects", "decode/single_object", "encode/v1_slo"):
        in_yaml = openslo.load((folder / f"{name}.yaml").read_text())
        assert openslo.load((folder / f"{name}.json").read_text()) == in_yaml


@pytest.mark.parametrize("name", ["v1_slo", "v1_alert_policies_remove_refs"])
def test_references_are_replaced_as_the_sdk_does(name: str) -> None:
    folder = GO / "openslosdk/test_data/inline"
    given = openslo.load((folder / f"inputs/{name}.yaml").read_text())
    expected = parse((folder / f"outputs/{name}.yaml").read_text())
    assert openslo.inlined(given.documents) == expected


@pytest.mark.parametrize(
    ("name", "field", "missing"),
    [
        ("v1_slo_invalid_policy", "0.spec.alertPolicies.0.alertPolicyRef", "no-policy"),
        ("v1_slo_invalid_sli", "0.spec.indicatorRef", "no-sli"),
        (
            "v1_slo_invalid_target",
            "0.spec.alertPolicies.0.spec.notificationTargets.1.targetRef",
            "devs-email-notification",
        ),
        (
            "v1_alert_policies_invalid_condition",
            ".spec.conditions.0.conditionRef",
            "AlertCondition",
        ),
        ("v1_alert_policies_invalid_target", "targetRef", "AlertNotificationTarget"),
    ],
)
def test_a_reference_to_nothing_is_refused_by_name(name: str, field: str, missing: str) -> None:
    content = (GO / f"openslosdk/test_data/inline/inputs/{name}.yaml").read_text()
    with pytest.raises(BadSlo, match=missing) as caught:
        openslo.inlined(openslo.load(content).documents)
    assert caught.value.field.endswith(field)


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("oslo/test/inputs/validate/unknown-field.yaml", "0.spec.markdown"),
        ("oslo/test/inputs/validate/invalid-apiversion.yaml", "0.apiVersion"),
        ("oslo/test/inputs/validate/v2alpha.yaml", "0.apiVersion"),
        ("oslo/test/inputs/validate/mix/3.yaml", "0.apiVersion"),
        ("pkg/openslosdk/test_data/decode/v2alpha_slos.yaml", "0.apiVersion"),
        ("pkg/openslosdk/test_data/decode/v2alpha_data_source.yaml", "0.apiVersion"),
    ],
)
def test_an_invalid_sample_is_refused_naming_the_field(path: str, field: str) -> None:
    with pytest.raises(BadSlo) as caught:
        openslo.load((FOLDER / path).read_text())
    assert caught.value.field == field


def test_the_old_form_is_read_and_said_to_be_old() -> None:
    bundle = openslo.load((OSLO / "validate/v1alpha.yaml").read_text())
    assert [one["kind"] for one in bundle.documents] == ["Service", "Service", "SLO", "SLO"]
    assert bundle.warnings[0].field == "0.apiVersion"
    found, _ = openslo.objectives(bundle)
    assert found[0].settings["indicator"]["slice_target"] == "0.98"
    assert found[1].settings["window"] == {
        "kind": "calendar",
        "duration": "1M",
        "start": "2021-05-01 00:00:00",
        "zone": "UTC",
    }


def test_sloth_in_its_own_words() -> None:
    found, warnings = openslo.objectives(openslo.load(SLOTH[0].read_text()))
    assert [one.key for one in found] == ["myservice-requests-availability"]
    assert found[0].settings["target"] == "0.999"
    assert [pair["name"] for pair in found[0].settings["alerts"]] == [
        "page_fast",
        "page_slow",
        "ticket_fast",
        "ticket_slow",
    ]
    metric = found[0].document["spec"]["indicator"]["spec"]["ratioMetric"]
    assert set(metric) == {"bad", "total"}
    assert json.loads(found[0].document["metadata"]["annotations"]["sloth/alerting"])
    assert any("not evaluated" in one.message for one in warnings)


def test_a_switched_off_alert_of_sloth_stays_off() -> None:
    content = SLOTH[0].read_text().replace("page_alert:", "page_alert:\n        disable: true")
    found, _ = openslo.objectives(openslo.load(content))
    assert {pair["urgency"] for pair in found[0].settings["alerts"]} == {"notify"}


def test_several_objectives_of_the_old_form_become_as_many() -> None:
    bundle = openslo.load(SLOTH[2].read_text())
    found, _ = openslo.objectives(bundle)
    assert [(one.key, one.settings["target"]) for one in found] == [
        ("requests-availability-openslo", "0.999"),
        ("requests-latency-openslo-0", "0.99"),
        ("requests-latency-openslo-1", "0.999"),
    ]


def test_the_teaching_samples_are_read_with_warnings() -> None:
    said = {}
    for path in TEACHING:
        bundle = openslo.load(path.read_text())
        _, more = openslo.objectives(bundle)
        said[path.name] = {one.field for one in [*bundle.warnings, *more]}
    assert "0.spec.objectives.0.op" in said["ratio-timeslices.yaml"]


def test_a_month_written_as_a_minute_is_read_as_one_with_a_warning() -> None:
    path = FOLDER / "spec-repo/examples/budgeting-method/timeslices-slo.yaml"
    found, warnings = openslo.objectives(openslo.load(path.read_text()))
    assert found[0].settings["window"]["duration"] == "1M"
    assert {one.field for one in warnings} >= {
        "0.spec.timeWindow.0.duration",
        "0.spec.objectives",
        "0.spec.indicator.spec",
    }


def test_a_condition_that_fires_below_its_threshold_is_warned_of() -> None:
    bundle = openslo.load((GO / "openslo/v1/examples/alert_conditions.yaml").read_text())
    assert [(one.field, "read as gt" in one.message) for one in bundle.warnings] == [
        ("0.spec.condition.op", True)
    ]


# --- what is refused ---

RATIO = {
    "good": {"metricSource": {"type": "Dropstitch", "spec": {"series": "good"}}},
    "total": {"metricSource": {"type": "Dropstitch", "spec": {"series": "total"}}},
}


def slo(**changes: Any) -> dict[str, Any]:
    spec = {
        "service": "web",
        "indicator": {"metadata": {"name": "sli"}, "spec": {"ratioMetric": RATIO}},
        "timeWindow": [{"duration": "30d", "isRolling": True}],
        "budgetingMethod": "Occurrences",
        "objectives": [{"target": 0.999}],
        **changes,
    }
    metadata = {"name": "web-availability"}
    return {"apiVersion": "openslo/v1", "kind": "SLO", "metadata": metadata, "spec": spec}


def indicator(**spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "sli"}, "spec": spec}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"service": 5}, "service"),
        ({"service": ""}, "service"),
        ({"budgetingMethod": "Guessing"}, "budgetingMethod"),
        ({"objectives": []}, "objectives"),
        ({"objectives": [{}]}, "objectives.0.target"),
        ({"objectives": [{"target": 1}]}, "objectives.0.target"),
        ({"objectives": [{"target": True}]}, "objectives.0.target"),
        ({"objectives": [{"target": 0.9, "targetPercent": 90}]}, "objectives.0.targetPercent"),
        ({"objectives": [{"targetPercent": 100}]}, "objectives.0.targetPercent"),
        ({"objectives": [{"target": 0.9, "goal": 1}]}, "objectives.0.goal"),
        ({"budgetingMethod": "Timeslices"}, "objectives.0.timeSliceTarget"),
        ({"budgetingMethod": "RatioTimeslices"}, "objectives.0.timeSliceWindow"),
        ({"timeWindow": []}, "timeWindow"),
        ({"timeWindow": [{"duration": "30D", "isRolling": True}]}, "timeWindow.0.duration"),
        ({"timeWindow": [{"duration": "30d", "isRolling": False}]}, "timeWindow.0.calendar"),
        ({"indicatorRef": "other"}, "indicatorRef"),
        ({"indicator": indicator()}, "indicator.spec.ratioMetric"),
        ({"indicator": indicator(ratioMetric={})}, "indicator.spec.ratioMetric.good"),
        (
            {"indicator": indicator(ratioMetric={**RATIO, "bad": RATIO["good"]})},
            "indicator.spec.ratioMetric.bad",
        ),
        (
            {"indicator": indicator(ratioMetric={"raw": RATIO["good"]})},
            "indicator.spec.ratioMetric.rawType",
        ),
        (
            {"indicator": indicator(ratioMetric=RATIO, thresholdMetric=RATIO["good"])},
            "indicator.spec.ratioMetric",
        ),
        ({"alertPolicies": [{"kind": "AlertPolicy"}]}, "alertPolicies.0.metadata"),
    ],
)
def test_a_fault_is_refused_naming_the_field(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(BadSlo) as caught:
        openslo.load(json.dumps(slo(**changes)))
    assert caught.value.field == f"0.spec.{field}"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "no document"),
        ("a: &x 1\nb: *x", "aliases"),
        ("a: 1\na: 2", "twice"),
        ('{"a": 1, "a": 2}', "twice"),
        ("1: 2", "key must be a text"),
        ("- [", "no YAML"),
        ("!!python/object:os.system x", "no YAML"),
        ("a: \x07", "characters"),
        ("[" * 20_000, "nested|no YAML"),
        ("a: " + "[" * 60 + "]" * 60, "nested"),
        ('{"a": ' + "[" * 60 + "]" * 60 + "}", "nested"),
        ("x" * 200_001, "200,000"),
        ("just words", "must be an object"),
        ('{"a": NaN}', "finite"),
        ('{"a": "\\ud800"}', "cannot be kept"),
        ("a: 1e999", "finite"),
    ],
)
def test_hostile_text_is_refused(content: str, reason: str) -> None:
    with pytest.raises(BadSlo, match=reason):
        openslo.load(content)


def test_words_that_other_readers_take_for_something_else_stay_words() -> None:
    content = "a: no\nb: 12:30:00\nc: 2022-01-01 12:00:00\nd: 010\ne: 0x1F\nf: 1e3\ng: ~\n"
    (read,) = parse(content)
    assert read == {
        "a": "no",
        "b": "12:30:00",
        "c": "2022-01-01 12:00:00",
        "d": "010",
        "e": "0x1F",
        "f": 1000.0,
        "g": None,
    }
    assert parse(openslo.dump([read])) == [read]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**9), 10**9)
    | st.floats(-1e300, 1e300)
    | st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=10), inner, max_size=3
        )
    ),
    max_leaves=10,
)


@given(st.dictionaries(st.text("abcde", min_size=1), JSON, min_size=1, max_size=4))
def test_whatever_was_read_is_written_so_that_it_reads_the_same(document: Any) -> None:
    assert parse(openslo.dump([document])) == [document]


# --- our own ---

OWN: dict[str, Any] = {
    "target": "0.9995",
    "window": {"kind": "rolling", "duration": "28d"},
    "indicator": {
        "method": "time_slices",
        "slice": "5m",
        "slice_target": "0.95",
        "idle_is_good": True,
        "source": {
            "bad": {"series": "errors", "labels": {"service": "web"}},
            "total": {"series": "requests", "labels": {}},
            "counter": True,
        },
    },
}


def own(**changes: Any) -> openslo.Objective:
    settings = definition.written(definition.read({**OWN, **changes}))
    extras = {"owner": "team:web", "layer": "serving", "severity": 2, "subjects": ["service:web"]}
    return openslo.Objective("web", "Web", "About the web", "web", settings, {}, extras)


def taken_back(objective: openslo.Objective) -> openslo.Objective:
    text = openslo.dump([openslo.exported(objective)])
    (found,), _ = openslo.objectives(openslo.load(text))
    return dataclasses.replace(found, document=objective.document)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"alerts": []},
        {"alerts": [{"name": "odd", "fraction": "0.333", "long": "7h", "short": "35m"}]},
        {"indicator": {"source": None}},
        {"indicator": {"source": None, "every": "5m"}},
        {
            "indicator": {
                "source": {
                    "value": {"series": "latency", "labels": {}},
                    "op": "lt",
                    "bound": "0.15",
                }
            }
        },
        {"indicator": {"method": "ratio_time_slices", "slice": "1m"}},
        {
            "window": {
                "kind": "calendar",
                "duration": "1Q",
                "start": "2026-01-01 00:00:00",
                "zone": "Europe/Vienna",
            }
        },
    ],
)
def test_an_objective_of_ours_comes_back_whole(changes: dict[str, Any]) -> None:
    objective = own(**changes)
    assert taken_back(objective) == objective


def test_names_and_descriptions_that_are_too_long_for_openslo_come_back() -> None:
    objective = dataclasses.replace(own(), name="n" * 200, description="d" * 2_000)
    assert taken_back(objective) == objective


def test_what_was_imported_and_not_changed_goes_back_as_it_came() -> None:
    bundle = openslo.load((GO / "openslo/v1/examples/slos.yaml").read_text())
    (found,), _ = openslo.objectives(bundle)
    assert openslo.exported(found) == bundle.documents[0]


def test_a_change_of_the_target_touches_nothing_else() -> None:
    bundle = openslo.load((GO / "openslo/v1/examples/slos.yaml").read_text())
    (found,), _ = openslo.objectives(bundle)
    stricter = dataclasses.replace(found, settings={**found.settings, "target": "0.999"})
    document = openslo.exported(stricter)
    assert document["spec"]["objectives"][0].pop("target") == 0.999
    expected = bundle.documents[0]
    expected["spec"]["objectives"][0].pop("target")
    assert document == expected


def test_a_burn_rate_of_somebody_else_becomes_a_pair_of_windows() -> None:
    condition = {
        "kind": "AlertCondition",
        "metadata": {"name": "fast"},
        "spec": {
            "severity": "page",
            "condition": {
                "kind": "burnrate",
                "op": "gt",
                "threshold": 14.4,
                "lookbackWindow": "1h",
                "alertAfter": "5m",
            },
        },
    }
    policy = {
        "kind": "AlertPolicy",
        "metadata": {"name": "fast"},
        "spec": {"conditions": [condition], "notificationTargets": [{"targetRef": "mail"}]},
    }
    target = {
        "apiVersion": "openslo/v1",
        "kind": "AlertNotificationTarget",
        "metadata": {"name": "mail"},
        "spec": {"target": "email"},
    }
    bundle = openslo.load(json.dumps([slo(alertPolicies=[policy]), target]))
    (found,), warnings = openslo.objectives(bundle)
    (pair,) = found.settings["alerts"]
    assert (pair["fraction"], pair["long"], pair["short"], pair["urgency"]) == (
        "0.02",
        "1h",
        "5m",
        "page",
    )
    assert "short window" in warnings[0].message
    condition["spec"]["condition"]["threshold"] = 5_000  # type: ignore[index]
    bundle = openslo.load(json.dumps([slo(alertPolicies=[policy]), target]))
    (found,), warnings = openslo.objectives(bundle)
    assert len(found.settings["alerts"]) == 4
    assert "not evaluated" in warnings[0].message


def test_connections_of_data_sources_are_not_taken_in() -> None:
    bundle = openslo.load((GO / "openslo/v1/examples/data_sources.yaml").read_text())
    found, warnings = openslo.objectives(bundle)
    assert found == []
    assert ["may hold secrets" in one.message for one in warnings] == [True, True]
