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
from incidents.commands.retrospective import (
    AcceptRetrospective,
    RedactSection,
    ReturnRetrospective,
    SubmitRetrospective,
    WriteSection,
)
from incidents.commands.roles import AcceptRole, DeclineRole, Join, OfferRole, ReleaseRole, TakeRole
from incidents.commands.work import (
    AddFollowUp,
    AddNote,
    ChangeSeverity,
    CompleteFollowUp,
    EnterPhase,
    PostUpdate,
    Retitle,
    StateImpact,
)

__all__ = [
    "AcceptRetrospective",
    "AcceptRole",
    "AddFollowUp",
    "AddNote",
    "AttachBreach",
    "ChangeSeverity",
    "Close",
    "CompleteFollowUp",
    "Declare",
    "DeclineRole",
    "EditMessage",
    "EnterPhase",
    "IncidentCommand",
    "Join",
    "OfferRole",
    "PinMessage",
    "PostMessage",
    "PostUpdate",
    "React",
    "RecordRecovery",
    "RedactMessage",
    "RedactSection",
    "ReleaseRole",
    "Reopen",
    "Resolve",
    "Retitle",
    "ReturnRetrospective",
    "StateImpact",
    "SubmitRetrospective",
    "TakeRole",
    "UnpinMessage",
    "Unreact",
    "WriteSection",
]
