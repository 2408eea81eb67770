"""REST doors of the commands on incidents: one serializer, one class, one route each."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from access.api.commands import CommandView
from access.doors import actor_of
from access.rights import can
from eventlog.clock import now
from eventlog.core import Command, Context, uuid7
from eventlog.store import Receipt
from incidents import acting, commands, queries
from incidents.api import serializers as shapes
from incidents.api.reading import ListMixin, MessagesMixin, found
from incidents.events import IncidentDeclared
from incidents.policy import cause_key

READ_OR_WRITE = {"GET": "incidents:read", "POST": "incidents:write"}


class OnIncident(CommandView):
    """A command on an incident that exists. `actor_field` gets the ref of who asks."""

    required_action: Any = "incidents:write"
    location = "api-incident"
    actor_field: ClassVar[str] = ""

    def build(self, data: dict[str, Any], request: Request) -> Command[Any]:
        found(data["incident"])
        who = {self.actor_field: actor_of(request).ref} if self.actor_field else {}
        return super().build({**data, **who}, request)

    def carry_out(self, command: Command[Any], context: Context) -> Receipt:
        return acting.carry_out(command, context)


class IncidentsView(ListMixin, CommandView):
    """All incidents."""

    required_action = READ_OR_WRITE
    command = commands.Declare
    serializer_class = shapes.DeclareSerializer
    creates = "incident"
    location = "api-incident"

    @extend_schema(
        operation_id="incidents_declare",
        request=shapes.DeclareSerializer,
        responses={201: shapes.DeclaredSerializer},
    )
    def post(self, request: Request, **path: Any) -> Response:
        """Declares an incident. The same `Idempotency-Key` declares the same one."""
        return super().post(request, **path)

    def build(self, data: dict[str, Any], request: Request) -> commands.Declare:
        actor = actor_of(request).ref
        take_command, separate = data.pop("take_command"), data.pop("separate")
        key = cause_key(data["environment"], data["subjects"], "page")
        supplied = {
            "number": acting.next_number(),
            "declared_by": actor,
            "dedup_key": "" if separate else key,
            "commander": actor if take_command else "",
        }
        return super().build({**data, **supplied}, request)  # type: ignore[return-value]

    def carry_out(self, command: Command[Any], context: Context) -> Receipt:
        return acting.carry_out(command, context)

    def respond(self, receipt: Receipt) -> Response:
        response = super().respond(receipt)
        declared = receipt.events[0].event
        assert isinstance(declared, IncidentDeclared)
        response.data["number"] = declared.number
        return response


class TakeRoleView(OnIncident):
    """Taking a vacant role, or one over from the holder one names."""

    command = commands.TakeRole
    serializer_class = shapes.TakeRoleSerializer
    actor_field = "person"


class OfferRoleView(OnIncident):
    """Offering a role to somebody."""

    command = commands.OfferRole
    serializer_class = shapes.OfferRoleSerializer


class AcceptRoleView(OnIncident):
    """Accepting a role that is offered to the caller."""

    command = commands.AcceptRole
    serializer_class = shapes.RoleSerializer
    actor_field = "person"


class DeclineRoleView(OnIncident):
    """Declining an offer, or taking back one's own."""

    command = commands.DeclineRole
    serializer_class = shapes.DeclineRoleSerializer
    actor_field = "person"


class ReleaseRoleView(OnIncident):
    """Stepping back from a role."""

    command = commands.ReleaseRole
    serializer_class = shapes.RoleSerializer
    actor_field = "person"


class JoinView(OnIncident):
    """Taking part with a function."""

    command = commands.Join
    serializer_class = shapes.JoinSerializer
    actor_field = "person"


class PhaseView(OnIncident):
    """Entering a phase."""

    command = commands.EnterPhase
    serializer_class = shapes.PhaseSerializer


class SeverityView(OnIncident):
    """Changing the severity, with a reason."""

    command = commands.ChangeSeverity
    serializer_class = shapes.SeveritySerializer


