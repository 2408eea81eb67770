"""References between documents of a bundle, replaced by what they refer to."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from monitoring.slo.exact import BadSlo
from monitoring.slo.openslo.text import Document

# Name of a reference → kind it names; in a list the whole entry gives way to the object.
REFS = {
    "alertPolicyRef": "AlertPolicy",
    "conditionRef": "AlertCondition",
    "targetRef": "AlertNotificationTarget",
}


def inlined(documents: Sequence[Document]) -> list[Document]:
    """The SLOs and alert policies of a bundle with every object they name put into its place.

    Raises `BadSlo` naming the reference that nothing answers to. References to data sources and
    services stay: they are names for people.
    """
    named = {(one["kind"], one["metadata"]["name"]): one for one in documents}
    return [
        _inline(copy.deepcopy(one), named, str(place))
        for place, one in enumerate(documents)
        if one["kind"] in ("SLO", "AlertPolicy")
    ]


Named = dict[tuple[str, str], Document]


def _inline(value: Any, named: Named, path: str) -> Any:
    if isinstance(value, list):
        return [_inline(one, named, f"{path}.{place}") for place, one in enumerate(value)]
    if not isinstance(value, dict):
        return value
    for ref, kind in REFS.items():
        if ref in value and len(value) == 1:
            found = _find(named, kind, value[ref], f"{path}.{ref}")
            whole = {"kind": kind, "metadata": found["metadata"], "spec": found["spec"]}
            return _inline(copy.deepcopy(whole), named, path)
    made: dict[str, Any] = {}
    for name, inner in value.items():
        if name == "indicatorRef":
            found = _find(named, "SLI", inner, f"{path}.{name}")
            kept = {"metadata": found["metadata"], "spec": found["spec"]}
            made["indicator"] = copy.deepcopy(kept)
        elif name in ("metricSource", "labels", "annotations"):
            made[name] = inner
        else:
            made[name] = _inline(inner, named, f"{path}.{name}")
    return made


def _find(named: Named, kind: str, name: str, path: str) -> Document:
    if (kind, name) not in named:
        raise BadSlo(path, f"there is no {kind} named {name!r} among these documents")
    return named[kind, name]
