"""Doors that lineage comes in by: one file for each protocol."""
