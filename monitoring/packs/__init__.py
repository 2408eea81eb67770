"""Packs of monitors to begin with: one file a pack, found by being there."""

from monitoring.packs.base import Pack, Part, Role, packs, series

__all__ = ["Pack", "Part", "Role", "packs", "series"]
