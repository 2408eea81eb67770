"""The sentences of events that come from working an incident out: see `sentences`."""

from __future__ import annotations

from incidents import events
from incidents.sentences import Namer, because, quoted, tells


@tells(events.HypothesisProposed, "bulb", key=True)
def _proposed(event: events.HypothesisProposed, name: Namer) -> str:
    cause = f" ({event.cause})" if event.cause else ""
    about = f", about {', '.join(map(name, event.entities))}" if event.entities else ""
    return f"proposed H{event.number}: {event.text}{cause}{about}"


@tells(events.HypothesisChanged, "bulb")
def _changed(event: events.HypothesisChanged, name: Namer) -> str:
    cause = f" ({event.cause})" if event.cause else ""
    owner = f", owned by {name(event.owner)}" if event.owner else ""
    return f"changed H{event.number}: {event.text}{cause}{owner}"


@tells(events.HypothesisJudged, "bulb", key=True)
def _judged(event: events.HypothesisJudged, name: Namer) -> str:
    called = {
        "proposed": "only proposed",
        "testing": "being tested",
        "root cause": "the root cause",
    }
    status = called.get(event.status, event.status)
    return f"called H{event.number} {quoted(event.text)} {status}" + because(event.reason)


@tells(events.EvidenceAdded, "bulb")
def _evidence(event: events.EvidenceAdded, name: Namer) -> str:
    link = f" ({name(event.link)})" if event.link else ""
    return f"added evidence {event.side} H{event.number}: {event.text}{link}"


@tells(events.EvidenceWithdrawn, "x")
def _withdrawn(event: events.EvidenceWithdrawn, name: Namer) -> str:
    return f"withdrew evidence on H{event.number}, {quoted(event.text)}" + because(event.reason)


@tells(events.HypothesesOrdered, "down")
def _ordered(event: events.HypothesesOrdered, name: Namer) -> str:
    return f"put H{event.number} at place {event.place} of the hypotheses"
