"""Rows about flags, layers and experiments, which are read models of the log, and facts in volume.

Keys of the read models come from events and no foreign key ties one table to another.
"""

from experiments.models.experiments import (
    Backfill,
    Cell,
    ExperimentRow,
    Look,
    MetricRow,
    Outcome,
    ServedRevision,
    TrackedRow,
    UnitValue,
)
from experiments.models.flags import (
    AllocationRow,
    EnvironmentRow,
    Exposure,
    ExposureCount,
    FlagRow,
    FlagUse,
    GroupRow,
    LayerRow,
    SdkKeyRow,
    SegmentsField,
    ServingRow,
    runs,
)

__all__ = [
    "AllocationRow",
    "Backfill",
    "Cell",
    "EnvironmentRow",
    "ExperimentRow",
    "Exposure",
    "ExposureCount",
    "FlagRow",
    "FlagUse",
    "GroupRow",
    "LayerRow",
    "Look",
    "MetricRow",
    "Outcome",
    "SdkKeyRow",
    "SegmentsField",
    "ServedRevision",
    "ServingRow",
    "TrackedRow",
    "UnitValue",
    "runs",
]
