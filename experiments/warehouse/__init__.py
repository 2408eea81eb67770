"""Experiments whose rows stay in the user's warehouse: only sums leave it."""
