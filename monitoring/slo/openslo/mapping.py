"""Between OpenSLO v1 documents and objectives that can be evaluated."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from monitoring.slo import definition
from monitoring.slo.burn import Guard, Pair, fault, short_for
from monitoring.slo.definition import Plain
from monitoring.slo.exact import BadSlo, plain, ratio, span, spelled
from monitoring.slo.openslo.dialects import PAGES_OFF, TICKETS_OFF, V1
from monitoring.slo.openslo.references import inlined
from monitoring.slo.openslo.rules import Bundle, Warned, check
from monitoring.slo.openslo.shapes import Shape, either, listing, nothing, number, one_of, text
from monitoring.slo.openslo.text import Document

OURS = "Dropstitch"
PREFIX = "dropstitch/"
METHODS = {
    "Occurrences": "occurrences",
    "Timeslices": "time_slices",
    "RatioTimeslices": "ratio_time_slices",
}
NAMES = {ours: theirs for theirs, ours in METHODS.items()}
# What an objective has here and OpenSLO has no field for.
EXTRAS: dict[str, Shape] = {
    "owner": either(text(), one_of("")),
    "layer": text(),
    "environment": text(),
    "severity": either(number(1, top=4), nothing),
    "review_on": text(10),
    "subjects": listing(text(), most=20),
}
PAIR_EXTRAS = ("name", "urgency", "fraction", "short", "min_coverage", "min_events", "min_bad")


@dataclass(frozen=True, slots=True)
class Objective:
    """What one SLO document says in our words.

    `settings` is the plain form of `monitoring.slo.definition`, `extras` what our own export noted
    beside it, `document` the SLO with everything it refers to put in.
    """

    key: str
    name: str
    description: str
    service: str
    settings: Plain
    document: Document
    extras: Plain = field(default_factory=dict)


def objectives(bundle: Bundle) -> tuple[list[Objective], list[Warned]]:
    """The objectives of a bundle, and what of its documents is not evaluated or not kept.

    Raises `BadSlo` naming the field, also for references that nothing answers to.
    """
    whole = {
        place: one
        for (place, _), one in zip(
            ((p, d) for p, d in enumerate(bundle.documents) if d["kind"] in ("SLO", "AlertPolicy")),
            inlined(bundle.documents),
            strict=True,
        )
    }
    found, warnings = [], []
    for place, document in enumerate(bundle.documents):
        if document["kind"] == "SLO":
            reader = _Reader(whole[place], str(place))
            found.append(reader.objective())
            warnings += reader.warnings
        elif document["kind"] in ("DataSource", "Service"):
            message = "is not kept: nothing here reads it, and connections may hold secrets"
            warnings.append(Warned(str(place), f"{document['kind']} {message}"))
    return found, warnings


def key_of(name: str) -> str:
    """A name as a key: whatever may not be in one becomes a hyphen."""
    return re.sub(r"[^A-Za-z0-9._~-]+", "-", name).strip("-._~")[:100] or "slo"


class _Reader:
    """Reads one SLO document, whose shape has been checked."""

    def __init__(self, document: Document, path: str):
        self.document, self.path = document, path
        self.spec: dict[str, Any] = document["spec"]
        self.metadata: dict[str, Any] = document["metadata"]
        self.notes: dict[str, str] = self.metadata.get("annotations", {})
        self.warnings: list[Warned] = []

    def objective(self) -> Objective:
        if len(self.spec["objectives"]) > 1:
            self.warn("spec.objectives", "only the first is evaluated; the others are kept")
        return Objective(
            key=key_of(self.metadata["name"]),
            name=self.note("name") or self.metadata.get("displayName") or self.metadata["name"],
            description=self.note("description") or self.spec.get("description", ""),
            service=self.spec["service"],
            settings=self.settings(),
            document=self.document,
            extras=self.extras(),
        )

    def warn(self, where: str, message: str) -> None:
        self.warnings.append(Warned(f"{self.path}.{where}", message))

    def note(self, name: str) -> str:
        return self.notes.get(PREFIX + name, "")

    def extras(self) -> Plain:
        found: Plain = {}
        for name, shape in EXTRAS.items():
            if note := self.note(name):
                where = f"{self.path}.metadata.annotations.{PREFIX}{name}"
                try:
                    found[name] = json.loads(note)
                except (ValueError, RecursionError):
                    raise BadSlo(where, "is not what an export writes") from None
                shape(found[name], where)
        return found

    def settings(self) -> Plain:
        given: Plain = {
            "target": self.target(),
            "window": self.window(),
            "indicator": {**self.method(), "source": self.source()},
            "alerts": None,
        }
        pairs = self.pairs(self.read(given))
        return definition.written(self.read({**given, "alerts": pairs}))

    def read(self, given: Plain) -> definition.Slo:
        """The objective; a fault is told of the part of the document that it came from."""
        try:
            return definition.read(given)
        except BadSlo as error:
            where = WHERE[error.field.partition(".")[0]]
            raise BadSlo(f"{self.path}.{where}", str(error)) from None

    def target(self) -> str:
        first = self.spec["objectives"][0]
        if "target" in first:
            return plain(ratio(first["target"], f"{self.path}.spec.objectives.0.target"))
        percent = ratio(first["targetPercent"], f"{self.path}.spec.objectives.0.targetPercent")
        return plain(percent / 100)

    def window(self) -> Plain:
        windows = self.spec.get("timeWindow")
        if not windows:
            return {"kind": "rolling", "duration": "30d"}
        window = windows[0]
        duration, calendar = window["duration"], window.get("calendar")
        if calendar is None:
            return {"kind": "rolling", "duration": spelled(span(duration, "window.duration"))}
        if duration.endswith("m"):
            self.warn("spec.timeWindow.0.duration", "m is minutes; months (M) are read")
            duration = f"{duration[:-1]}M"
        start, zone = calendar["startTime"], calendar["timeZone"]
        return {"kind": "calendar", "duration": duration, "start": start, "zone": zone}

    def method(self) -> Plain:
        method, first = METHODS[self.spec["budgetingMethod"]], self.spec["objectives"][0]
        if method == "occurrences":
            return {"method": method, "every": self.note("every") or "1m"}
        width = first["timeSliceWindow"]
        if not isinstance(width, str):
            # A bare number is minutes, says the specification.
            width = f"{width:g}m"
        idle = self.note("idle-is-good") == "true"
        about: Plain = {"method": method, "slice": width, "idle_is_good": idle}
        return about if "ratio" in method else {**about, "slice_target": first["timeSliceTarget"]}

    def source(self) -> Plain | None:
        first = self.spec["objectives"][0]
        own = "indicator" in first
        indicator = (first if own else self.spec)["indicator"]["spec"]
        where = f"spec.{'objectives.0.' if own else ''}indicator.spec"
        found = _ratio_source(indicator) or _bound_source(indicator, first)
        if found is None:
            self.warn(where, f"is kept and not evaluated: connect series to it ({OURS} as type)")
        return found

    def pairs(self, slo: definition.Slo) -> list[Plain]:
        """Alert policies as pairs; the standard ones if none can be read."""
        found: list[Pair] = []
        if self.note("alerts") == "none":
            return []
        for place, policy in enumerate(self.spec.get("alertPolicies") or []):
            pair = self.pair(policy, slo, f"spec.alertPolicies.{place}")
            if pair is not None:
                found.append(pair)
        if not found:
            off = {"page": self.notes.get(PAGES_OFF), "notify": self.notes.get(TICKETS_OFF)}
            found = [pair for pair in slo.pairs if off.get(pair.urgency) != "disabled"]
        return [definition.plain_pair(pair) for pair in found]

    def pair(self, policy: Document, slo: definition.Slo, where: str) -> Pair | None:
        notes = policy["metadata"].get("annotations", {})
        condition = policy["spec"]["conditions"][0]["spec"]
        rule = condition["condition"]
        long = span(rule["lookbackWindow"], f"{self.path}.{where}")
        if f"{PREFIX}fraction" in notes:
            return self.noted_pair(notes, long, where)
        factor = ratio(rule["threshold"], f"{self.path}.{where}.threshold")
        pair = Pair(
            name=policy["metadata"]["name"][:40],
            urgency="page" if condition["severity"] == "page" else "notify",
            fraction=factor * long / slo.window.nominal,
            long=long,
            short=short_for(long, slo.indicator),
        )
        found = fault(pair, slo.target, slo.window, slo.indicator)
        if found is not None:
            self.warn(where, f"is kept and not evaluated: {found}")
            return None
        self.warn(where, f"is read with a short window of {spelled(pair.short)}, at once")
        return pair

    def noted_pair(self, notes: Mapping[str, str], long: int, where: str) -> Pair:
        def note(name: str) -> str:
            return notes.get(PREFIX + name, "")

        path = f"{self.path}.{where}.metadata.annotations"
        try:
            return Pair(
                name=note("name"),
                urgency=note("urgency"),
                fraction=Fraction(note("fraction")),
                long=long,
                short=span(note("short"), "short"),
                min_coverage=Fraction(note("min_coverage")),
                guard=Guard(int(note("min_events")), int(note("min_bad"))),
            )
        except (ValueError, ZeroDivisionError):
            raise BadSlo(path, "are not what an export writes") from None


WHERE = {
    "target": "spec.objectives.0.target",
    "window": "spec.timeWindow.0",
    "indicator": "spec.objectives.0",
    "alerts": "spec.alertPolicies",
}


def _ratio_source(indicator: Plain) -> Plain | None:
    metric = indicator.get("ratioMetric", {})
    part = "bad" if "bad" in metric else "good"
    selected, total = _selector(metric.get(part)), _selector(metric.get("total"))
    if selected is None or total is None:
        return None
    return {part: selected, "total": total, "counter": metric.get("counter", False)}


def _bound_source(indicator: Plain, objective: Plain) -> Plain | None:
    selected = _selector(indicator.get("thresholdMetric"))
    if selected is None or "op" not in objective or "value" not in objective:
        return None
    return {"value": selected, "op": objective["op"], "bound": objective["value"]}


def _selector(metric: Plain | None) -> Plain | None:
    source = (metric or {}).get("metricSource", {})
    if source.get("type") != OURS:
        return None
    return {"series": source["spec"].get("series"), "labels": source["spec"].get("labels", {})}


# --- writing ---


def exported(objective: Objective, usual: Mapping[str, Any] | None = None) -> Document:
    """The objective as an SLO document, checked.

    What came from a document goes back as it came, but for the parts that were changed since.
    Extras that are as `usual`, for a reader who finds none, are not written down.
    """
    made = copy.deepcopy(objective.document) or _frame(objective)
    was = _Reader(made, "0").settings() if objective.document else None
    now = objective.settings
    if was is None or was["target"] != now["target"]:
        _put_target(made, now)
    if was is None or was["window"] != now["window"]:
        _put_window(made, now)
    if was is None or was["indicator"] != now["indicator"]:
        _put_indicator(made, now, objective.key)
    if was is None or was["alerts"] != now["alerts"]:
        _put_alerts(made, now, objective.key)
    _put_words(made, objective, usual or {})
    check(made, "0")
    return made


def _frame(objective: Objective) -> Document:
    spec: Plain = {"service": objective.service, "indicator": {}, "timeWindow": []}
    return {
        "apiVersion": V1,
        "kind": "SLO",
        "metadata": {"name": objective.key},
        "spec": {**spec, "budgetingMethod": "Occurrences", "objectives": [{}]},
    }


def _annotate(document: Document, name: str, value: str) -> None:
    document["metadata"].setdefault("annotations", {})[PREFIX + name] = value


def _note(document: Document, name: str, value: str) -> None:
    if value:
        _annotate(document, name, value)
    else:
        document["metadata"].get("annotations", {}).pop(PREFIX + name, None)


def _put_words(document: Document, objective: Objective, usual: Mapping[str, Any]) -> None:
    reader = _Reader(document, "0")
    metadata, spec = document["metadata"], document["spec"]
    named = reader.note("name") or metadata.get("displayName") or metadata["name"]
    if objective.name != named:
        if len(objective.name) <= 63:
            metadata["displayName"] = objective.name
        else:
            _annotate(document, "name", objective.name)
    if objective.description != (reader.note("description") or spec.get("description", "")):
        if len(objective.description) <= 1_050:
            spec["description"] = objective.description
        else:
            _annotate(document, "description", objective.description)
    known = {**usual, **reader.extras()}
    for name, value in objective.extras.items():
        if name not in known or known[name] != value:
            _annotate(document, name, json.dumps(value, ensure_ascii=False))


def _put_target(document: Document, now: Plain) -> None:
    first = document["spec"]["objectives"][0]
    first.pop("targetPercent", None)
    first["target"] = float(now["target"])


def _put_window(document: Document, now: Plain) -> None:
    window = now["window"]
    made: Plain = {"duration": window["duration"], "isRolling": window["kind"] == "rolling"}
    if window["kind"] == "calendar":
        made["calendar"] = {"startTime": window["start"], "timeZone": window["zone"]}
    document["spec"]["timeWindow"] = [made]


def _put_indicator(document: Document, now: Plain, key: str) -> None:
    indicator, spec = now["indicator"], document["spec"]
    first = spec["objectives"][0]
    spec["budgetingMethod"] = NAMES[indicator["method"]]
    for ours, theirs in (("slice", "timeSliceWindow"), ("slice_target", "timeSliceTarget")):
        first.pop(theirs, None)
        if ours in indicator:
            value = indicator[ours]
            first[theirs] = value if ours == "slice" else float(Fraction(value))
    every, idle = indicator.get("every", "1m"), indicator.get("idle_is_good", False)
    _note(document, "every", "" if every == "1m" else every)
    _note(document, "idle-is-good", "true" if idle else "")
    holder = first if "indicator" in first else spec
    if indicator["source"] is None:
        found = holder["indicator"] or {"spec": _not_connected()}
    else:
        for name in ("op", "value"):
            first.pop(name, None)
        found = {"spec": _metrics(indicator["source"], first)}
    meta = (holder.get("indicator") or {}).get("metadata") or {"name": f"{key}-indicator"}
    holder["indicator"] = {"metadata": meta, "spec": found["spec"]}


def _not_connected() -> Plain:
    nothing = {"metricSource": {"type": "none", "spec": {"connected": False}}}
    return {"ratioMetric": {"good": nothing, "total": copy.deepcopy(nothing)}}


def _metrics(source: Plain, objective: Plain) -> Plain:
    if "value" in source:
        bound = Fraction(source["bound"])
        objective["op"] = source["op"]
        objective["value"] = bound.numerator if bound.denominator == 1 else float(bound)
        return {"thresholdMetric": _metric(source["value"])}
    part = "bad" if "bad" in source else "good"
    both = {part: _metric(source[part]), "total": _metric(source["total"])}
    return {"ratioMetric": {"counter": source["counter"], **both}}


def _metric(selector: Plain) -> Plain:
    return {"metricSource": {"type": OURS, "spec": copy.deepcopy(selector)}}


def _put_alerts(document: Document, now: Plain, key: str) -> None:
    slo = definition.read(now)
    document["metadata"].get("annotations", {}).pop(f"{PREFIX}alerts", None)
    if not slo.pairs:
        # Without a policy the standard pairs would be read.
        document["spec"].pop("alertPolicies", None)
        _annotate(document, "alerts", "none")
        return
    document["spec"]["alertPolicies"] = [_policy(pair, slo, key) for pair in slo.pairs]


def _policy(pair: Pair, slo: definition.Slo, key: str) -> Plain:
    """One policy per pair: OpenSLO has one condition in a policy, and one window in a condition."""
    name = re.sub(r"[^a-z0-9]+", "-", f"{key}-{pair.name}".lower()).strip("-")[:63].strip("-")
    noted = definition.plain_pair(pair)
    condition = {
        "kind": "burnrate",
        "op": "gt",
        "threshold": float(pair.factor(slo.window.nominal)),
        "lookbackWindow": spelled(pair.long),
    }
    target = {"target": OURS.lower()}
    return {
        "kind": "AlertPolicy",
        "metadata": {
            "name": name,
            "annotations": {PREFIX + one: str(noted[one]) for one in PAIR_EXTRAS},
        },
        "spec": {
            "alertWhenBreaching": True,
            "conditions": [
                {
                    "kind": "AlertCondition",
                    "metadata": {"name": name},
                    "spec": {"severity": pair.urgency, "condition": condition},
                }
            ],
            "notificationTargets": [
                {
                    "kind": "AlertNotificationTarget",
                    "metadata": {"name": OURS.lower()},
                    "spec": target,
                }
            ],
        },
    }
