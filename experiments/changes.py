"""Which events of flags, layers and saved groups are changes, and what they say.

Proposals are none: nothing is served by them until somebody approves.
"""

from __future__ import annotations

from access.changes import ChangeKind, Said, declare


def _where(said: Said) -> str:
    return f" in {said['environment']}" if said.get("environment") else ""


def _rules(said: Said) -> str:
    if said["restores"]:
        return f"went back to revision {said['restores']}{_where(said)}"
    if said["proposal"]:
        return f"approved revision {said['revision']}{_where(said)}"
    return f"changed the rules{_where(said)}"


def _turned(said: Said) -> str:
    return f"turned it {'on' if said['enabled'] else 'off'}{_where(said)}"


def _segments(said: Said, verb: str, way: str) -> str:
    count = len(said["segments"])
    return f"{verb} {count} segment{'' if count == 1 else 's'} {way} {said['experiment']}"


def _allocated(said: Said) -> str:
    return _segments(said, "gave", "to")


def _released(said: Said) -> str:
    return _segments(said, "took", "from")


def _created_layer(said: Said) -> str:
    return f"created it with {said['size']} segments"


def _stopped(said: Said) -> str:
    return f"stopped it for {said['cause']}{_where(said)}"


def _ramped(said: Said) -> str:
    return f"let {said['coverage']:.3g} of the units take part{_where(said)}"


FLAG, TRAFFIC, EXPERIMENT = ("flag", "flag"), ("traffic", "layer"), ("experiment", "experiment")

for kind in (
    ChangeKind("flag.created", *FLAG, lambda said: "created it, off", routine=True),
    ChangeKind("flag.described", *FLAG, lambda said: "described it anew", routine=True),
    ChangeKind("flag.rules_set", *FLAG, _rules),
    ChangeKind("flag.turned", *FLAG, _turned),
    ChangeKind("flag.archived", *FLAG, lambda said: "archived it", routine=True),
    ChangeKind("flag.restored", *FLAG, lambda said: "brought it back, off", routine=True),
    ChangeKind("group.saved", "flag", "group", lambda said: "changed whom it means"),
    ChangeKind("group.removed", "flag", "group", lambda said: "removed it"),
    ChangeKind("layer.created", *TRAFFIC, _created_layer, routine=True),
    ChangeKind("layer.segments_allocated", *TRAFFIC, _allocated),
    ChangeKind("layer.segments_released", *TRAFFIC, _released),
    ChangeKind("experiment.designed", *EXPERIMENT, lambda said: "wrote the design", routine=True),
    ChangeKind("experiment.started", *EXPERIMENT, lambda said: f"started it{_where(said)}"),
    ChangeKind("experiment.ramped", *EXPERIMENT, _ramped),
    ChangeKind("experiment.paused", *EXPERIMENT, lambda said: f"paused it{_where(said)}"),
    ChangeKind("experiment.resumed", *EXPERIMENT, lambda said: f"resumed it{_where(said)}"),
    ChangeKind("experiment.stopped", *EXPERIMENT, _stopped),
    ChangeKind("experiment.decided", *EXPERIMENT, lambda said: f"decided: {said['decision']}"),
    ChangeKind("sdk.key_revoked", "flag", "key", lambda said: "revoked an SDK key"),
):
    declare(kind)
