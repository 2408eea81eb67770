"""What kinds of things the registry knows, the facts they may have, and how they may be linked.

An edge always goes the way that data and code flow: its source feeds its target. What people call
a model is three things here, so that it is clear which of them changed: an architecture, a
configured model and a trained model.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from eventlog.core import canonical

MAX_TEXT = 2_000
MAX_LIST = 200
MAX_JSON = 20_000  # bytes
MOST = 2**53  # the last whole number that every reader of JSON keeps exactly
FIRST_YEAR, LAST_YEAR = 1970, 9000


@dataclass(frozen=True, slots=True)
class Fact:
    """A sort of value: how it is called in a refusal, and whether a value is one."""

    words: str
    fits: Callable[[Any], bool]
    sort: str


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= MAX_TEXT


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value <= MOST


def _is_whole(value: Any) -> bool:
    return type(value) is int and abs(value) <= MOST


def _is_amount(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value) and 0 <= value <= MOST


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and len(value) <= MAX_LIST and all(map(_is_text, value))


def _is_json(value: Any) -> bool:
    try:
        return isinstance(value, dict | list) and len(canonical(value)) <= MAX_JSON
    except TypeError:
        return False


def _is_time(value: Any) -> bool:
    try:
        at = datetime.fromisoformat(value)
    except (ValueError, TypeError):
        return False
    return at.tzinfo is not None and FIRST_YEAR <= at.year <= LAST_YEAR


TEXT = Fact(f"a text of at most {MAX_TEXT:,} characters", _is_text, "text")
COUNT = Fact("a whole number from 0 on", _is_count, "count")
WHOLE = Fact("a whole number", _is_whole, "count")
AMOUNT = Fact("a number from 0 on", _is_amount, "number")
TRUTH = Fact("true or false", lambda value: isinstance(value, bool), "truth")
TEXTS = Fact(f"a list of at most {MAX_LIST} texts", _is_texts, "texts")
JSON = Fact(f"an object or a list of at most {MAX_JSON:,} bytes", _is_json, "json")
TIME = Fact("a time with a zone, such as 2026-03-01T12:00:00Z", _is_time, "time")


def _one_of(*values: str) -> Fact:
    return Fact(f"one of {', '.join(values)}", lambda value: value in values, "text")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of thing. `versioned` is yes, no or maybe: whether a thing of it has a version."""

    label: str
    versioned: str
    facts: Mapping[str, Fact]


def _all(fact: Fact, names: str) -> dict[str, Fact]:
    return dict.fromkeys(names.split(), fact)


COMMON = _all(TEXT, "description owner team uri") | {"tags": TEXTS}
SIZES = _all(COUNT, "rows bytes files")
CODE = _all(TEXT, "code_version repository image")
STATES = ("planned", "running", "completed", "failed", "aborted", "unknown")
PURPOSES = ("transformation", "training", "evaluation")

_SOURCE = _all(TEXT, "partner jurisdiction legal_basis") | {"policy_tags": TEXTS}
_DATASET = (
    SIZES
    | _all(TEXT, "digest jurisdiction sampling labels guidelines card")
    | _all(TEXTS, "policy_tags annotators")
    | _all(TIME, "data_from data_to")
    | {"retention_days": COUNT, "complete": TRUTH}
)
_SCHEMA = {"fields": JSON, "compatibility": _one_of("same", "backward", "breaking")}
_FEATURE = _all(TEXT, "definition author code_version normalisation training_path serving_path")
_RUN = (
    CODE
    | {"status": _one_of(*STATES), "purpose": _one_of(*PURPOSES), "parameters": JSON}
    | _all(TIME, "started_at ended_at deadline acknowledged_at")
    | _all(COUNT, "rows_in rows_out bytes_in bytes_out examples")
    | _all(AMOUNT, "least_ratio greatest_ratio device_seconds cost")
    | _all(TEXT, "error parent devices currency")
    | {"artefacts": TEXTS}
)
_CONFIGURED = (
    _all(JSON, "hyperparameters framework_versions")
    | _all(TEXT, "code_version data_definition loss lock_digest")
    | {"seed": WHOLE, "features": TEXTS}
)
_TRAINED = _all(TEXT, "digest format framework") | {
    "bytes": COUNT,
    "trained_at": TIME,
    "metrics": JSON,
}

KINDS: dict[str, Kind] = {
    "source": Kind("source", "no", COMMON | _SOURCE),
    "dataset": Kind("dataset", "maybe", COMMON | _DATASET),
    "schema": Kind("schema", "yes", COMMON | _SCHEMA),
    "feature": Kind("feature", "yes", COMMON | _FEATURE),
    "job": Kind("transformation", "maybe", COMMON | CODE),
    "run": Kind("run", "yes", COMMON | _RUN),
    "architecture": Kind("architecture", "maybe", COMMON | CODE | _all(TEXT, "digest family task")),
    "configured_model": Kind("configured model", "yes", COMMON | _CONFIGURED),
    "model": Kind("model", "no", COMMON | _all(TEXT, "task card")),
    "trained_model": Kind("trained model", "yes", COMMON | _TRAINED),
    "service": Kind("service", "no", COMMON | _all(TEXT, "environment endpoint")),
}

# What has to be known to train the same model again.
CLOSURE = (
    *("hyperparameters", "seed", "features", "code_version", "data_definition"),
    "framework_versions",
)

_DATA = ("dataset", "feature", "source", "schema")
_MADE = ("dataset", "feature", "trained_model", "model", "schema")
_WORK = ("run", "job")


@dataclass(frozen=True, slots=True)
class EdgeKind:
    """A way in which one thing feeds another. `words` join the source's name and the target's."""

    words: str
    sources: tuple[str, ...]
    targets: tuple[str, ...]


EDGE_KINDS: dict[str, EdgeKind] = {
    "used": EdgeKind("was used by", (*_DATA, "configured_model", "trained_model", "model"), _WORK),
    "generated": EdgeKind("generated", _WORK, _MADE),
    "run_of": EdgeKind("was run as", ("job",), ("run",)),
    "derived_from": EdgeKind("went into", (*_DATA, "job"), ("dataset", "feature", "job")),
    "version_of": EdgeKind("is a version of", ("dataset", "trained_model"), ("dataset", "model")),
    "snapshot_of": EdgeKind("was read as", ("dataset",), ("dataset",)),
    "shaped_by": EdgeKind("shapes", ("schema",), ("dataset", "feature")),
    "instance_of": EdgeKind(
        "is the base of",
        ("architecture", "configured_model"),
        ("configured_model", "trained_model"),
    ),
    "trained_on": EdgeKind("trained", ("dataset", "feature"), ("trained_model",)),
    "validated_on": EdgeKind("validated", ("dataset",), ("trained_model",)),
    "evaluated_on": EdgeKind("evaluated", ("dataset",), ("trained_model",)),
    "warm_started_from": EdgeKind("started", ("trained_model",), ("trained_model",)),
    "fine_tuned_from": EdgeKind("was tuned into", ("trained_model",), ("trained_model",)),
    "uses_prediction_of": EdgeKind(
        "predicted for", ("trained_model", "model"), ("trained_model", "dataset", "feature")
    ),
    "serves": EdgeKind("serves in", ("trained_model", "model"), ("service",)),
    "consumed_by": EdgeKind("is read by", ("dataset", "feature", "service"), ("service",)),
}
# A test set is upstream of a decision about a model and not of the model.
JUDGING = ("validated_on", "evaluated_on")
LEARNING = tuple(kind for kind in EDGE_KINDS if kind not in JUDGING)
