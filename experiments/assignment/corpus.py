"""Scores the evaluator against the public cases of the GrowthBook SDKs.

The corpus is a JSON object of sections; each has rows whose shape depends on the section, as the
SDK authors' guide describes. `score` runs the sections that concern evaluation.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from experiments.assignment import buckets, hashing, overrides, sealed, sticky
from experiments.assignment.compiled import Configuration, Visit
from experiments.assignment.conditions import compile_condition
from experiments.assignment.experiment import Experiment
from experiments.assignment.subjects import Subject
from experiments.assignment.values import Json, is_equal

Row = list[Any]
TOLERANCE = 1e-6  # the corpus rounds weights and ranges


@dataclass(frozen=True, slots=True)
class Case:
    """One row: what was expected and what came out."""

    section: str
    name: str
    expected: Json
    got: Json

    @property
    def passed(self) -> bool:
        """Whether they agree; numbers within the corpus' rounding."""
        return agree(self.expected, self.got)


def agree(expected: Json, got: Json) -> bool:
    """Equality of JSON values in which numbers may differ by the corpus' rounding."""
    if isinstance(expected, list) and isinstance(got, list | tuple):
        return len(expected) == len(got) and all(map(agree, expected, got))
    if isinstance(expected, dict) and isinstance(got, dict):
        return expected.keys() == got.keys() and all(agree(expected[k], got[k]) for k in expected)
    if isinstance(expected, float) and isinstance(got, int | float) and not isinstance(got, bool):
        return abs(expected - got) <= TOLERANCE
    return is_equal(expected, got)


def score(corpus: Mapping[str, Any]) -> Iterator[Case]:
    """Every case of every section that concerns evaluation and is there."""
    for section, run in SECTIONS.items():
        for number, row in enumerate(corpus.get(section, ())):
            name = row[0] if isinstance(row[0], str) and section != "hash" else f"row {number}"
            try:
                expected, got = run(row)
            except Exception as error:
                # A crash is a failed case with its reason, and the others still count.
                expected, got = row[-1], f"{type(error).__name__}: {error}"
            yield Case(section, name, expected, got)


def subject_of(context: Mapping[str, Any]) -> Subject:
    """The subject of a corpus context."""
    return Subject(
        attributes=context.get("attributes") or {},
        forced_variations=context.get("forcedVariations") or {},
        forced_values=context.get("forcedFeatureValues") or {},
        url=context.get("url") or "",
        enabled=context.get("enabled", True),
        qa_mode=bool(context.get("qaMode")),
    )


Compared = tuple[Json, Json]


def _condition(row: Row) -> Compared:
    _, condition, attributes, expected, *groups = row
    test = compile_condition(condition)
    return expected, test(attributes, groups[0] if groups else {}) is True


def _hash(row: Row) -> Compared:
    seed, value, version, expected = row
    return expected, hashing.bucket(seed, value, version)


def _ranges(row: Row) -> Compared:
    _, (count, coverage, weights), expected = row
    return expected, buckets.bucket_ranges(count, coverage, weights)


def _choose(row: Row) -> Compared:
    _, place, ranges, expected = row
    return expected, buckets.choose(place, ranges)


def _namespace(row: Row) -> Compared:
    _, value, namespace, expected = row
    return expected, buckets.in_namespace(value, namespace)


def _weights(row: Row) -> Compared:
    count, expected = row
    return expected, [round(weight, 8) for weight in buckets.equal_weights(count)]


def _query(row: Row) -> Compared:
    _, key, url, count, expected = row
    return expected, overrides.from_query_string(key, url, count)


def _decrypt(row: Row) -> Compared:
    _, text, key, expected = row
    return expected, sealed.decrypt(text, key)


def _feature(row: Row) -> Compared:
    _, context, key, expected = row
    outcome = Configuration(context).evaluate(key, subject_of(context))
    return expected, outcome.as_json(key)


def _run(row: Row) -> Compared:
    _, context, experiment, *expected = row
    visit = Visit(Configuration(context), subject_of(context))
    assignment = Experiment(experiment).assign(visit)
    return expected, [assignment.arm.value, assignment.in_experiment, assignment.hash_used]


def _sticky(row: Row) -> Compared:
    _, context, docs, key, result, kept = row
    subject = subject_of(context)
    subject.sticky = sticky.of_subject(subject, docs)
    saved: dict[str, Any] = {}
    outcome = Configuration(context).evaluate(key, subject, saved)
    said = outcome.assignment.as_json(key) if outcome.assignment else None
    return [result, kept], [said, {**subject.sticky, **saved}]


SECTIONS: dict[str, Callable[[Row], Compared]] = {
    "evalCondition": _condition,
    "hash": _hash,
    "getBucketRange": _ranges,
    "chooseVariation": _choose,
    "inNamespace": _namespace,
    "getEqualWeights": _weights,
    "getQueryStringOverride": _query,
    "decrypt": _decrypt,
    "feature": _feature,
    "run": _run,
    "stickyBucket": _sticky,
    "contextualBandit": _feature,
}


def summary(cases: list[Case]) -> dict[str, Json]:
    """``{"cases", "passed", "failed": [{"section", "name", "expected", "got"}]}``."""
    failed = [case for case in cases if not case.passed]
    return {
        "cases": len(cases),
        "passed": len(cases) - len(failed),
        "failed": [
            {
                "section": case.section,
                "name": case.name,
                "expected": case.expected,
                "got": json.loads(json.dumps(case.got, default=str)),
            }
            for case in failed
        ],
    }
