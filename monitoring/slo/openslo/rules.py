"""What an OpenSLO v1 document must be, and what of it is only kept.

After the specification (github.com/OpenSLO/OpenSLO, v1.0) and its Go SDK where that is stricter.
A fault is refused naming the field; what the published examples themselves do against the SDK's
rules is a warning.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from monitoring.slo.exact import BadSlo
from monitoring.slo.openslo import dialects
from monitoring.slo.openslo.shapes import (
    Shape,
    above_zero,
    anything,
    boolean,
    either,
    fields,
    free,
    labels,
    listing,
    number,
    one_of,
    text,
    texts,
)
from monitoring.slo.openslo.text import Document, parse
from monitoring.slo.windows import zone_named

VERSION = "openslo/v1"
NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
SPAN = r"[1-9][0-9]{0,6}[mhdwMQY]"
ONLY_KEPT = "belongs to a threshold metric; with a ratio it is kept and not read"


@dataclass(frozen=True, slots=True)
class Warned:
    """Something that is kept as it is, though nothing here acts on it."""

    field: str
    message: str


@dataclass(frozen=True, slots=True)
class Bundle:
    """Documents that were read together, those of other dialects as OpenSLO v1."""

    documents: list[Document]
    warnings: list[Warned]

    def of_kind(self, kind: str) -> Iterator[tuple[int, Document]]:
        """Place and document of each object of a kind."""
        for place, document in enumerate(self.documents):
            if document["kind"] == kind:
                yield place, document


def load(content: str) -> Bundle:
    """Reads YAML or JSON text: OpenSLO v1, or what Sloth reads. Raises `BadSlo`."""
    documents, warnings = [], []
    for place, document in enumerate(parse(content)):
        translated, said = dialects.translated(document, str(place))
        warnings += [Warned(*one) for one in said]
        for one in translated:
            check(one, str(place))
            documents.append(one)
    for place, document in enumerate(documents):
        warnings += _warnings(document, str(place))
    return Bundle(documents, warnings)


def check(document: Document, path: str) -> None:
    """Raises `BadSlo` unless it is a document of OpenSLO v1."""
    version = document.get("apiVersion")
    if version != VERSION:
        dialects.refuse_version(version, f"{path}.apiVersion")
    kind = document.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise BadSlo(f"{path}.kind", f"must be one of {', '.join(KINDS)}")
    frame = fields(
        {"apiVersion": anything, "kind": anything, "metadata": METADATA, "spec": SPECS[kind]}
    )
    frame(document, path)
    rule = RULES.get(kind)
    if rule is not None:
        rule(document["spec"], f"{path}.spec")


# --- shapes ---

NAME_TEXT = text(253)
TITLE = text(63)
DESCRIPTION = either(text(1_050), one_of(""))
DURATION = text(9, SPAN, "5m, 1h, 30d, 1w, 1M, 1Q or 1Y")
METADATA = fields(
    {"name": NAME_TEXT}, {"displayName": TITLE, "labels": labels, "annotations": texts}
)
METRIC = fields(
    {"metricSource": fields({"spec": free}, {"metricSourceRef": NAME_TEXT, "type": text(200)})}
)
SLI_SPEC = fields(
    {},
    {
        "description": DESCRIPTION,
        "thresholdMetric": METRIC,
        "ratioMetric": fields(
            {},
            {
                "counter": boolean,
                "good": METRIC,
                "bad": METRIC,
                "total": METRIC,
                "raw": METRIC,
                "rawType": one_of("success", "failure"),
            },
        ),
    },
)
INDICATOR = fields({"metadata": METADATA, "spec": SLI_SPEC})
TARGET_SPEC = fields({"target": text(200)}, {"description": DESCRIPTION})
CONDITION_SPEC = fields(
    {
        "severity": text(200),
        "condition": fields(
            {"kind": one_of("burnrate"), "threshold": number(), "lookbackWindow": DURATION},
            {"op": one_of("lte", "gte", "lt", "gt"), "alertAfter": DURATION},
        ),
    },
    {"description": DESCRIPTION},
)


def _inline(kind: str, spec: Shape) -> Shape:
    return fields({"kind": one_of(kind), "metadata": METADATA, "spec": spec})


def _inline_or(ref: str, kind: str, spec: Shape) -> Shape:
    by_ref, inline = fields({ref: NAME_TEXT}), _inline(kind, spec)

    def check(value: Any, path: str) -> None:
        (by_ref if isinstance(value, dict) and ref in value else inline)(value, path)

    return check


POLICY_SPEC = fields(
    {
        "conditions": listing(
            _inline_or("conditionRef", "AlertCondition", CONDITION_SPEC), least=1, most=1
        ),
        "notificationTargets": listing(
            _inline_or("targetRef", "AlertNotificationTarget", TARGET_SPEC), least=1
        ),
    },
    {
        "description": DESCRIPTION,
        "alertWhenNoData": boolean,
        "alertWhenResolved": boolean,
        "alertWhenBreaching": boolean,
    },
)
OBJECTIVE = fields(
    {},
    {
        "displayName": either(text(200), one_of("")),
        "op": one_of("lte", "gte", "lt", "gt"),
        "value": number(),
        "target": number(0, below=1),
        "targetPercent": number(0, below=100),
        "timeSliceTarget": above_zero(top=1),
        "timeSliceWindow": either(DURATION, above_zero()),
        "indicator": INDICATOR,
        "indicatorRef": NAME_TEXT,
        "compositeWeight": above_zero(),
    },
)
WINDOW = fields(
    {"duration": DURATION},
    {
        "isRolling": boolean,
        "calendar": fields(
            {
                "startTime": text(19, r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "2022-01-01 12:00:00"),
                "timeZone": text(100),
            }
        ),
    },
)
SLO_SPEC = fields(
    {
        "service": NAME_TEXT,
        "budgetingMethod": one_of("Occurrences", "Timeslices", "RatioTimeslices"),
        "objectives": listing(OBJECTIVE, least=1),
    },
    {
        "description": DESCRIPTION,
        "indicator": INDICATOR,
        "indicatorRef": NAME_TEXT,
        "timeWindow": listing(WINDOW, least=1, most=1),
        "alertPolicies": listing(_inline_or("alertPolicyRef", "AlertPolicy", POLICY_SPEC)),
    },
)
SPECS: dict[str, Shape] = {
    "SLO": SLO_SPEC,
    "SLI": SLI_SPEC,
    "AlertPolicy": POLICY_SPEC,
    "AlertCondition": CONDITION_SPEC,
    "AlertNotificationTarget": TARGET_SPEC,
    "DataSource": fields(
        {"type": text(200), "connectionDetails": either(listing(free, 1), free)},
        {"description": DESCRIPTION},
    ),
    "Service": fields({}, {"description": DESCRIPTION}),
}
KINDS = tuple(SPECS)


# --- rules between fields ---


def _check_slo(spec: dict[str, Any], path: str) -> None:
    objectives = spec["objectives"]
    own = [place for place, one in enumerate(objectives) if _names_indicator(one)]
    if _names_indicator(spec) == bool(own):
        raise BadSlo(f"{path}.indicator", "must be given once: for the whole, or in the objectives")
    _exclusive(spec, "indicator", "indicatorRef", path)
    if "indicator" in spec:
        _check_sli(spec["indicator"]["spec"], f"{path}.indicator.spec")
    for place, objective in enumerate(objectives):
        _check_objective(spec, objective, f"{path}.objectives.{place}")
    for place, window in enumerate(spec.get("timeWindow", [])):
        _check_window(window, f"{path}.timeWindow.{place}")


def _names_indicator(value: dict[str, Any]) -> bool:
    return "indicator" in value or "indicatorRef" in value


def _check_objective(spec: dict[str, Any], objective: dict[str, Any], path: str) -> None:
    _exclusive(objective, "target", "targetPercent", path)
    if "target" not in objective and "targetPercent" not in objective:
        raise BadSlo(f"{path}.target", "is required, or targetPercent")
    if not _names_indicator(spec) and not _names_indicator(objective):
        raise BadSlo(f"{path}.indicator", "is required in every objective once one has it")
    _exclusive(objective, "indicator", "indicatorRef", path)
    if "indicator" in objective:
        _check_sli(objective["indicator"]["spec"], f"{path}.indicator.spec")
    method = spec["budgetingMethod"]
    if method == "Timeslices" and "timeSliceTarget" not in objective:
        raise BadSlo(f"{path}.timeSliceTarget", "is required with Timeslices")
    if method != "Occurrences" and "timeSliceWindow" not in objective:
        raise BadSlo(f"{path}.timeSliceWindow", f"is required with {method}")


def _check_window(window: dict[str, Any], path: str) -> None:
    calendar = window.get("calendar")
    if window.get("isRolling", False) == (calendar is not None):
        raise BadSlo(f"{path}.calendar", "is required if isRolling is false, and only then")
    if calendar is not None:
        try:
            zone_named(calendar["timeZone"])
        except BadSlo as fault:
            raise BadSlo(f"{path}.calendar.timeZone", fault.message) from None


def _check_sli(spec: dict[str, Any], path: str) -> None:
    _exclusive(spec, "thresholdMetric", "ratioMetric", path)
    if "thresholdMetric" not in spec and "ratioMetric" not in spec:
        raise BadSlo(f"{path}.ratioMetric", "is required, or thresholdMetric")
    if "ratioMetric" in spec:
        _check_ratio(spec["ratioMetric"], f"{path}.ratioMetric")


def _check_ratio(metric: dict[str, Any], path: str) -> None:
    if "raw" in metric:
        for name in ("good", "bad", "total"):
            _exclusive(metric, "raw", name, path)
        if "rawType" not in metric:
            raise BadSlo(f"{path}.rawType", "is required with raw")
        return
    if "rawType" in metric:
        raise BadSlo(f"{path}.rawType", "is for raw only")
    _exclusive(metric, "good", "bad", path)
    if "good" not in metric and "bad" not in metric:
        raise BadSlo(f"{path}.good", "is required, or bad, or raw")
    if "total" not in metric:
        raise BadSlo(f"{path}.total", "is required")


def _exclusive(value: dict[str, Any], one: str, other: str, path: str) -> None:
    if one in value and other in value:
        raise BadSlo(f"{path}.{other}", f"excludes {one}")


RULES: dict[str, Callable[[dict[str, Any], str], None]] = {"SLO": _check_slo, "SLI": _check_sli}


# --- warnings ---


def _warnings(document: Document, path: str) -> Iterator[Warned]:
    if not NAME.fullmatch(document["metadata"]["name"]):
        yield Warned(
            f"{path}.metadata.name",
            "is no RFC 1123 label (small letters, digits and -, at most 63), as other tools want it",
        )
    if document["kind"] == "SLO":
        yield from _slo_warnings(document["spec"], f"{path}.spec")
    yield from _condition_warnings(document, path)


def _slo_warnings(spec: dict[str, Any], path: str) -> Iterator[Warned]:
    if "timeWindow" not in spec:
        yield Warned(f"{path}.timeWindow", "is missing: 30 days, rolling, are evaluated")
    for place, objective in enumerate(spec["objectives"]):
        indicator = objective.get("indicator") or spec.get("indicator")
        where = f"{path}.objectives.{place}"
        if indicator and "ratioMetric" in indicator["spec"]:
            for name in ("op", "value"):
                if name in objective:
                    yield Warned(f"{where}.{name}", ONLY_KEPT)


def _condition_warnings(value: Any, path: str) -> Iterator[Warned]:
    """Burn-rate conditions that would fire while nothing burns, wherever they stand."""
    if isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _condition_warnings(inner, f"{path}.{place}")
    elif isinstance(value, dict):
        if value.get("kind") == "burnrate" and value.get("op") in ("lt", "lte"):
            yield Warned(f"{path}.op", "would fire below the threshold; it is read as gt")
        for name, inner in value.items():
            yield from _condition_warnings(inner, f"{path}.{name}")
