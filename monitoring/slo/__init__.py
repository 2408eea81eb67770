"""Service level objectives in exact arithmetic: indicators, windows, error budgets, burn rates.

Nothing in this folder knows a clock, a database or a framework. Time is counted in whole minutes:
minute `m` is the half-open stretch that ends, inclusively, `m` minutes after 1970 in UTC. Counts
are whole numbers and ratios are fractions, so that a verdict never hangs on a rounding.
"""
