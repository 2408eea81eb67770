"""Who sees what: deterministic assignment, the same answer as every GrowthBook SDK gives.

Plain Python. A payload of feature definitions is compiled once (`compiled.Configuration`) and then
answers for any number of subjects; nothing is stored and nothing is random.
"""
