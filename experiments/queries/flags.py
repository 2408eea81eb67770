"""Flags, groups, layers and exposures as plain values: for pages, the API and the serving doors."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Max, Q, QuerySet

from experiments.assignment.script import Script
from experiments.models import (
    AllocationRow,
    EnvironmentRow,
    ExposureCount,
    FlagRow,
    FlagUse,
    GroupRow,
    LayerRow,
    SdkKeyRow,
    ServingRow,
    runs,
)
from experiments.projections import EVERYWHERE
from experiments.state import is_experiment

BY_KEY = ("key",)
UNUSED_AFTER = timedelta(days=30)
SAME_AFTER = timedelta(days=60)


@dataclass(frozen=True)
class Served:
    """A flag in one environment."""

    environment: str
    enabled: bool
    default: Any
    rules: list[dict[str, Any]]
    revision: int
    changed_at: datetime
    changed_by: str
    asked: int = 0
    last_asked_at: datetime | None = None


@dataclass(frozen=True)
class FlagView:
    """A flag with everything that pages and the API show. `proposals` have their id as `id`."""

    key: str
    ref: str
    version: int
    kind: str
    owner: str
    description: str
    expires_on: date | None
    needs_approval: bool
    archived: bool
    created_at: datetime
    changed_at: datetime
    environments: list[Served]
    proposals: list[dict[str, Any]]
    stale: list[str]


@dataclass(frozen=True)
class LayerView:
    """A layer and who owns what: (experiment, segments, since), the largest first."""

    key: str
    ref: str
    version: int
    unit: str
    salt: str
    size: int
    cool_down: int
    is_holdout: bool
    description: str
    allocations: list[Allocation]
    cooling: list[tuple[int, int]]
    free: int


@dataclass(frozen=True)
class Allocation:
    """Segments of a layer that an experiment owns, as [start, end) pairs."""

    experiment: str
    segments: list[tuple[int, int]]
    count: int
    since: datetime


def revision(environment: str) -> int:
    """How often what is served in an environment has changed. Grows, and is never the same twice."""
    rows = EnvironmentRow.objects.filter(name__in=[environment, EVERYWHERE])
    return sum(rows.values_list("revision", flat=True))


def revisions() -> dict[str, tuple[int, datetime]]:
    """The counters behind `revision` by environment, each with its last change.

    The time tells a restored database from the one before, whose counter may have been the same.
    """
    rows = EnvironmentRow.objects.values_list("name", "revision", "changed_at")
    return {name: (count, at) for name, count, at in rows}


def payload(environment: str) -> dict[str, Any]:
    """Everything that is served in an environment, as GrowthBook feature definitions.

    ``{"revision", "features": {key: definition}, "savedGroups": {key: group}, "kinds": {key: kind},
    "off": [key]}``. A flag that is off is its default. A rule in a layer is filtered to the segments of its
    experiment, and left out while it has none; no experiment reaches a holdout.
    """
    at = revision(environment)
    compile_rules = _compiler()
    features, off = {}, []
    for row in ServingRow.objects.filter(environment=environment, served=True).order_by("flag"):
        features[row.flag] = compile_rules(row.default, row.rules if row.enabled else [])
        if not row.enabled:
            off.append(row.flag)
    kinds = dict(FlagRow.objects.filter(key__in=features).values_list("key", "kind"))
    return {
        "revision": at,
        "features": features,
        "savedGroups": saved_groups(GroupRow.objects.all()),
        "kinds": kinds,
        "off": off,
    }


def tried(default: Any, rules: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The definition that these rules would be served as."""
    return _compiler()(default, rules)


