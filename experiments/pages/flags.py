"""The list of flags, and one flag: rules in words, what waits, history, and who would get what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from access.changes import kinds
from access.paging import DEFAULT_LIMIT, page_of
from access.queries import names
from eventlog import store
from eventlog.core import Refused
from eventlog.records import Record
from experiments import queries, simulator
from experiments.arms import arms_of
from experiments.assignment import conditions
from experiments.differences import Line, as_text, differences
from experiments.fields import percent
from experiments.maps import tone
from experiments.models import FlagRow
from experiments.pages.editor import attributes_of, told
from experiments.pages.places import places
from experiments.parameters import values_text
from experiments.queries import FlagView, Served
from experiments.state import Kind, is_experiment

LISTS = {"": "All", "stale": "To be looked at", "archived": "Archived"}
HISTORY = 200  # events of a flag that its page tells
LOOKED_AT = 200
ICONS = {
    "flag.created": "plus",
    "flag.described": "message",
    "flag.rules_set": "back",
    "flag.turned": "bolt",
    "flag.change_proposed": "user",
    "flag.change_rejected": "x",
    "flag.archived": "lock",
    "flag.restored": "check",
}


def listed(search: str, chosen: str, cursor: str | None, now: datetime) -> dict[str, Any]:
    """One page of flags. Raises `BadCursor`."""
    chosen = chosen if chosen in LISTS else ""
    rows = queries.flags(search, chosen == "archived")
    if chosen == "stale":
        views, following = _stale(rows, cursor, now)
    else:
        page = page_of(rows, queries.BY_KEY, cursor)
        views, following = queries.views(page.rows, now), page.next
    called = names(view.owner for view in views)
    return {
        "places": places("stale" if chosen == "stale" else "flags"),
        "rows": [_row(view, called) for view in views],
        "next": following,
        "search": search,
        "list": chosen,
        "total": queries.flags(archived=chosen == "archived").count(),
    }


def _stale(
    rows: QuerySet[FlagRow], cursor: str | None, now: datetime
) -> tuple[list[FlagView], str | None]:
    """Some flags that are stale, and where to go on. Raises `BadCursor`."""
    found: list[FlagView] = []
    while True:
        page = page_of(rows, queries.BY_KEY, cursor, LOOKED_AT)
        found += [view for view in queries.views(page.rows, now) if view.stale]
        cursor = page.next
        if cursor is None or len(found) >= DEFAULT_LIMIT:
            return found, cursor


def _row(view: FlagView, called: Mapping[str, str]) -> dict[str, Any]:
    asked = [one.last_asked_at for one in view.environments if one.last_asked_at]
    return {
        "view": view,
        "owner": called.get(view.owner, view.owner),
        "environments": [_state(one) for one in view.environments],
        "last_asked_at": max(asked, default=None),
        "asked": sum(one.asked for one in view.environments),
    }


def _state(served: Served) -> dict[str, Any]:
    trials = sum(map(is_experiment, served.rules))
    words = "off, gives" if not served.enabled else "on, gives"
    detail = f"{words} {as_text(served.default, 40)}"
    if served.enabled and served.rules:
        count = len(served.rules)
        detail = f"on, {count} rule{'s' if count > 1 else ''}"
        detail += f", {trials} experiment{'s' if trials > 1 else ''}" if trials else ""
    return {"name": served.environment, "on": served.enabled, "words": detail}


def flag(view: FlagView, asked: Mapping[str, str], now: datetime) -> dict[str, Any]:
    """One flag in one of its environments; the first, unless another is asked for."""
    wanted = asked.get("environment", "")
    served = next((e for e in view.environments if e.environment == wanted), None)
    served = served or _first(view.environments)
    history, told_by = _history(view)
    called = names({view.owner, *told_by, *(one["by"] for one in view.proposals)})
    return {
        "places": places("flags"),
        "view": view,
        "owner": called.get(view.owner, view.owner),
        "served": served,
        "default": as_text(served.default) if served else "",
        "environments": [
            _state(one) | {"current": served is not None and one.environment == served.environment}
            for one in view.environments
        ],
        "rules": [rule_in_words(rule) for rule in served.rules] if served else [],
        "proposals": [_proposal(one, view, called) for one in view.proposals],
        "history": [one | {"by": called.get(one["by"], one["by"])} for one in history],
        **_tried(view, served, asked),
    }


def _first(environments: Sequence[Served]) -> Served | None:
    """Production before the others, by name."""
    ordered = sorted(environments, key=lambda e: (e.environment != "production", e.environment))
    return ordered[0] if ordered else None


def _tried(view: FlagView, served: Served | None, asked: Mapping[str, str]) -> dict[str, Any]:
    """What the simulator was asked and says."""
    given = asked.get("attributes")
    shown = {"attributes": given or '{"id": "user-1"}', "answer": None, "problem": ""}
    if given is None or served is None or view.archived:
        return shown
    try:
        answer = simulator.ask(view.key, served.environment, attributes_of(given))
    except Refused as refusal:
        return shown | {"problem": refusal.message}
    return shown | {"answer": told(answer, served.rules)}


def rule_in_words(rule: Mapping[str, Any]) -> dict[str, Any]:
    """A rule as people read it: whom it is meant for, and what they get."""
    is_trial = is_experiment(rule)
    share = rule.get("coverage", 1)
    return {
        "id": rule["id"],
        "description": rule.get("description", ""),
        "is_trial": is_trial,
        "whom": conditions.as_text(rule["condition"]) if rule.get("condition") else "Everybody",
        "share": f"{percent(share)} %" if share != 1 else "",
        "unit": rule.get("hashAttribute", "id"),
        "gives": "" if is_trial else as_text(rule["force"]),
        "arms": _arms(rule) if is_trial else [],
        "parameters": _parameters(rule) if "script" in rule else [],
        "experiment": rule.get("key", ""),
        "phase": rule.get("phase", "0"),
        "layer": rule.get("layer", ""),
        "after": [parent["id"] for parent in rule.get("parentConditions", ())],
    }


def _arms(rule: Mapping[str, Any]) -> list[dict[str, Any]]:
    arms = arms_of(rule)
    widths = [1 / len(arms) if arm.share is None else arm.share for arm in arms]
    return [
        {
            "name": arm.name,
            "weight": "" if arm.share is None else f"{arm.share * 100:.4g} %",
            "value": as_text(arm.value, 60),
            "x": 100 * sum(widths[:index]),
            "width": 100 * widths[index],
            "tone": tone(index),
        }
        for index, arm in enumerate(arms)
    ]


def _parameters(rule: Mapping[str, Any]) -> list[dict[str, str]]:
    """A script's parameters as people read them."""
    return [
        {
            "name": one["name"],
            "values": values_text(one),
            "when": conditions.as_text(one["when"]) if one.get("when") else "",
            "otherwise": as_text(one.get("otherwise"), 40),
        }
        for one in rule["script"]["parameters"]
    ]


