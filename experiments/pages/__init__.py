"""What the pages about flags and experiments show: `queries` in the words of the templates."""

from experiments.pages import experiments
from experiments.pages.editor import attributes_of, editor
from experiments.pages.flags import creation, flag, listed
from experiments.pages.others import (
    exposures,
    freezes,
    group,
    groups,
    is_freeze,
    layer,
    layers,
    sdk_keys,
)
from experiments.pages.planner import planner

__all__ = [
    "attributes_of",
    "creation",
    "editor",
    "experiments",
    "exposures",
    "flag",
    "freezes",
    "group",
    "groups",
    "is_freeze",
    "layer",
    "layers",
    "listed",
    "planner",
    "sdk_keys",
]
