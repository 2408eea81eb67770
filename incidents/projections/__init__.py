"""Incidents as rows; each module of this folder writes one part of them."""

from incidents.projections import life

__all__ = ["life"]