def _compiler() -> Callable[[Any, Sequence[Mapping[str, Any]]], dict[str, Any]]:
    """Makes definitions of rules, with the layers and holdouts as they are now."""
    layers = {layer.key: layer for layer in LayerRow.objects.all()}
    owned = {(row.layer, row.experiment): row for row in AllocationRow.objects.all()}
    holdouts = [
        outside(layers[row.layer], row.segments)
        for row in owned.values()
        if layers[row.layer].is_holdout
    ]

    def compile_rules(default: Any, rules: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        served = [one for rule in rules for one in _compiled(rule, layers, owned, holdouts)]
        return {"defaultValue": default, "rules": served}

    return compile_rules


def saved_groups(rows: Iterable[GroupRow]) -> dict[str, Any]:
    """Groups as SDKs read them: a list as its plain values, which every SDK knows."""
    return {
        row.key: row.definition["values"] if row.definition["type"] == "list" else row.definition
        for row in rows
    }


def _compiled(
    rule: Mapping[str, Any],
    layers: Mapping[str, LayerRow],
    owned: Mapping[tuple[str, str], AllocationRow],
    holdouts: Sequence[dict[str, Any]],
) -> list[dict[str, Any]]:
    """The rule as it is served; nothing while its experiment has no segments in its layer."""
    made = {name: value for name, value in rule.items() if name not in ("description", "layer")}
    if not is_experiment(rule):
        return [made]
    made.setdefault("hashVersion", 2)
    made.setdefault("coverage", 1)
    filters = list(holdouts)
    if "layer" in rule:
        allocation = owned.get((rule["layer"], rule["key"]))
        if allocation is None:
            return []
        filters.append(_filter(layers[rule["layer"]], allocation.segments))
    if filters:
        made["filters"] = filters
    return list(Script(made["script"]).rules(made)) if "script" in made else [made]


def _filter(layer: LayerRow, pairs: Sequence[tuple[int, int]]) -> dict[str, Any]:
    return {
        "seed": layer.salt,
        "attribute": layer.unit,
        "hashVersion": 2,
        "ranges": [[start / layer.size, end / layer.size] for start, end in pairs],
    }


def outside(layer: LayerRow, pairs: Sequence[tuple[int, int]]) -> dict[str, Any]:
    """A filter for everybody but the units of these segments."""
    gaps, start = [], 0
    for lower, upper in sorted(pairs):
        if lower > start:
            gaps.append((start, lower))
        start = upper
    if start < layer.size:
        gaps.append((start, layer.size))
    return _filter(layer, gaps)


def flags(search: str = "", archived: bool = False, owner: str = "") -> QuerySet[FlagRow]:
    """Flags whose key or description contains `search`."""
    rows = FlagRow.objects.filter(archived=archived)
    search, owner = search.replace("\0", ""), owner.replace("\0", "")
    if search:
        rows = rows.filter(Q(key__icontains=search) | Q(description__icontains=search))
    return rows.filter(owner=owner) if owner else rows


def flag(key: str, now: datetime) -> FlagView | None:
    """One flag, archived or not."""
    row = FlagRow.objects.filter(key=key).first()
    return views([row], now)[0] if row else None


def views(rows: Sequence[FlagRow], now: datetime) -> list[FlagView]:
    """Rows with how they are served and used."""
    keys = [row.key for row in rows]
    uses = {(use.environment, use.flag): use for use in FlagUse.objects.filter(flag__in=keys)}
    served: dict[str, list[Served]] = {key: [] for key in keys}
    for one in ServingRow.objects.filter(flag__in=keys).order_by("environment"):
        use = uses.get((one.environment, one.flag))
        served[one.flag].append(
            Served(
                environment=one.environment,
                enabled=one.enabled,
                default=one.default,
                rules=one.rules,
                revision=one.revision,
                changed_at=one.changed_at,
                changed_by=one.changed_by,
                asked=use.asked if use else 0,
                last_asked_at=use.last_at if use else None,
            )
        )
    return [_view(row, served[row.key], now) for row in rows]


def _view(row: FlagRow, served: list[Served], now: datetime) -> FlagView:
    return FlagView(
        key=row.key,
        ref=f"flag:{row.key}",
        version=row.version,
        kind=row.kind,
        owner=row.owner,
        description=row.description,
        expires_on=row.expires_on,
        needs_approval=row.needs_approval,
        archived=row.archived,
        created_at=row.created_at,
        changed_at=row.changed_at,
        environments=served,
        proposals=[{"id": id, **one} for id, one in sorted(row.proposals.items())],
        stale=stale_reasons(row, served, now),
    )


def stale_reasons(row: FlagRow, served: Sequence[Served], now: datetime) -> list[str]:
    """Why a flag should be looked at, in words; none for a flag in good order."""
    found: list[str] = []
    if row.archived:
        return found
    if not row.owner:
        found.append("nobody owns it")
    if row.expires_on and row.expires_on < now.date():
        found.append(f"expired on {row.expires_on:%-d %b %Y}")
    asked = [one.last_asked_at for one in served if one.last_asked_at]
    if max(asked, default=row.created_at) < now - UNUSED_AFTER:
        found.append(f"not asked for in {UNUSED_AFTER.days} days")
    live = [one for one in served if one.enabled]
    if live and all(gives_one_value(one) for one in live):
        longest = max(one.changed_at for one in live)
        if longest < now - SAME_AFTER:
            found.append(f"the same value for everybody for {SAME_AFTER.days} days")
    return found


def gives_one_value(served: Served) -> bool:
    """Whether everybody gets the same: no rule, or a first rule that takes everybody."""
    if not served.rules:
        return True
    first = served.rules[0]
    takes_all = not first.get("condition") and not first.get("parentConditions")
    return "force" in first and takes_all and first.get("coverage", 1) == 1


def layer_views(rows: Sequence[LayerRow], now: datetime) -> list[LayerView]:
    """Layers with their allocations."""
    owned: dict[str, list[Allocation]] = {row.key: [] for row in rows}
    for one in AllocationRow.objects.filter(layer__in=list(owned)).order_by("since", "experiment"):
        count = sum(end - start for start, end in one.segments)
        owned[one.layer].append(Allocation(one.experiment, one.segments, count, one.since))
    return [_layer(row, owned[row.key], now) for row in rows]


def _layer(row: LayerRow, allocations: list[Allocation], now: datetime) -> LayerView:
    resting = [int(s) for s, until in row.cooling.items() if datetime.fromisoformat(until) > now]
    taken = sum(one.count for one in allocations)
    return LayerView(
        key=row.key,
        ref=f"layer:{row.key}",
        version=row.version,
        unit=row.unit,
        salt=row.salt,
        size=row.size,
        cool_down=row.cool_down,
        is_holdout=row.is_holdout,
        description=row.description,
        allocations=sorted(allocations, key=lambda one: -one.count),
        cooling=runs(resting),
        free=row.size - taken - len(resting),
    )


def layer_keys() -> list[str]:
    """Keys of all layers."""
    return list(LayerRow.objects.order_by("key").values_list("key", flat=True))


def layer(key: str, now: datetime) -> LayerView | None:
    """One layer."""
    row = LayerRow.objects.filter(key=key).first()
    return layer_views([row], now)[0] if row else None


def sdk_key(key: str) -> SdkKeyRow | None:
    """An SDK key in force."""
    return SdkKeyRow.objects.filter(key=key, revoked_at=None).first()


def exposure_counts(experiment: str, phase: str = "") -> list[dict[str, Any]]:
    """Units by phase and variation; those seen with several variations are counted apart."""
    rows = ExposureCount.objects.filter(experiment=experiment).exclude(units=0)
    if phase:
        rows = rows.filter(phase=phase)
    counted = rows.values("phase", "variation", "units", "several")
    return [dict(one) for one in counted.order_by("phase", "variation")]


@dataclass(frozen=True)
class PhaseCounts:
    """Units that met each variation in one phase of an experiment: (variation, units, several).

    `units` are all, `several` those of them seen with more than one variation, `in_hour` those
    recorded since the hour began.
    """

    experiment: str
    phase: str
    arms: list[tuple[str, int, int]]
    units: int
    several: int
    in_hour: int
    last_at: datetime


def phases_met(now: datetime, limit: int = 50) -> list[PhaseCounts]:
    """Phases that units were exposed to, those heard of last first."""
    latest = (
        ExposureCount.objects.values("experiment", "phase")
        .annotate(last=Max("last_at"))
        .order_by("-last", "experiment", "phase")[:limit]
    )
    found: dict[tuple[str, str], list[ExposureCount]] = {
        (one["experiment"], one["phase"]): [] for one in latest
    }
    wanted = ExposureCount.objects.filter(experiment__in={key for key, _ in found})
    for row in wanted.exclude(units=0).order_by("variation"):
        if (row.experiment, row.phase) in found:
            found[row.experiment, row.phase].append(row)
    hour = now.replace(minute=0, second=0, microsecond=0)
    return [
        PhaseCounts(
            experiment=experiment,
            phase=phase,
            arms=[(arm.variation, arm.units, arm.several) for arm in arms],
            units=sum(arm.units for arm in arms),
            several=sum(arm.several for arm in arms),
            in_hour=sum(arm.in_hour for arm in arms if arm.hour == hour),
            last_at=max(arm.last_at for arm in arms),
        )
        for (experiment, phase), arms in found.items()
    ]


def trials(experiments: Iterable[str]) -> dict[tuple[str, str], tuple[str, str, dict[str, Any]]]:
    """Flag, environment and rule by experiment and phase, of what is served now."""
    wanted, found = set(experiments), {}
    for row in ServingRow.objects.filter(served=True):
        for rule in row.rules:
            if rule.get("key") in wanted:
                found[rule["key"], rule.get("phase", "0")] = (row.flag, row.environment, rule)
    return found


def users_of_group(key: str) -> list[str]:
    """Flags in service whose rules mean this saved group."""
    rows = ServingRow.objects.filter(served=True).order_by("flag")
    return sorted({row.flag for row in rows if key in groups_named(row.rules)})


def groups_with_group(key: str) -> list[str]:
    """Other saved groups whose condition means this one."""
    rows = GroupRow.objects.exclude(key=key).order_by("key")
    return [row.key for row in rows if key in groups_named(row.definition)]


def groups_known(keys: Iterable[str]) -> set[str]:
    """Those of the keys that are a saved group's."""
    return set(GroupRow.objects.filter(key__in=set(keys)).values_list("key", flat=True))


def environments_with_group(key: str) -> list[str]:
    """Environments in which a rule that is served means this saved group, or one that means it."""
    keys, fresh = {key}, [key]
    while fresh:
        found = {outer for inner in fresh for outer in groups_with_group(inner)}
        fresh = sorted(found - keys)
        keys |= found
    rows = ServingRow.objects.filter(served=True, enabled=True)
    return sorted({row.environment for row in rows if keys & groups_named(row.rules)})


def environments_with_layer(key: str) -> list[str]:
    """Environments in which an experiment that is served depends on this layer; a holdout's, all."""
    row = LayerRow.objects.filter(key=key).first()
    everywhere = row is not None and row.is_holdout
    rows = ServingRow.objects.filter(served=True, enabled=True)
    return sorted(
        {
            r.environment
            for r in rows
            for rule in r.rules
            if is_experiment(rule) and (everywhere or rule.get("layer") == key)
        }
    )


GROUP_WORDS = ("$inGroup", "$notInGroup", "$savedGroup", "$savedGroups", "$groups")


def groups_named(condition: Any) -> set[str]:
    """Keys of the saved groups that conditions name, however deep."""
    if isinstance(condition, list):
        return {key for one in condition for key in groups_named(one)}
    if not isinstance(condition, dict):
        return set()
    found = {key for one in condition.values() for key in groups_named(one)}
    for word in GROUP_WORDS:
        named = condition.get(word)
        for one in named if isinstance(named, list) else [named]:
            key = one.get("id") if isinstance(one, dict) else one
            found |= {key} if isinstance(key, str) else set()
    return found
