"""Incidents as rows; each module of this folder writes one part of them."""

from incidents.projections import channel, entries, follow_ups, hypotheses, life, retrospective

__all__ = ["channel", "entries", "follow_ups", "hypotheses", "life", "retrospective"]