def _proposal(one: dict[str, Any], view: FlagView, called: Mapping[str, str]) -> dict[str, Any]:
    now = next(e for e in view.environments if e.environment == one["environment"])
    return {
        "id": one["id"],
        "by": one["by"],
        "name": called.get(one["by"], one["by"]),
        "at": datetime.fromisoformat(one["at"]),
        "comment": one["comment"],
        "environment": one["environment"],
        "overtaken": now.revision != one["based_on"],
        "lines": differences((now.default, one["default"]), (now.rules, one["rules"])),
    }


def _history(view: FlagView) -> tuple[list[dict[str, Any]], set[str]]:
    """What was done to the flag, newest first, each change of rules with its difference."""
    current = {one.environment: one.revision for one in view.environments}
    before: dict[str, tuple[Any, list[dict[str, Any]]]] = {}
    told = []
    for record in store.read_stream(view.ref, max(0, view.version - HISTORY), HISTORY):
        if record.type in ICONS:
            told.append(_entry(record, before, current))
    return list(reversed(told)), {one["by"] for one in told}


def _entry(
    record: Record,
    before: dict[str, tuple[Any, list[dict[str, Any]]]],
    current: Mapping[str, int],
) -> dict[str, Any]:
    said = record.payload
    entry: dict[str, Any] = {
        "at": record.occurred_at,
        "icon": ICONS[record.type],
        "by": record.actor,
        "comment": said.get("comment") or said.get("reason") or "",
        "environment": said.get("environment", ""),
        "lines": list[Line](),
        "revision": 0,
    }
    if record.type == "flag.created":
        before.update(dict.fromkeys(said["environments"], (said["default"], [])))
    if record.type == "flag.rules_set":
        old = before.get(said["environment"])
        new = said["default"], said["rules"]
        before[said["environment"]] = new
        if old is not None:  # else the revision before it is further back than is told
            entry["lines"] = differences((old[0], new[0]), (old[1], new[1]))
        entry["revision"] = said["revision"]
        entry["is_current"] = current.get(said["environment"]) == said["revision"]
    return entry | {"text": _sentence(record.type, said)}


def _sentence(type: str, said: Mapping[str, Any]) -> str:
    """What a change says in the catalogue of changes, and what else the history tells."""
    if type == "flag.change_proposed":
        return f"proposed a change in {said['environment']}"
    return kinds()[type].sentence(said) if type in kinds() else "rejected a change"


def creation(given: Mapping[str, str], problem: str, field: str) -> dict[str, Any]:
    """The form of a new flag."""
    errors = {field: problem} if field else {}
    fields = [
        {
            "name": "flag",
            "label": "Key",
            "input": "text",
            "required": True,
            "help": "As the code asks for it. It goes into addresses and stays for ever.",
        },
        {"name": "description", "label": "What it is for", "input": "textarea"},
        {
            "name": "owner",
            "label": "Owner",
            "input": "text",
            "help": "A ref such as team:search. A flag without an owner is listed as stale.",
        },
        {
            "name": "environments",
            "label": "Environments",
            "input": "text",
            "required": True,
            "initial": "production staging",
        },
        {
            "name": "default",
            "label": "Default",
            "input": "text",
            "required": True,
            "initial": "false",
            "help": "What everybody gets while it is off: JSON, or the text itself.",
        },
        {"name": "expires_on", "label": "Wanted until", "input": "date"},
        {
            "name": "needs_approval",
            "label": "Changes of rules wait for a second person",
            "input": "checkbox",
        },
    ]
    return {
        "places": places("flags"),
        "fields": [
            one
            | {
                "value": given.get(one["name"], one.get("initial", "") if not given else ""),
                "error": errors.get(str(one["name"]), ""),
            }
            for one in fields
        ],
        "kinds": [str(kind) for kind in Kind],
        "kind": given.get("kind", str(Kind.BOOLEAN)),
        "problem": problem,
    }
