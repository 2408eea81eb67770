"""Holds, things and the graph between them, for pages, the API and other apps."""

from registry.queries.of_holds import LATEST, held, holds, standing

__all__ = ["LATEST", "held", "holds", "standing"]
