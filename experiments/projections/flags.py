"""Events of flags, groups, layers and SDK keys → the rows that are served and shown."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import F
from django.db.models.functions import Greatest

from eventlog.projections import Projection
from eventlog.records import Record
from experiments import events
from experiments.models import (
    AllocationRow,
    EnvironmentRow,
    FlagRow,
    GroupRow,
    LayerRow,
    SdkKeyRow,
    ServingRow,
    runs,
)

EVERYWHERE = "*"

flags = Projection(
    "flags",
    tables=[
        "experiments_flag",
        "experiments_serving",
        "experiments_group",
        "experiments_layer",
        "experiments_allocation",
        "experiments_sdk_key",
        "experiments_environment",
    ],
    conflicts={
        "experiments_one_owner": ("no_room", "Another experiment was given these segments first.")
    },
)


def _key(record: Record) -> str:
    return record.stream.partition(":")[2]


def _bump(environment: str, record: Record) -> None:
    """What is served there is another from now on."""
    at = record.occurred_at
    first = {"revision": 1, "changed_at": at}
    row, made = EnvironmentRow.objects.get_or_create(name=environment, defaults=first)
    if not made:
        EnvironmentRow.objects.filter(name=row.name).update(
            revision=F("revision") + 1, changed_at=Greatest("changed_at", at)
        )


def _change(record: Record, **changes: Any) -> None:
    changes |= {"version": record.version, "changed_at": record.occurred_at}
    FlagRow.objects.filter(key=_key(record)).update(**changes)


def _serve(record: Record, environment: str, **changes: Any) -> None:
    changes |= {"changed_at": record.occurred_at, "changed_by": record.actor}
    ServingRow.objects.filter(environment=environment, flag=_key(record)).update(**changes)
    _bump(environment, record)


def _described(event: events.FlagCreated | events.FlagDescribed) -> dict[str, Any]:
    return {
        "owner": event.owner,
        "description": event.description,
        "expires_on": date.fromisoformat(event.expires_on) if event.expires_on else None,
        "needs_approval": event.needs_approval,
    }


@flags.on(events.FlagCreated)
def show_created(event: events.FlagCreated, record: Record) -> None:
    at, key = record.occurred_at, _key(record)
    FlagRow.objects.create(
        key=key,
        version=record.version,
        kind=event.kind,
        created_at=at,
        changed_at=at,
        **_described(event),
    )
    for environment in event.environments:
        ServingRow.objects.create(
            environment=environment,
            flag=key,
            default=event.default,
            revision=1,
            changed_at=at,
            changed_by=record.actor,
        )
        _bump(environment, record)


@flags.on(events.FlagDescribed)
def show_described(event: events.FlagDescribed, record: Record) -> None:
    _change(record, **_described(event))


@flags.on(events.FlagRulesSet)
def show_rules(event: events.FlagRulesSet, record: Record) -> None:
    _serve(
        record,
        event.environment,
        default=event.default,
        rules=event.rules,
        revision=event.revision,
    )
    if event.proposal:
        _forget_proposal(record, event.proposal)
    else:
        _change(record)


@flags.on(events.FlagTurned)
def show_turned(event: events.FlagTurned, record: Record) -> None:
    _serve(record, event.environment, enabled=event.enabled)
    _change(record)


@flags.on(events.FlagChangeProposed)
def show_proposed(event: events.FlagChangeProposed, record: Record) -> None:
    row = FlagRow.objects.get(key=_key(record))
    proposed = {
        "environment": event.environment,
        "by": event.by,
        "at": record.occurred_at.isoformat(),
        "based_on": event.based_on,
        "default": event.default,
        "rules": event.rules,
        "comment": event.comment,
    }
    _change(record, proposals={**row.proposals, event.proposal: proposed})


@flags.on(events.FlagChangeRejected)
def show_rejected(event: events.FlagChangeRejected, record: Record) -> None:
    _forget_proposal(record, event.proposal)


def _forget_proposal(record: Record, proposal: str) -> None:
    waiting = FlagRow.objects.get(key=_key(record)).proposals
    waiting.pop(proposal, None)
    _change(record, proposals=waiting)


@flags.on(events.FlagArchived)
def show_archived(event: events.FlagArchived, record: Record) -> None:
    _change(record, archived=True, proposals={})
    _serve_nowhere(record, served=False)


@flags.on(events.FlagRestored)
def show_restored(event: events.FlagRestored, record: Record) -> None:
    _change(record, archived=False)
    _serve_nowhere(record, served=True)


def _serve_nowhere(record: Record, *, served: bool) -> None:
    rows = ServingRow.objects.filter(flag=_key(record))
    for environment in rows.order_by("environment").values_list("environment", flat=True):
        _serve(record, environment, served=served, enabled=False)


@flags.on(events.GroupSaved)
def show_group(event: events.GroupSaved, record: Record) -> None:
    values = {
        "version": record.version,
        "definition": event.definition,
        "description": event.description,
        "changed_at": record.occurred_at,
    }
    GroupRow.objects.update_or_create(key=_key(record), defaults=values)
    _bump(EVERYWHERE, record)


@flags.on(events.GroupRemoved)
def hide_group(event: events.GroupRemoved, record: Record) -> None:
    GroupRow.objects.filter(key=_key(record)).delete()
    _bump(EVERYWHERE, record)


@flags.on(events.LayerCreated)
def show_layer(event: events.LayerCreated, record: Record) -> None:
    LayerRow.objects.create(
        key=_key(record),
        version=record.version,
        unit=event.unit,
        salt=event.salt,
        size=event.size,
        cool_down=event.cool_down,
        is_holdout=event.is_holdout,
        description=event.description,
        created_at=record.occurred_at,
    )
    _bump(EVERYWHERE, record)


@flags.on(events.SegmentsAllocated)
def show_allocated(event: events.SegmentsAllocated, record: Record) -> None:
    layer = _key(record)
    owned = _owned(layer, event.experiment)
    at = record.occurred_at
    AllocationRow.objects.update_or_create(
        layer=layer,
        experiment=event.experiment,
        defaults={"segments": runs([*owned, *event.segments])},
        create_defaults={"segments": runs(event.segments), "since": at},
    )
    _cool(record, {}, rested=event.segments)


@flags.on(events.SegmentsReleased)
def show_released(event: events.SegmentsReleased, record: Record) -> None:
    layer = _key(record)
    left = set(_owned(layer, event.experiment)) - set(event.segments)
    mine = AllocationRow.objects.filter(layer=layer, experiment=event.experiment)
    if left:
        mine.update(segments=runs(left))
    else:
        mine.delete()
    _cool(record, dict.fromkeys(map(str, event.segments), event.cool_until))


def _owned(layer: str, experiment: str) -> list[int]:
    row = AllocationRow.objects.filter(layer=layer, experiment=experiment).first()
    return [s for start, end in row.segments for s in range(start, end)] if row else []


def _cool(record: Record, resting: dict[str, str], rested: list[int] | None = None) -> None:
    row = LayerRow.objects.get(key=_key(record))
    gone = set(map(str, rested or ()))
    cooling = {k: v for k, v in row.cooling.items() if k not in gone} | resting
    LayerRow.objects.filter(key=row.key).update(version=record.version, cooling=cooling)
    _bump(EVERYWHERE, record)


@flags.on(events.SdkKeyIssued)
def show_sdk_key(event: events.SdkKeyIssued, record: Record) -> None:
    SdkKeyRow.objects.create(
        key=event.key,
        environment=event.environment,
        name=event.name,
        encrypted=event.encrypted,
        issued_at=record.occurred_at,
    )
    _bump(EVERYWHERE, record)


@flags.on(events.SdkKeyRevoked)
def show_sdk_key_revoked(event: events.SdkKeyRevoked, record: Record) -> None:
    SdkKeyRow.objects.filter(key=event.key).update(revoked_at=record.occurred_at)
    _bump(EVERYWHERE, record)
