"""Doors that exposures come in by: one file for each protocol."""
