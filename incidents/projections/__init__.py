"""Incidents as rows; each module of this folder writes one part of them."""

from incidents.projections import channel, life

__all__ = ["channel", "life"]
