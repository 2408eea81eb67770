"""Remembered assignments: opt-in documents that keep a unit's variation when rules change.

A document belongs to one value of one attribute and holds, by experiment and bucket version, the
key of the variation that the unit has.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from experiments.assignment.subjects import StickyDocs, Subject, identity_text

BLOCKED = -2
NONE = -1


def doc_key(attribute: str, value: str) -> str:
    """Under which a document is kept."""
    return f"{attribute}||{value}"


def assignment_key(experiment: str, version: int) -> str:
    """Under which a document holds the variation of an experiment."""
    return f"{experiment}__{version}"


def of_subject(subject: Subject, docs: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Those of the documents that belong to the subject, by their key."""
    own = {
        doc_key(name, identity_text(value)) for name, value in subject.attributes.items() if value
    }
    keyed = {doc_key(doc["attributeName"], doc["attributeValue"]): doc for doc in docs}
    return {key: doc for key, doc in keyed.items() if key in own}


def remembered(
    subject: Subject,
    attributes: Sequence[str],
    experiment: str,
    versions: tuple[int, int],
    keys: Sequence[str],
) -> int:
    """Index of the remembered variation; `NONE`, or `BLOCKED` by an assignment of an old version.

    `attributes` are the hash attribute and its fallback, the first of which wins; `versions` are
    the bucket version and the least that may still take part; `keys` are the variations'.
    """
    assignments = _assignments(subject.sticky or {}, subject, attributes)
    current, least = versions
    if any(assignment_key(experiment, version) in assignments for version in range(least)):
        return BLOCKED
    key = assignments.get(assignment_key(experiment, current))
    return keys.index(key) if key in keys else NONE


def _assignments(docs: StickyDocs, subject: Subject, attributes: Sequence[str]) -> dict[str, str]:
    merged: dict[str, str] = {}
    for attribute in reversed(attributes):
        _, value = subject.identity(attribute)
        doc = docs.get(doc_key(attribute, identity_text(value)))
        merged |= doc["assignments"] if doc else {}
    return merged


def with_assignment(
    docs: StickyDocs, attribute: str, value: str, assignment: str, variation: str
) -> tuple[str, dict[str, Any]] | None:
    """The document with the assignment, and its key; None when it says so already."""
    key = doc_key(attribute, value)
    before = docs.get(key, {}).get("assignments", {})
    if before.get(assignment) == variation:
        return None
    doc = {
        "attributeName": attribute,
        "attributeValue": value,
        "assignments": {**before, assignment: variation},
    }
    return key, doc
