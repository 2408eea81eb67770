"""Events of flags, metrics and experiments → the rows that are served, counted and shown."""

from experiments.projections.experiments import experiments
from experiments.projections.flags import EVERYWHERE, flags

__all__ = ["EVERYWHERE", "experiments", "flags"]
