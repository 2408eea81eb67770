"""Rows about models, data and lineage: read models, and facts in volume."""
