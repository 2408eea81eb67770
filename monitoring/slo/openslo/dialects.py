"""What Sloth reads, as OpenSLO v1: its own ``prometheus/v1``, and ``openslo/v1alpha``."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from monitoring.slo.exact import BadSlo, plain, ratio
from monitoring.slo.openslo.shapes import (
    anything,
    boolean,
    fields,
    labels,
    listing,
    number,
    one_of,
    text,
    texts,
)
from monitoring.slo.openslo.text import Document

V1 = "openslo/v1"
ALPHA = "openslo/v1alpha"
SLOTH = "prometheus/v1"
UNITS = {"Day": "d", "Week": "w", "Month": "M", "Quarter": "Q", "Year": "Y"}
PAGES_OFF, TICKETS_OFF = "sloth/page-alert", "sloth/ticket-alert"

Said = list[tuple[str, str]]


def translated(document: Document, path: str) -> tuple[list[Document], Said]:
    """The document as OpenSLO v1, and (field, message) of what is worth knowing."""
    if document.get("version") == SLOTH:
        return _from_sloth(document, path)
    if document.get("apiVersion") == ALPHA:
        return _from_alpha(document, path)
    return [document], []


def refuse_version(version: Any, path: str) -> NoReturn:
    """Says which versions are read. Raises `BadSlo`."""
    given = f"{version!r} is not read" if version is not None else "is required"
    message = f"{given}; there are {V1}, {ALPHA} and, as version, Sloth's {SLOTH}"
    raise BadSlo(path, message)


# --- openslo/v1alpha ---

_SOURCE = fields({"source": text(), "query": text(100_000)}, {"queryType": text()})
_RATIO = fields({"total": _SOURCE}, {"good": _SOURCE, "bad": _SOURCE, "incremental": boolean})
_ALPHA_META = fields({"name": text(253)}, {"displayName": text(200)})
_ALPHA_WINDOW = fields(
    {"count": number(1, top=9_999), "unit": one_of(*UNITS)},
    {
        "isRolling": boolean,
        "calendar": fields({"startTime": text(19), "timeZone": text(100)}),
    },
)
_ALPHA_OBJECTIVE = fields(
    {"target": number(0, below=1)},
    {
        "displayName": text(200),
        "op": one_of("lte", "gte", "lt", "gt"),
        "value": number(),
        "ratioMetrics": _RATIO,
        "timeSliceTarget": number(0, top=1),
    },
)
_ALPHA_SPECS = {
    "Service": fields({}, {"description": text(1_050)}),
    "SLO": fields(
        {
            "service": text(253),
            "budgetingMethod": one_of("Occurrences", "Timeslices"),
            "objectives": listing(_ALPHA_OBJECTIVE, least=1),
        },
        {
            "description": text(1_050),
            "indicator": fields({"thresholdMetric": _SOURCE}),
            "timeWindows": listing(_ALPHA_WINDOW, least=1, most=1),
        },
    ),
}


def _from_alpha(document: Document, path: str) -> tuple[list[Document], Said]:
    kind = document.get("kind")
    if not isinstance(kind, str) or kind not in _ALPHA_SPECS:
        raise BadSlo(f"{path}.kind", f"must be one of {', '.join(_ALPHA_SPECS)} in {ALPHA}")
    shape = {"apiVersion": anything, "kind": anything, "metadata": _ALPHA_META}
    # A service may come without a spec there.
    given = {"spec": {}, **document} if kind == "Service" else document
    fields({**shape, "spec": _ALPHA_SPECS[kind]})(given, path)
    said = [(f"{path}.apiVersion", f"{ALPHA} is read as {V1}")]
    if kind == "Service":
        return [{**given, "apiVersion": V1}], said
    spec = document["spec"]
    several = len(spec["objectives"]) > 1
    found = []
    for place, objective in enumerate(spec["objectives"]):
        where = f"{path}.spec.objectives.{place}"
        name = document["metadata"]["name"] + (f"-{place}" if several else "")
        found.append(_alpha_slo(document, objective, name, where))
    if several:
        said.append(
            (f"{path}.spec.objectives", "each becomes an objective of its own, as in Sloth")
        )
    return found, said


def _alpha_slo(document: Document, objective: dict[str, Any], name: str, path: str) -> Document:
    spec = document["spec"]
    if "ratioMetrics" in objective:
        indicator = {"ratioMetric": _alpha_ratio(objective["ratioMetrics"], path)}
    elif "indicator" in spec:
        source = spec["indicator"]["thresholdMetric"]
        indicator = {"thresholdMetric": _metric(source)}
    else:
        raise BadSlo(f"{path}.ratioMetrics", "is required, or spec.indicator")
    kept = {n: v for n, v in objective.items() if n != "ratioMetrics"}
    if spec["budgetingMethod"] == "Timeslices":
        # The old form had no slice target; the objective itself was held against every minute.
        kept.setdefault("timeSliceTarget", objective["target"])
        kept["timeSliceWindow"] = "1m"
    made = {
        "description": spec.get("description", ""),
        "service": spec["service"],
        "indicator": {"metadata": {"name": f"{name}-indicator"}, "spec": indicator},
        "budgetingMethod": spec["budgetingMethod"],
        "objectives": [kept],
    }
    if "timeWindows" in spec:
        made["timeWindow"] = [_alpha_window(spec["timeWindows"][0])]
    metadata = {**document["metadata"], "name": name}
    if len(metadata.get("displayName", "")) > 63:
        raise BadSlo(f"{path}.displayName", "may have 63 characters at most")
    return {"apiVersion": V1, "kind": "SLO", "metadata": metadata, "spec": made}


def _alpha_ratio(metric: dict[str, Any], path: str) -> dict[str, Any]:
    if ("good" in metric) == ("bad" in metric):
        raise BadSlo(f"{path}.ratioMetrics.good", "is required, or bad, and not both")
    part = "good" if "good" in metric else "bad"
    made = {part: _metric(metric[part]), "total": _metric(metric["total"])}
    return {"counter": metric["incremental"], **made} if "incremental" in metric else made


def _metric(source: dict[str, Any]) -> dict[str, Any]:
    spec = {name: source[name] for name in ("queryType", "query") if name in source}
    return {"metricSource": {"type": source["source"], "spec": spec}}


def _alpha_window(window: dict[str, Any]) -> dict[str, Any]:
    duration = f"{int(window['count'])}{UNITS[window['unit']]}"
    if "calendar" in window:
        return {"duration": duration, "isRolling": False, "calendar": window["calendar"]}
    return {"duration": duration, "isRolling": True}


# --- prometheus/v1 ---

_SWITCH = fields({}, {"disable": boolean, "labels": texts, "annotations": texts})
_ALERTING = fields(
    {},
    {
        "name": text(),
        "labels": texts,
        "annotations": texts,
        "page_alert": _SWITCH,
        "ticket_alert": _SWITCH,
    },
)
_SLI = fields(
    {},
    {
        "events": fields({"error_query": text(100_000), "total_query": text(100_000)}),
        "raw": fields({"error_ratio_query": text(100_000)}),
    },
)
_SLOTH = fields(
    {
        "version": anything,
        "service": text(253),
        "slos": listing(
            fields(
                {"name": text(200), "objective": number(0, below=100), "sli": _SLI},
                {"description": text(1_050), "labels": labels, "alerting": _ALERTING},
            ),
            least=1,
        ),
    },
    {"labels": labels},
)


def _from_sloth(document: Document, path: str) -> tuple[list[Document], Said]:
    _SLOTH(document, path)
    said = [(f"{path}.version", f"{SLOTH} is read as {V1}, over 30 rolling days as Sloth does")]
    found = []
    for place, slo in enumerate(document["slos"]):
        where = f"{path}.slos.{place}"
        found.append(_sloth_slo(document, slo, where))
        if "alerting" in slo:
            said.append((f"{where}.alerting", "its names and labels are kept and not used"))
    return found, said


def _sloth_slo(document: Document, slo: dict[str, Any], path: str) -> Document:
    name = f"{document['service']}-{slo['name']}"
    metadata: dict[str, Any] = {"name": name}
    merged = {**document.get("labels", {}), **slo.get("labels", {})}
    if merged:
        metadata["labels"] = merged
    annotations = _sloth_annotations(slo.get("alerting", {}))
    if annotations:
        metadata["annotations"] = annotations
    return {
        "apiVersion": V1,
        "kind": "SLO",
        "metadata": metadata,
        "spec": {
            "description": slo.get("description", ""),
            "service": document["service"],
            "indicator": {
                "metadata": {"name": f"{name}-indicator"},
                "spec": {"ratioMetric": _sloth_metric(slo["sli"], path)},
            },
            "timeWindow": [{"duration": "30d", "isRolling": True}],
            "budgetingMethod": "Occurrences",
            "objectives": [{"target": float(plain(ratio(slo["objective"], path) / 100))}],
        },
    }


def _sloth_metric(sli: dict[str, Any], path: str) -> dict[str, Any]:
    if ("events" in sli) == ("raw" in sli):
        raise BadSlo(f"{path}.sli.events", "is required, or raw, and not both")
    if "raw" in sli:
        return {"raw": _promql(sli["raw"]["error_ratio_query"]), "rawType": "failure"}
    events = sli["events"]
    return {"bad": _promql(events["error_query"]), "total": _promql(events["total_query"])}


def _promql(query: str) -> dict[str, Any]:
    return {"metricSource": {"type": "Prometheus", "spec": {"query": query}}}


def _sloth_annotations(alerting: dict[str, Any]) -> dict[str, str]:
    kept = {"sloth/alerting": json.dumps(alerting, ensure_ascii=False)} if alerting else {}
    for name, field in ((PAGES_OFF, "page_alert"), (TICKETS_OFF, "ticket_alert")):
        if alerting.get(field, {}).get("disable"):
            kept[name] = "disabled"
    return kept
