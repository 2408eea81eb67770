"""Pages about flags and what belongs to them. What they show is in `experiments.pages`."""

from experiments.web import editor, flags, layers, others

__all__ = ["editor", "flags", "layers", "others"]