class TitleView(OnIncident):
    """Changing the title."""

    command = commands.Retitle
    serializer_class = shapes.TitleSerializer


class ImpactView(OnIncident):
    """Stating the impact."""

    command = commands.StateImpact
    serializer_class = shapes.ImpactSerializer


class UpdateView(OnIncident):
    """Telling an audience."""

    command = commands.PostUpdate
    serializer_class = shapes.UpdateSerializer


class NoteView(OnIncident):
    """Adding a note to the timeline."""

    command = commands.AddNote
    serializer_class = shapes.NoteSerializer


class MessagesView(MessagesMixin, OnIncident):
    """The channel."""

    required_action = READ_OR_WRITE
    command = commands.PostMessage
    serializer_class = shapes.MessageSerializer

    @extend_schema(
        operation_id="incidents_messages_post",
        request=shapes.MessageSerializer,
        responses={200: shapes.PostedSerializer},
    )
    def post(self, request: Request, **path: Any) -> Response:
        """Posts a message, or carries out a slash command; unknown ones are refused.

        Without a `client_id` the `Idempotency-Key` stands for it. `message` is null for a command.
        """
        return super().post(request, **path)

    def build(self, data: dict[str, Any], request: Request) -> Command[Any]:
        found(data["incident"])
        key = request.headers.get("Idempotency-Key") or str(uuid7())
        self.said = data["incident"], actor_of(request).ref, data.get("client_id") or key
        reply_to = str(data.get("reply_to") or "")
        return acting.understood(*self.said, data["text"], now(), reply_to)

    def carry_out(self, command: Command[Any], context: Context) -> Receipt:
        self.message = command.message if isinstance(command, commands.PostMessage) else None
        return acting.carry_out(command, acting.spoken(*self.said))

    def respond(self, receipt: Receipt) -> Response:
        response = super().respond(receipt)
        response.data["message"] = self.message
        return response


class EditView(OnIncident):
    """Saying a message anew. Its author may; what it said before stays in its history."""

    command = commands.EditMessage
    serializer_class = shapes.EditSerializer

    def build(self, data: dict[str, Any], request: Request) -> Command[Any]:
        found(data["incident"])
        message = str(data["message"])
        return acting.edited(data["incident"], actor_of(request).ref, message, data["text"], now())


class ReactView(OnIncident):
    """Answering a message with a sign."""

    command = commands.React
    serializer_class = shapes.ReactionSerializer
    actor_field = "person"


class UnreactView(OnIncident):
    """Taking the sign back."""

    command = commands.Unreact
    serializer_class = shapes.ReactionSerializer
    actor_field = "person"


class PinView(OnIncident):
    """Keeping a message in view."""

    command = commands.PinMessage


class UnpinView(OnIncident):
    """Letting it be one among the others again."""

    command = commands.UnpinMessage


class RedactView(OnIncident):
    """Removing what a message said, for good."""

    command = commands.RedactMessage
    serializer_class = shapes.RedactSerializer

    def build(self, data: dict[str, Any], request: Request) -> Command[Any]:
        privileged = can(actor_of(request), "incidents:redact")
        return super().build({**data, "privileged": privileged}, request)


class ResolveView(OnIncident):
    """Resolving with an outcome; said again, it corrects or verifies what was said."""

    command = commands.Resolve
    serializer_class = shapes.ResolveSerializer

    def build(self, data: dict[str, Any], request: Request) -> Command[Any]:
        original = data.get("duplicate_of")
        if original and queries.by_number(original) is None:
            raise ValidationError({"duplicate_of": [f"There is no incident #{original}."]})
        return super().build(data, request)


class ReopenView(OnIncident):
    """Reopening, with a reason."""

    command = commands.Reopen
    serializer_class = shapes.ReopenSerializer


class CloseView(OnIncident):
    """Closing what is resolved; 409 `incomplete` lists what is missing without an exception."""

    command = commands.Close
    serializer_class = shapes.CloseSerializer
