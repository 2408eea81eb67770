"""Layers with their maps, saved segments, exposure counts, SDK keys and calendar freezes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.safestring import SafeString

from access.changes import kinds
from access.paging import page_of
from access.queries import names
from eventlog import store
from experiments import queries
from experiments.arms import arms_of
from experiments.assignment.conditions import as_text
from experiments.fields import members_text, value_text
from experiments.maps import allocation_map, in_words, owners
from experiments.models import GroupRow, LayerRow, SdkKeyRow
from experiments.pages.places import places
from experiments.queries import LayerView, PhaseCounts
from registry.queries import LATEST, holds

MIXED_LIMIT = 0.01  # share of units seen with several variations from which an analysis is warned
FREEZES = 100
HISTORY = 50  # events of a layer that its page tells


def layers(cursor: str | None, now: datetime) -> dict[str, Any]:
    """One page of layers. Raises `BadCursor`."""
    page = page_of(LayerRow.objects.all(), queries.BY_KEY, cursor, 25)
    views = queries.layer_views(page.rows, now)
    return {
        "places": places("layers"),
        "rows": [_layer(view) for view in views],
        "next": page.next,
    }


def _layer(view: LayerView) -> dict[str, Any]:
    resting = sum(end - start for start, end in view.cooling)
    return {
        "view": view,
        "map": SafeString(allocation_map(view)),
        "words": in_words(view),
        "owners": owners(view),
        "resting": resting,
        "free_share": view.free / view.size * 100,
    }


def layer(view: LayerView) -> dict[str, Any]:
    """One layer with the end of its history."""
    last = store.read_stream(view.ref, max(0, view.version - HISTORY), HISTORY)
    told = [record for record in last if record.type in kinds()]
    called = names({record.actor for record in told})
    history = [
        {
            "at": record.occurred_at,
            "by": called.get(record.actor, record.actor),
            "text": kinds()[record.type].sentence(record.payload),
            "comment": record.payload.get("reason", ""),
        }
        for record in reversed(told)
    ]
    return {"places": places("layers"), "history": history, **_layer(view)}


def groups(cursor: str | None) -> dict[str, Any]:
    """One page of saved segments. Raises `BadCursor`."""
    page = page_of(GroupRow.objects.all(), queries.BY_KEY, cursor)
    return {
        "places": places("segments"),
        "rows": [_group(row) for row in page.rows],
        "next": page.next,
    }


def _group(row: GroupRow) -> dict[str, Any]:
    is_list = row.definition["type"] == "list"
    values = row.definition.get("values", [])
    words = f"{len(values):,} values of {row.definition.get('attributeKey')}"
    return {
        "row": row,
        "is_list": is_list,
        "words": words if is_list else conditions_in_words(row.definition["condition"]),
        "form": {
            "attribute": row.definition.get("attributeKey", ""),
            "values": members_text(values),
            "condition": "" if is_list else value_text("object", row.definition["condition"]),
            "description": row.description,
        },
    }


def conditions_in_words(condition: Any) -> str:
    """A condition as people read it."""
    return as_text(condition) if condition else "everybody"


def group(key: str) -> dict[str, Any] | None:
    """One saved segment and the flags that use it."""
    row = GroupRow.objects.filter(key=key).first()
    if row is None:
        return None
    return {"places": places("segments"), "used_by": queries.users_of_group(key), **_group(row)}


def exposures(now: datetime) -> dict[str, Any]:
    """Units by phase and variation, beside the shares that they should have."""
    phases = queries.phases_met(now)
    served = queries.trials(one.experiment for one in phases)
    return {
        "places": places("exposures"),
        "phases": [_phase(one, served.get((one.experiment, one.phase))) for one in phases],
        "looked_at": now,
    }


def _phase(one: PhaseCounts, trial: tuple[str, str, dict[str, Any]] | None) -> dict[str, Any]:
    expected = _expected(trial[2]) if trial else {}
    return {
        "counts": one,
        "flag": trial[0] if trial else "",
        "environment": trial[1] if trial else "",
        "mixed_share": one.several / one.units * 100,
        "too_mixed": one.several / one.units > MIXED_LIMIT,
        "arms": [
            {
                "name": name,
                "units": units,
                "several": several,
                "share": units / one.units * 100,
                "expected": expected.get(name),
            }
            for name, units, several in one.arms
        ],
    }


def _expected(rule: Mapping[str, Any]) -> dict[str, float]:
    """The share in per cent that each variation should have, by its key, as far as it is known."""
    return {arm.key: arm.share * 100 for arm in arms_of(rule) if arm.share is not None}


def sdk_keys() -> dict[str, Any]:
    """SDK keys in force before revoked ones, at most 200."""
    rows = sorted(SdkKeyRow.objects.order_by("-issued_at")[:200], key=lambda r: bool(r.revoked_at))
    return {"places": places("sdk-keys"), "rows": rows}


def freezes(now: datetime) -> dict[str, Any]:
    """Calendar freezes: in force, to come, and over or lifted, at most 100."""
    rows = holds().filter(reason__startswith="calendar:").order_by(*LATEST)[:FREEZES]
    called = names({row.placed_by for row in rows})
    told = [
        {
            "row": row,
            "name": row.reason.partition(":")[2],
            "environment": row.entity.partition(":")[2],
            "by": called.get(row.placed_by, row.placed_by),
            "state": _state(row, now),
        }
        for row in rows
    ]
    order = ("in force", "to come", "lifted", "over")
    told.sort(key=lambda one: (order.index(str(one["state"])), one["row"].since))
    return {"places": places("freezes"), "rows": told}


def is_freeze(id: str) -> bool:
    """Whether there is a calendar freeze with this id."""
    try:
        return holds().filter(id=UUID(id), reason__startswith="calendar:").exists()
    except ValueError:
        return False


def _state(row: Any, now: datetime) -> str:
    if row.lifted_at:
        return "lifted"
    if row.since > now:
        return "to come"
    return "over" if row.until and row.until <= now else "in force"
