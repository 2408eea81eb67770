"""Incidents as rows; each module of this folder writes one part of them."""

from incidents.projections import channel, entries, life, retrospective

__all__ = ["channel", "entries", "life", "retrospective"]
