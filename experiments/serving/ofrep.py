"""OpenFeature Remote Evaluation Protocol 0.3: one flag, all flags, and word of changes.

Reasons are the protocol's. A flag that is off gives its default (``DISABLED``); one without a rule
that applies gives it as well (``STATIC``, or ``UNKNOWN`` where rules were asked in vain). Where a
prerequisite shuts a flag there is no value: the caller's own default counts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson

from experiments.assignment import reasons
from experiments.assignment.outcomes import Outcome
from experiments.assignment.subjects import MAX_DEPTH, Subject, nests_too_deep
from experiments.serving.snapshot import Snapshot
from experiments.serving.wire import Answer

DEFAULT_VARIANT = "default"
MAX_ATTRIBUTES = 500
SOURCES = {"force": "TARGETING_MATCH", "experiment": "SPLIT"}


class BadContext(ValueError):
    """A request without a usable context: `code` is the protocol's error code."""

    def __init__(self, code: str, message: str):
        super().__init__(message)
        self.code, self.message = code, message


def context_in(body: bytes) -> dict[str, Any]:
    """The evaluation context of a request. Raises `BadContext`."""
    try:
        read = orjson.loads(body or b"{}")
    except orjson.JSONDecodeError as error:
        raise BadContext("PARSE_ERROR", f"The body is not JSON: {error}.") from error
    if not isinstance(read, dict):
        raise BadContext("PARSE_ERROR", 'The body is an object: {"context": {…}}.')
    context = read.get("context", {})
    if not isinstance(context, dict):
        raise BadContext("INVALID_CONTEXT", "`context` must be an object.")
    if len(context) > MAX_ATTRIBUTES:
        raise BadContext("INVALID_CONTEXT", f"`context` has at most {MAX_ATTRIBUTES} attributes.")
    if nests_too_deep(context):
        raise BadContext("INVALID_CONTEXT", f"`context` nests {MAX_DEPTH} levels at most.")
    target = context.get("targetingKey", "")
    if not isinstance(target, str):
        raise BadContext("INVALID_CONTEXT", "`targetingKey` must be a text.")
    return context


def subject_of(context: Mapping[str, Any]) -> Subject:
    """The subject of a context: `targetingKey` is its `id`, unless it has one of its own."""
    attributes = dict(context)
    if "targetingKey" in context:
        attributes.setdefault("id", context["targetingKey"])
    return Subject(attributes)


def one(snapshot: Snapshot, key: str, body: bytes) -> Answer:
    """The answer about one flag."""
    try:
        context = context_in(body)
    except BadContext as error:
        return Answer(400, failure(key, error.code, error.message))
    if key not in snapshot.configuration.features:
        message = f"There is no flag {key!r} in {snapshot.environment}."
        return Answer(404, failure(key, "FLAG_NOT_FOUND", message))
    said = evaluated(snapshot, key, subject_of(context))
    return Answer(400 if "errorCode" in said else 200, said)


def every(snapshot: Snapshot, body: bytes, if_none_match: str, events: str) -> Answer:
    """The answer about all flags. The tag is of what is served *and* of the context."""
    try:
        context = context_in(body)
    except BadContext as error:
        return Answer(400, {"errorCode": error.code, "errorDetails": error.message})
    tag = tag_of(snapshot, context)
    headers = ((b"etag", tag.encode()),)
    if tag in {part.strip().removeprefix("W/") for part in if_none_match.split(",")}:
        return Answer(304, None, headers)
    subject = subject_of(context)
    flags = [evaluated(snapshot, key, subject) for key in snapshot.configuration.features]
    stream = {"type": "sse", "endpoint": {"requestUri": events}, "inactivityDelaySec": 120}
    said = {"flags": flags, "eventStreams": [stream], "metadata": metadata(snapshot)}
    return Answer(200, said, headers)


def tag_of(snapshot: Snapshot, context: Mapping[str, Any]) -> str:
    """An entity tag over what is served and who asks."""
    text = orjson.dumps(context, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    digest = hashlib.blake2b(text, digest_size=8, key=snapshot.tag.encode())
    return f'"{snapshot.tag}-{digest.hexdigest()}"'


def evaluated(snapshot: Snapshot, key: str, subject: Subject) -> dict[str, Any]:
    """One flag for one subject, as the protocol writes a success or a failure."""
    outcome = snapshot.configuration.evaluate(key, subject)
    if outcome.source == "defaultValue" and _lacks_identity(snapshot, key, subject):
        return failure(key, "TARGETING_KEY_MISSING", "This flag needs a `targetingKey`.")
    if outcome.source == "cyclicPrerequisite":
        return failure(key, "GENERAL", "The flag's prerequisites run in a circle.")
    said = {
        "key": key,
        "reason": _reason(snapshot, key, outcome),
        "variant": outcome.assignment.arm.key if outcome.assignment else _variant(outcome),
        "metadata": metadata(snapshot) | _experiment(outcome),
    }
    if outcome.source != "prerequisite":
        # Clients tell numbers apart by their point.
        is_float = snapshot.kinds.get(key) == "float"
        said["value"] = float(outcome.value) if is_float else outcome.value
    return said


def _lacks_identity(snapshot: Snapshot, key: str, subject: Subject) -> bool:
    """Whether a rule was passed over only because nobody said who is asked about."""
    if subject.attributes.get("id") or not snapshot.configuration.features[key].rules:
        return False
    _, steps = snapshot.configuration.explain(key, subject)
    return any(step.reason == reasons.NO_IDENTITY for step in steps)


def _variant(outcome: Outcome) -> str:
    return outcome.rule or DEFAULT_VARIANT


def _reason(snapshot: Snapshot, key: str, outcome: Outcome) -> str:
    if key in snapshot.off:
        return "DISABLED"
    if outcome.source in SOURCES:
        return SOURCES[outcome.source]
    return "UNKNOWN" if snapshot.configuration.features[key].rules else "STATIC"


def metadata(snapshot: Snapshot) -> dict[str, Any]:
    """Which state of the flags answered."""
    return {"environment": snapshot.environment, "revision": snapshot.revision}


def _experiment(outcome: Outcome) -> dict[str, Any]:
    """What an exposure log needs to know; only of subjects that were assigned by hashing."""
    assignment = outcome.assignment
    if assignment is None or not assignment.hash_used:
        return {}
    return {
        "experiment": assignment.experiment.key,
        "phase": str(assignment.experiment.definition.get("phase", "0")),
    }


def failure(key: str, code: str, message: str) -> dict[str, Any]:
    """A failed evaluation."""
    return {"key": key, "errorCode": code, "errorDetails": message}
