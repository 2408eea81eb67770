"""What can have happened to an incident. Times in payloads are ISO 8601 with an offset.

People, tokens and monitors are refs; who did it and when are the record's `actor` and
`occurred_at`. The stream is ``incident:<id>``.
"""

from incidents.events.channel import (
    MessageEdited,
    MessagePinned,
    MessagePosted,
    MessageRedacted,
    MessageUnpinned,
    ReactionAdded,
    ReactionRemoved,
)
from incidents.events.follow_ups import (
    FollowUpAdded,
    FollowUpChanged,
    FollowUpDone,
    FollowUpDropped,
    FollowUpEvidenceAdded,
    FollowUpPlaced,
    FollowUpReminded,
    FollowUpReopened,
)
from incidents.events.hypotheses import (
    EvidenceAdded,
    EvidenceWithdrawn,
    HypothesesOrdered,
    HypothesisChanged,
    HypothesisJudged,
    HypothesisProposed,
)
from incidents.events.life import (
    BreachAttached,
    BreachRecovered,
    IncidentClosed,
    IncidentDeclared,
    IncidentReopened,
    IncidentResolved,
    IncidentRetitled,
    PhaseEntered,
    SeverityChanged,
)
from incidents.events.retrospective import (
    RetrospectiveAccepted,
    RetrospectiveReturned,
    RetrospectiveSubmitted,
    SectionRedacted,
    SectionWritten,
)
from incidents.events.roles import (
    ParticipantJoined,
    RoleAccepted,
    RoleDeclined,
    RoleOffered,
    RoleReleased,
    RoleTaken,
)
from incidents.events.work import (
    ImpactStated,
    NoteAdded,
    UpdatePosted,
)

__all__ = [
    "BreachAttached",
    "BreachRecovered",
    "EvidenceAdded",
    "EvidenceWithdrawn",
    "FollowUpAdded",
    "FollowUpChanged",
    "FollowUpDone",
    "FollowUpDropped",
    "FollowUpEvidenceAdded",
    "FollowUpPlaced",
    "FollowUpReminded",
    "FollowUpReopened",
    "HypothesesOrdered",
    "HypothesisChanged",
    "HypothesisJudged",
    "HypothesisProposed",
    "ImpactStated",
    "IncidentClosed",
    "IncidentDeclared",
    "IncidentReopened",
    "IncidentResolved",
    "IncidentRetitled",
    "MessageEdited",
    "MessagePinned",
    "MessagePosted",
    "MessageRedacted",
    "MessageUnpinned",
    "NoteAdded",
    "ParticipantJoined",
    "PhaseEntered",
    "ReactionAdded",
    "ReactionRemoved",
    "RetrospectiveAccepted",
    "RetrospectiveReturned",
    "RetrospectiveSubmitted",
    "RoleAccepted",
    "RoleDeclined",
    "RoleOffered",
    "RoleReleased",
    "RoleTaken",
    "SectionRedacted",
    "SectionWritten",
    "SeverityChanged",
    "UpdatePosted",
]
