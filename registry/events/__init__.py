"""What can have happened to holds, to things of the registry and to edges between them."""

from registry.events.holds import HoldLifted, HoldPlaced
from registry.events.lineage import (
    EdgeCorrected,
    EdgeCounted,
    EdgeDrawn,
    EdgeRetracted,
    EdgeRuledOut,
    EntityDescribed,
    EntityRegistered,
)

__all__ = [
    "EdgeCorrected",
    "EdgeCounted",
    "EdgeDrawn",
    "EdgeRetracted",
    "EdgeRuledOut",
    "EntityDescribed",
    "EntityRegistered",
    "HoldLifted",
    "HoldPlaced",
]
