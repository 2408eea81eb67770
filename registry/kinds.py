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


COMMON = {"description": TEXT, "owner": TEXT, "team": TEXT, "tags": TEXTS, "uri": TEXT}
SIZES = {"rows": COUNT, "bytes": COUNT, "files": COUNT}
STATES = ("planned", "running", "completed", "failed", "aborted", "unknown")
PURPOSES = ("transformation", "training", "evaluation")
CODE = {"code_version": TEXT, "repository": TEXT, "image": TEXT}

KINDS: dict[str, Kind] = {
    "source": Kind(
        "source",
        "no",
        COMMON | {"partner": TEXT, "jurisdiction": TEXT, "legal_basis": TEXT, "policy_tags": TEXTS},
    ),
    "dataset": Kind(
        "dataset",
        "maybe",
        COMMON
        | SIZES
        | {
            "digest": TEXT, "jurisdiction": TEXT, "policy_tags": TEXTS, "retention_days": COUNT,
            "data_from": TIME, "data_to": TIME, "complete": TRUTH, "sampling": TEXT,
            "labels": TEXT, "guidelines": TEXT, "annotators": TEXTS, "card": TEXT,
        },
    ),
    "schema": Kind(
        "schema",
        "yes",
        COMMON | {"fields": JSON, "compatibility": _one_of("same", "backward", "breaking")},
    ),
    "feature": Kind(
        "feature",
        "yes",
        COMMON
        | {
            "definition": TEXT, "author": TEXT, "code_version": TEXT, "normalisation": TEXT,
            "training_path": TEXT, "serving_path": TEXT,
        },
    ),
    "job": Kind("transformation", "maybe", COMMON | CODE),
    "run": Kind(
        "run",
        "yes",
        COMMON
        | CODE
        | {
            "status": _one_of(*STATES), "purpose": _one_of(*PURPOSES), "parameters": JSON,
            "started_at": TIME, "ended_at": TIME, "deadline": TIME, "acknowledged_at": TIME,
            "rows_in": COUNT, "rows_out": COUNT, "bytes_in": COUNT, "bytes_out": COUNT,
            "least_ratio": AMOUNT, "greatest_ratio": AMOUNT, "error": TEXT, "parent": TEXT,
            "examples": COUNT, "device_seconds": AMOUNT, "devices": TEXT,
            "cost": AMOUNT, "currency": TEXT, "artefacts": TEXTS,
        },
    ),
    "architecture": Kind(
        "architecture", "maybe", COMMON | CODE | {"digest": TEXT, "family": TEXT, "task": TEXT}
    ),
    "configured_model": Kind(
        "configured model",
        "yes",
        COMMON
        | {
            "hyperparameters": JSON, "seed": WHOLE, "features": TEXTS, "code_version": TEXT,
            "data_definition": TEXT, "framework_versions": JSON, "loss": TEXT,
            "lock_digest": TEXT,
        },
    ),
    "model": Kind("model", "no", COMMON | {"task": TEXT, "card": TEXT}),
    "trained_model": Kind(
        "trained model",
        "yes",
        COMMON
        | {
            "digest": TEXT, "bytes": COUNT, "format": TEXT, "framework": TEXT,
            "trained_at": TIME, "metrics": JSON,
        },
    ),
    "service": Kind("service", "no", COMMON | {"environment": TEXT, "endpoint": TEXT}),
}

# What has to be known to train the same model again.
CLOSURE = (
    *("hyperparameters", "seed", "features", "code_version", "data_definition"),
    "framework_versions",
)

_DATA = ("dataset", "feature", "source", "schema")
_MADE = ("dataset", "feature", "trained_model", "schema")
_WORK = ("run", "job")


@dataclass(frozen=True, slots=True)
class EdgeKind:
    """A way in which one thing feeds another. `words` join the source's name and the target's."""

    words: str
    sources: tuple[str, ...]
    targets: tuple[str, ...]


EDGE_KINDS: dict[str, EdgeKind] = {
    "used": EdgeKind("was used by", (*_DATA, "configured_model", "trained_model"), _WORK),
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
