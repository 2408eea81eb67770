"""Which events of things and edges are changes, and what they say."""

from __future__ import annotations

from access.changes import ChangeKind, Said, declare
from registry.events import (
    EdgeCorrected,
    EdgeDrawn,
    EdgeRetracted,
    EntityDescribed,
    EntityRegistered,
)
from registry.kinds import EDGE_KINDS

FAMILIES = {"serves": "deployment", "shaped_by": "schema", "version_of": "version"}
# What a run leaves behind whenever it runs, and alters in nothing that it makes.
EVERYDAY = {"used", "generated", "run_of", "snapshot_of"}
SHAPE = {"fields", "compatibility"}


def _family(said: Said) -> str:
    return FAMILIES.get(said["kind"], "lineage")


def _drawn(said: Said) -> str:
    words = EDGE_KINDS[said["kind"]].words if said["kind"] in EDGE_KINDS else said["kind"]
    return f"{said['source']} {words} it from then on"


def _is_run(said: Said) -> bool:
    return said["kind"] in EVERYDAY


def _described(said: Said) -> str:
    names = sorted({*said["facts"], *said["facets"]})
    listed = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    return f"described it anew: {listed}" if names else "described it anew"


def _shape(said: Said) -> str:
    return "schema" if SHAPE & {*said["facts"]} or "schema" in said["facets"] else "description"


def _is_no_shape(said: Said) -> bool:
    return _shape(said) != "schema"


for kind in (
    ChangeKind(
        EntityRegistered.type, "description", "", lambda said: "registered it", routine=True
    ),
    ChangeKind(
        EntityDescribed.type, "description", "", _described, sort=_shape, everyday=_is_no_shape
    ),
    ChangeKind(EdgeDrawn.type, "lineage", "target", _drawn, sort=_family, everyday=_is_run),
    ChangeKind(
        EdgeCorrected.type,
        "lineage",
        "target",
        lambda said: f"corrected since when {said['source']} feeds it",
        routine=True,
    ),
    ChangeKind(
        EdgeRetracted.type,
        "lineage",
        "target",
        lambda said: f"took back that {said['source']} feeds it",
    ),
):
    declare(kind)
