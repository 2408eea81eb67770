"""What can be asked of an incident, each with its rule.

Refusals carry a stable code, the field at fault and the value that stands. A command that asks
for what is already so is accepted and changes nothing.
"""

from __future__ import annotations

from incidents.commands.base import IncidentCommand
from incidents.commands.channel import (
    EditMessage,
    PinMessage,
    PostMessage,
    React,
    RedactMessage,
    UnpinMessage,
    Unreact,
)
from incidents.commands.declaring import AttachBreach, Declare, RecordRecovery
from incidents.commands.ending import Close, Reopen, Resolve
from incidents.commands.follow_ups import (
    AddFollowUp,
    AddFollowUpEvidence,
    ChangeFollowUp,
    CompleteFollowUp,
    DropFollowUp,
    PlaceFollowUp,
    RemindFollowUp,
    ReopenFollowUp,
)
from incidents.commands.hypotheses import (
    AddEvidence,
    ChangeHypothesis,
    JudgeHypothesis,
    MoveHypothesis,
    ProposeHypothesis,
    WithdrawEvidence,
)
from incidents.commands.retrospective import (
    AcceptRetrospective,
    RedactSection,
    ReturnRetrospective,
    SubmitRetrospective,
    WriteSection,
)
from incidents.commands.roles import AcceptRole, DeclineRole, Join, OfferRole, ReleaseRole, TakeRole
from incidents.commands.work import (
    AddNote,
    ChangeSeverity,
    EnterPhase,
    PostUpdate,
    Retitle,
    StateImpact,
)

__all__ = [
    "AcceptRetrospective",
    "AcceptRole",
    "AddEvidence",
    "AddFollowUp",
    "AddFollowUpEvidence",
    "AddNote",
    "AttachBreach",
    "ChangeFollowUp",
    "ChangeHypothesis",
    "ChangeSeverity",
    "Close",
    "CompleteFollowUp",
    "Declare",
    "DeclineRole",
    "DropFollowUp",
    "EditMessage",
    "EnterPhase",
    "IncidentCommand",
    "Join",
    "JudgeHypothesis",
    "MoveHypothesis",
    "OfferRole",
    "PinMessage",
    "PlaceFollowUp",
    "PostMessage",
    "PostUpdate",
    "ProposeHypothesis",
    "React",
    "RecordRecovery",
    "RedactMessage",
    "RedactSection",
    "ReleaseRole",
    "RemindFollowUp",
    "Reopen",
    "ReopenFollowUp",
    "Resolve",
    "Retitle",
    "ReturnRetrospective",
    "StateImpact",
    "SubmitRetrospective",
    "TakeRole",
    "UnpinMessage",
    "Unreact",
    "WithdrawEvidence",
    "WriteSection",
]
