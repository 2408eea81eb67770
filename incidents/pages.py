"""What the pages show: the values of `queries` put into the words of the templates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils.safestring import SafeString

from access.queries import people
from access.rights import Actor
from eventlog import keys, store
from eventlog.records import Record
from incidents import measured, pages_working, queries, slash
from incidents.fragments import MESSAGE, SCROLLED, messages_in, said
from incidents.models import IncidentRow, MessageRow
from incidents.policy import DEFAULT_SEVERITY, SEVERITY_WORDS
from incidents.queries import Card, Cards, Detail, Phase
from incidents.sentences import OUTCOME_WORDS, told
from incidents.state import (
    AUDIENCES,
    CONFIDENCES,
    INTENTS,
    LIVE_PHASES,
    OUTCOMES,
    PRIORITIES,
    REACTIONS,
    SEVERITIES,
)

STEPS = (*LIVE_PHASES, "follow-up")
SOON = timedelta(minutes=10)
NEWEST = 300
LAST_EVENTS = 6
EMPTY = {
    "active": ("No active incidents", "Nothing is known to be wrong."),
    "mine": ("You hold no role", "Incidents in which you command or lead are listed here."),
    "recovering": ("Nothing is recovering", "Incidents whose breaches have all ended wait here."),
    "closed": ("Nothing was closed lately", "Incidents resolved in the last seven days."),
}


# The board


def board(actor: Actor, which: str, cursor: str | None, now: datetime) -> dict[str, Any]:
    """One list of incidents with what is around it. Raises `BadCursor`."""
    which = which if which in EMPTY else "active"
    found = _list(which, actor, cursor, now)
    lately = queries.closed(now, limit=10).cards if which == "active" and not cursor else []
    counts = queries.counts(now)
    trends = measured.trends([card.id for card in found.cards], now)
    return {
        "counts": asdict(counts),
        "rows": [_row(card, trends.get(card.id)) for card in found.cards],
        "closed": [_row(card, None) for card in lately],
        "next": found.next,
        "tabs": _tabs(which, counts, actor, now),
        "caption": f"{which.capitalize()} incidents, worst first.",
        "empty": _empty(which),
        "which": which,
        "position": store.head(),
        "monitors": measured.at_a_glance(now),
        "events": _last_events(),
    }


def _list(which: str, actor: Actor, cursor: str | None, now: datetime) -> Cards:
    match which:
        case "mine":
            return queries.led_by(actor.person or actor.ref, now, cursor)
        case "recovering":
            return queries.recovering(now, cursor)
        case "closed":
            return queries.closed(now, cursor)
    return queries.active(now, cursor)


def _tabs(which: str, counts: queries.Counts, actor: Actor, now: datetime) -> list[dict[str, Any]]:
    mine = len(queries.led_by(actor.person or actor.ref, now).cards)
    tabs = (
        ("active", "Active", counts.active),
        ("mine", "Mine", mine),
        ("recovering", "Recovering", counts.recovering),
        ("closed", "Closed", counts.closed),
    )
    return [
        {"label": label, "count": count, "href": f"/?list={name}", "current": name == which}
        for name, label, count in tabs
    ]


def _empty(which: str) -> dict[str, Any]:
    title, text = EMPTY[which]
    last = IncidentRow.objects.order_by("-number").first() if which == "active" else None
    if last is not None:
        text = f"The last was #{last.number}, {last.title}."
    return {"title": title, "text": text, "declare": which == "active"}


def _row(card: Card, trend: Mapping[str, Any] | None) -> dict[str, Any]:
    is_over = card.status != "open"
    return {
        "card": card,
        "url": f"/incidents/{card.number}",
        "closed": is_over,
        "detail": " · ".join([*map(_plain_ref, card.subjects), *filter(None, [card.impact])]),
        "steps": _mini(card.phase),
        "trend": trend,
        "outcome": card.outcome_words.capitalize(),
        "lasted": card.resolved_at - card.started_at if card.resolved_at else None,
        "afterwards": _afterwards(card),
    }


def _plain_ref(ref: str) -> str:
    return ref.partition(":")[2] or ref


def _mini(phase: str) -> list[str]:
    at = STEPS.index(phase) if phase in STEPS else len(STEPS)
    return ["done" if i < at else "now" if i == at else "" for i in range(len(STEPS))]


def _afterwards(card: Card) -> str:
    if card.proposal == "reopen":
        return "its monitor is out of bounds again"
    if card.follow_ups:
        return f"{card.follow_ups_done} of {card.follow_ups} follow-ups done"
    return "no follow-ups"


def _last_events() -> list[dict[str, Any]]:
    """The newest key events of all incidents, newest first."""
    records = [
        record
        for record in store.read_after(max(store.head() - 200, 0), limit=200)
        if record.type.startswith("incident.") and told(record.type).key
    ][-LAST_EVENTS:]
    ids = {record.stream.removeprefix("incident:") for record in records}
    numbers = dict(IncidentRow.objects.filter(id__in=ids).values_list("id", "number"))
    rows = []
    for entry, record in zip(queries.entries_of(records), records, strict=True):
        number = numbers.get(UUID(record.stream.removeprefix("incident:")))
        rows.append({"entry": entry, "number": number, "url": f"/incidents/{number}"})
    return rows[::-1]


# One incident


def incident(id: UUID, me: str, now: datetime) -> dict[str, Any]:
    """State, roles, work and measurements of one incident."""
    detail = queries.detail(id, now)
    if detail is None:
        raise LookupError(f"incident {id} has no row")
    card = detail.card
    live = card.status == "open"
    roles = [_role(role, me) for role in detail.roles]
    open_breaches = sum(b.recovered_at is None for b in detail.breaches)
    return {
        "id": id,
        "detail": detail,
        "incident": _head(detail, live, now),
        "roles": roles,
        "others": _others(detail),
        "my_role": next((role["role"].role for role in roles if role["mine"]), ""),
        "todo": _todo(detail, roles, now) if live else [],
        "impact": _impact(detail),
        "open_breaches": open_breaches,
        "follow_ups_done": sum(f.done_at is not None for f in detail.follow_ups),
        "update": detail.updates[0] if detail.updates else None,
        "people": [person for person in people() if person[0] != me],
        "choices": CHOICES,
        "pictures": measured.pictures(detail, now),
        "pinned": queries.pinned(id),
        **pages_working.working(detail),
    }


CHOICES = {
    "audiences": AUDIENCES,
    "severities": SEVERITIES,
    "phases": LIVE_PHASES,
    "priorities": PRIORITIES,
    "intents": INTENTS,
    "outcomes": [(name, OUTCOME_WORDS[name].capitalize()) for name in OUTCOMES],
    "confidences": CONFIDENCES,
}


def _head(detail: Detail, live: bool, now: datetime) -> dict[str, Any]:
    card = detail.card
    due = card.update_due_at
    return {
        "card": card,
        "ref": card.ref,
        "url": f"/incidents/{card.number}",
        "live": live,
        "is_closed": card.phase == "closed",
        "due_soon": due is not None and due - now < SOON,
        "lasted": card.resolved_at - card.started_at if card.resolved_at else None,
        "outcome": card.outcome_words.capitalize(),
        "steps": _steps(detail),
    }


def _steps(detail: Detail) -> list[dict[str, Any]]:
    entered: dict[str, Phase] = {phase.phase: phase for phase in detail.phases}
    now_at = STEPS.index(detail.card.phase) if detail.card.phase in STEPS else len(STEPS)
    steps = [_onset(detail)] if detail.onset_best else []
    for index, name in enumerate(STEPS):
        phase = entered.get(name)
        reached = phase is not None and index <= now_at
        state = "done" if index < now_at else "now" if index == now_at else ""
        at = phase.entered_at if phase is not None and reached else None
        steps.append({"name": name.capitalize(), "state": state, "at": at})
    if detail.follow_ups:
        steps[-1]["words"] = f"{len(detail.follow_ups)} noted"
    return steps


def _onset(detail: Detail) -> dict[str, Any]:
    best = detail.onset_best
    step: dict[str, Any] = {"name": "Outage begins", "state": "done", "at": best}
    early, late = detail.onset_earliest, detail.onset_latest
    if best and early and late and early < late:
        share = (best - early) / (late - early)
        words = f"between {early:%-d %b %H:%M} and {late:%-d %b %H:%M} UTC"
        step["fuzzy"] = {"x": round(2 + 44 * min(max(share, 0), 1), 1), "words": words}
    return step


def _role(role: queries.Role, me: str) -> dict[str, Any]:
    return {
        "role": role,
        "label": role.role.capitalize(),
        "mine": role.person is not None and role.person.ref == me,
        "offered_to_me": role.offered_to is not None and role.offered_to.ref == me,
    }


def _others(detail: Detail) -> str:
    holders = {role.person.ref for role in detail.roles if role.person}
    also = [p for p in detail.participants if p.person.ref not in holders]
    return ", ".join(
        f"{p.person.name} ({p.function})" if p.function else p.person.name for p in also
    )


def _todo(
    detail: Detail, roles: Sequence[Mapping[str, Any]], now: datetime
) -> list[dict[str, Any]]:
    """What a role holder has to do next, from where things stand; the commander sees all of it."""
    mine = {role["role"].role for role in roles if role["mine"]}
    offers = [role for role in roles if role["offered_to_me"]]
    todo = [
        {"icon": "hand", "text": f"Accept {role['label'].lower()}, or say no"} for role in offers
    ]
    card = detail.card
    if mine & {"commander", "communications"}:
        todo.append(
            {
                "icon": "bell",
                "text": "Post the update that is overdue" if card.overdue else "Post the update",
                "open": "do-update",
                "key": "U",
                "due": card.update_due_at,
                "bad": card.overdue,
            }
        )
    if "commander" in mine:
        if not detail.impacts:
            todo.append({"icon": "chart", "text": "Say who is hurt, and how", "open": "do-impact"})
        vacant = [role["label"].lower() for role in roles if not role["role"].person]
        if vacant:
            todo.append({"icon": "user", "text": f"Fill or leave vacant: {', '.join(vacant)}"})
    if card.proposal == "resolve" and mine:
        text = "Every breach has ended: check, then resolve"
        todo.append({"icon": "check", "text": text, "open": "do-resolve"})
    return todo


def _impact(detail: Detail) -> dict[str, Any] | None:
    if not detail.impacts:
        return None
    newest = detail.impacts[0]
    ends = [newest.low, newest.high]
    return {
        "impact": newest,
        "count": len(detail.impacts),
        "has_figure": any(v is not None for v in (*ends, newest.best)),
        "has_interval": any(v is not None for v in ends),
    }


def told_of(detail: Detail) -> dict[str, Any]:
    """Channel and timeline: the newest events of the stream."""
    version = detail.card.version
    records = store.read_stream(detail.card.ref, max(version - NEWEST, 0), NEWEST)
    keys.refresh(record.text for record in records)  # all messages' keys in one query
    entries = queries.entries_of(records)
    return {
        "entries": entries,
        "cut": version > NEWEST,
        "commands": slash.listed(),
        **_channel(detail.card.ref, records, entries),
    }


def channel(id: UUID, before: int) -> dict[str, Any]:
    """Rows of the channel before a version, oldest first."""
    after = max(before - 1 - NEWEST // 2, 0)
    records = store.read_stream(f"incident:{id}", after, before - 1 - after)
    keys.refresh(record.text for record in records)
    return _channel(f"incident:{id}", records, queries.entries_of(records))


def message(id: UUID, me: str) -> dict[str, Any] | None:
    """One message with what became of it; None if there is none."""
    shown = queries.message(id)
    if shown is None:
        return None
    incident = MessageRow.objects.values_list("incident", flat=True).get(id=id)
    number = queries.number_of(incident)
    mine = {reaction.reaction for reaction in shown.reactions if me in map(_ref, reaction.people)}
    return {
        "message": shown,
        "title": f"Message of {shown.author.name}",
        "html": SafeString(shown.html.replace("<pre>", SCROLLED)),
        "number": number,
        "url": f"/incidents/{number}",
        "history": queries.history(id) if shown.edits and not shown.redacted_at else [],
        "mine": shown.author.ref == me,
        "may_remove": shown.author.ref == me or _commands(incident, me),
        "reactions": [
            {"name": name, "sign": sign, "words": name.replace("_", " "), "mine": name in mine}
            for name, sign in REACTIONS.items()
        ],
    }


def _ref(person: queries.Named) -> str:
    return person.ref


def _commands(incident: UUID, person: str) -> bool:
    return IncidentRow.objects.filter(id=incident, commander=person).exists()


def _channel(
    stream: str, records: Sequence[Record], entries: Sequence[queries.Entry]
) -> dict[str, Any]:
    messages = messages_in(stream, records)
    rows = [said(entry, messages) for entry in entries]
    first = records[0].version if records else 1
    return {
        "channel": [row for row in rows if row],
        "talked": any(record.type == MESSAGE for record in records),
        "earlier": first if first > 1 else None,
    }


# Declaring


def declaring(given: Mapping[str, str], errors: Mapping[str, str], now: datetime) -> dict[str, Any]:
    """The form with what was filled in, and incidents that may be the same."""
    severity = given.get("severity", "")
    title = given.get("title", "")
    return {
        "key": given.get("key", ""),
        "values": {
            "title": title,
            "severity": int(severity) if severity.isdigit() else DEFAULT_SEVERITY,
            "take_command": bool(given.get("take_command")) if given else True,
            "drill": bool(given.get("drill")),
        },
        "errors": errors,
        "levels": [{"value": level, "words": SEVERITY_WORDS[level]} for level in SEVERITIES],
        "same": queries.possible_duplicates(title, now) if title else [],
    }
