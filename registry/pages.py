"""What the pages about models and data show."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from access.paging import page_of
from access.queries import names
from registry.drawing import draw, title
from registry.kinds import KINDS, TIME
from registry.models import EntityRow
from registry.queries import lineage, things
from registry.queries.lineage import Question, Reached

DRAWN = 12  # things on each side of the picture
TOLD = 50  # things in each table
FIRST = ("trained_model", "model", "dataset", "feature", "run", "service")
WHICH = {
    "architecture": "Architecture",
    "configured_model": "Configured",
    "trained_model": "Trained",
}


def listed(kind: str, search: str, cursor: str | None) -> dict[str, Any]:
    """Things of a kind by name; of all kinds unless one is asked for. Raises `BadCursor`."""
    kind = kind if kind in KINDS else ""
    page = page_of(things.entities(kind, search).defer("facets"), things.BY_NAME, cursor)
    counts = things.counts_of_kinds()
    order = sorted(KINDS, key=lambda k: (FIRST.index(k) if k in FIRST else len(FIRST), k))
    tabs = [("", "All", sum(counts.values()))]
    tabs += [(k, KINDS[k].label.capitalize(), counts[k]) for k in order if k in counts]
    owners = {one.facts["owner"][0] for one in page.rows if one.facts.get("owner")}
    called = names(owner for owner in owners if owner)
    return {
        "rows": [_row(one, called) for one in page.rows],
        "tabs": tabs,
        "kind": kind,
        "search": search,
        "next": page.next,
    }


def _row(row: EntityRow, called: Any) -> dict[str, Any]:
    facts = things.told(row.facts)
    owner = facts.get("owner", "")
    return {
        "ref": row.ref,
        "name": row.name,
        "namespace": row.namespace,
        "title": title(row),
        "description": facts.get("description", ""),
        "owner": called.get(owner, owner),
        "team": facts.get("team", ""),
        "changed_at": row.changed_at,
    }


def thing(
    row: EntityRow,
    at: datetime | None,
    known_at: datetime | None,
    up: int,
    down: int,
    now: datetime,
) -> dict[str, Any]:
    """One thing: facts, picture, what it came from and what came of it. Raises `TooSlow`."""
    question = Question(at or now, known_at)
    facts, facets = things.observed(row, at, known_at)
    if "owner" in facts:
        facts["owner"] = names([facts["owner"]]).get(facts["owner"], facts["owner"])
    before, after = lineage.upstream(row, question), lineage.downstream(row, question)
    near = lineage.around(row, before, after, up, down, DRAWN)
    return {
        "row": row,
        "title": title(row),
        "facts": [(name.replace("_", " "), *_shown(row, name, v)) for name, v in facts.items()],
        "facets": [(name, _text(value)) for name, value in facets.items()],
        "passed": things.passed(row, facts),
        "missing": things.missing(row, facts),
        "picture": draw(near),
        "hidden_up": near.hidden[-1],
        "hidden_down": near.hidden[1],
        "up": up,
        "down": down,
        "steps": [1, 2, 3],
        "upstream": _told(before),
        "downstream": _told(after),
        "which": _which(row, before),
        "is_past": at is not None or known_at is not None,
    }


def _shown(row: EntityRow, name: str, value: Any) -> tuple[str, Any]:
    if KINDS[row.kind].facts[name] is TIME:
        return "time", datetime.fromisoformat(value)
    if isinstance(value, bool):
        return "text", "yes" if value else "no"
    if isinstance(value, int):
        return "count", value
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return "text", ", ".join(value)
    return "text", value if isinstance(value, str) else _text(value)


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1)


def _told(found: Reached) -> dict[str, Any]:
    """The nearest things of one side, and how many there are."""
    nearest = sorted(found.distances.items(), key=lambda one: (one[1], found.things[one[0]].ref))
    return {
        "rows": [
            {
                "ref": found.things[id].ref,
                "name": found.things[id].name,
                "title": title(found.things[id]),
                "distance": distance,
            }
            for id, distance in nearest[:TOLD]
        ],
        "total": len(nearest) + found.beyond,
        "more": len(nearest) + found.beyond - min(TOLD, len(nearest)),
        "truncated": found.truncated,
    }


def _which(row: EntityRow, before: Reached) -> list[dict[str, Any]]:
    """The nearest architecture, configured and trained model that a model is made of."""
    if row.kind not in (*WHICH, "model", "service"):
        return []
    at_hand = {row.id: row} | dict(before.things)
    found = []
    for kind, label in WHICH.items():
        rows = [one for one in at_hand.values() if one.kind == kind]
        rows.sort(key=lambda one: (before.distances.get(one.id, 0), one.ref))
        found.append({"label": label, "row": rows[0] if rows else None})
    return found
