"""What can be asked about flags, groups, layers and SDK keys, with the rules."""

from experiments.commands.flags import (
    ApproveChange,
    ArchiveFlag,
    CreateFlag,
    DescribeFlag,
    RejectChange,
    RestoreFlag,
    RollBackFlag,
    SetRules,
    TurnFlag,
)
from experiments.commands.groups import RemoveGroup, SaveGroup
from experiments.commands.layers import Allocate, CreateLayer, Release
from experiments.commands.sdk_keys import IssueSdkKey, RevokeSdkKey

__all__ = [
    "Allocate",
    "ApproveChange",
    "ArchiveFlag",
    "CreateFlag",
    "CreateLayer",
    "DescribeFlag",
    "IssueSdkKey",
    "RejectChange",
    "Release",
    "RemoveGroup",
    "RestoreFlag",
    "RevokeSdkKey",
    "RollBackFlag",
    "SaveGroup",
    "SetRules",
    "TurnFlag",
]
