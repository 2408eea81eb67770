"""Pages about flags, experiments and what belongs to them. What they show is in `experiments.pages`."""

from experiments.web import editor, experiments, flags, layers, others

__all__ = ["editor", "experiments", "flags", "layers", "others"]
