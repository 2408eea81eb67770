"""Rows about flags and experiments: read models, and facts in volume."""
