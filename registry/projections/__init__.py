"""Events of the registry → rows."""

from registry.projections import holds, lineage

__all__ = ["holds", "lineage"]
