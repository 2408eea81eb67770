"""Faults put into simulated production, and what the kinds of monitor make of them.

Nothing here knows a database or a clock: a world is made from a seed, an injection changes it from
an instant on, and the kinds judge it as they judge measurements. `cases` says which faults each
kind is there for and how soon it must have noticed.
"""
