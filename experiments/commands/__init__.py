"""What can be asked about flags, groups, layers, SDK keys, metrics and experiments, with the rules."""

from experiments.commands.design import sound_design
from experiments.commands.experiments import (
    ArchiveExperiment,
    AskForReview,
    ClearCheck,
    DecideExperiment,
    DesignExperiment,
    MissStop,
    ObserveStop,
    PauseExperiment,
    QueueExperiment,
    RampExperiment,
    ResumeExperiment,
    ReviewDesign,
    StartExperiment,
    StopExperiment,
)
from experiments.commands.flags import (
    ApproveChange,
    ArchiveFlag,
    CreateFlag,
    DescribeFlag,
    PlaceTrial,
    RejectChange,
    RestoreFlag,
    RollBackFlag,
    SetRules,
    TurnFlag,
)
from experiments.commands.groups import RemoveGroup, SaveGroup
from experiments.commands.layers import Allocate, CreateLayer, Release
from experiments.commands.metrics import DefineMetric, sound_metric
from experiments.commands.sdk_keys import IssueSdkKey, RevokeSdkKey

__all__ = [
    "Allocate",
    "ApproveChange",
    "ArchiveExperiment",
    "ArchiveFlag",
    "AskForReview",
    "ClearCheck",
    "CreateFlag",
    "CreateLayer",
    "DecideExperiment",
    "DefineMetric",
    "DescribeFlag",
    "DesignExperiment",
    "IssueSdkKey",
    "MissStop",
    "ObserveStop",
    "PauseExperiment",
    "PlaceTrial",
    "QueueExperiment",
    "RampExperiment",
    "RejectChange",
    "Release",
    "RemoveGroup",
    "RestoreFlag",
    "ResumeExperiment",
    "ReviewDesign",
    "RevokeSdkKey",
    "RollBackFlag",
    "SaveGroup",
    "SetRules",
    "StartExperiment",
    "StopExperiment",
    "TurnFlag",
    "sound_design",
    "sound_metric",
]
