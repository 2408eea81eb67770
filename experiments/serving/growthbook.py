"""GrowthBook's SDK doors: the payload, and its evaluation here for those who may not see rules."""

from __future__ import annotations

from typing import Any

import orjson

from experiments.assignment.outcomes import Outcome
from experiments.assignment.subjects import MAX_DEPTH, Subject, nests_too_deep
from experiments.serving.snapshot import Snapshot
from experiments.serving.wire import Answer

SSE_OFFERED = (b"x-sse-support", b"enabled")
EVALUATED = ("attributes", "forcedVariations", "forcedFeatures", "url")


def features(snapshot: Snapshot, key: str, sealed: bool, if_none_match: str) -> Answer:
    """The payload, or 304 for those who have it."""
    tag = f'"{snapshot.tag}"'
    headers = ((b"etag", tag.encode()), SSE_OFFERED)
    if tag in {part.strip().removeprefix("W/") for part in if_none_match.split(",")}:
        return Answer(304, None, headers)
    return Answer(200, body_of(snapshot, key, sealed), headers)


def body_of(snapshot: Snapshot, key: str, sealed: bool) -> bytes:
    """The payload as this key gets it."""
    return snapshot.sealed_body(key) if sealed else snapshot.body


def evaluated(snapshot: Snapshot, body: bytes) -> Answer:
    """Every feature as the value that it has for the subject of a request; no rule leaves."""
    try:
        asked = orjson.loads(body or b"{}")
    except orjson.JSONDecodeError as error:
        return refusal(400, f"The body is not JSON: {error}.")
    if not isinstance(asked, dict):
        return refusal(400, "The body is an object with `attributes`.")
    try:
        subject = _subject(asked)
    except TypeError as error:
        return refusal(400, str(error))
    configuration = snapshot.configuration
    made = {}
    for name in configuration.features:
        made[name] = _plain(configuration.evaluate(name, subject), name)
    return Answer(
        200, {"status": 200, "features": made, "dateUpdated": snapshot.made_at.isoformat()}
    )


def _subject(asked: dict[str, Any]) -> Subject:
    attributes = _object(asked, "attributes")
    variations = _object(asked, "forcedVariations")
    if not all(type(index) is int for index in variations.values()):
        raise TypeError("`forcedVariations` are whole numbers.")
    values = asked.get("forcedFeatures") or []
    if isinstance(values, dict):
        values = list(values.items())
    if not isinstance(values, list) or not all(_is_pair(pair) for pair in values):
        raise TypeError("`forcedFeatures` is a list of [feature, value].")
    url = asked.get("url") or ""
    if not isinstance(url, str):
        raise TypeError("`url` must be a text.")
    if nests_too_deep(values):
        raise TypeError(f"`forcedFeatures` nests {MAX_DEPTH} levels at most.")
    return Subject(attributes, variations, dict(values), url)


def _object(asked: dict[str, Any], name: str) -> dict[str, Any]:
    value = asked.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise TypeError(f"`{name}` must be an object.")
    if nests_too_deep(value):
        raise TypeError(f"`{name}` nests {MAX_DEPTH} levels at most.")
    return value


def _is_pair(pair: Any) -> bool:
    return isinstance(pair, list | tuple) and len(pair) == 2 and isinstance(pair[0], str)


def _plain(outcome: Outcome, feature: str) -> dict[str, Any]:
    """A feature that gives one value, with the exposure that the SDK is to report."""
    assignment = outcome.assignment
    if assignment is None or not assignment.hash_used:
        return {"defaultValue": outcome.value}
    said = outcome.as_json(feature)
    shown = ("key", "variations", "phase", "name", "meta")
    experiment = {name: said["experiment"][name] for name in shown if name in said["experiment"]}
    track = {"experiment": experiment, "result": said["experimentResult"]}
    return {
        "defaultValue": outcome.value,
        "rules": [{"force": outcome.value, "tracks": [track]}],
    }


def refusal(status: int, message: str) -> Answer:
    """An error as the SDKs read it."""
    return Answer(status, {"status": status, "error": message})
