"""REST doors of hypotheses: proposing, evidence, judging, their order."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from access.api.commands import ReceiptSerializer
from access.api.paging import limit_of
from incidents import commands, queries
from incidents.api.commands import READ_OR_WRITE, OnIncident
from incidents.api.reading import LIMIT, found, listed, number_in, page_of, query
from incidents.api.serializers import REF, ActorField, Shape, choice, text, title
from incidents.commands.base import REFS_LIMIT
from incidents.policy import HYPOTHESIS_LIMIT
from incidents.queries import Hypothesis
from incidents.state import CAUSES, SIDES, STANDINGS


def entities(**options: Any) -> serializers.ListField:
    """Refs of what a hypothesis points at."""
    ref = serializers.RegexField(REF)
    return serializers.ListField(child=ref, max_length=REFS_LIMIT, required=False, **options)


class ProposeSerializer(Shape):
    """`cause` is the class of thing that changed; without an owner it is the caller's own."""

    text = title()
    cause = choice(CAUSES, required=False, allow_blank=True)
    owner = ActorField(max_length=100, required=False, allow_blank=True)
    entities = entities()


class ChangeSerializer(Shape):
    """What is left out stays as it is."""

    text = serializers.CharField(max_length=200, required=False)
    cause = choice(CAUSES, required=False, allow_blank=True)
    owner = ActorField(max_length=100, required=False, allow_blank=True)
    entities = entities()


class JudgeSerializer(Shape):
    """A verdict needs a reason, and one that holds it true needs evidence for it."""

    status = choice(STANDINGS)
    reason = text(required=False)


class MoveSerializer(Shape):
    place = serializers.IntegerField(min_value=1, max_value=HYPOTHESIS_LIMIT)


class EvidenceSerializer(Shape):
    """`link` is a web address or the ref of something known here."""

    side = choice(SIDES)
    text = text()
    link = serializers.CharField(max_length=1_100, required=False, allow_blank=True)


class WithdrawSerializer(Shape):
    reason = text()


class ProposedSerializer(ReceiptSerializer):
    """A receipt with the hypothesis's id."""

    hypothesis = serializers.UUIDField()


class EvidencedSerializer(ReceiptSerializer):
    """A receipt with the evidence's id."""

    evidence = serializers.UUIDField()


class Creates(OnIncident):
    """A command that makes something; its id is in the answer under the name in `creates`."""

    def carry_out(self, command: Any, context: Any) -> Any:
        self.made = getattr(command, self.creates)
        return super().carry_out(command, context)

    def respond(self, receipt: Any) -> Response:
        response = super().respond(receipt)
        response.data[self.creates] = self.made
        return response


class HypothesesView(Creates):
    """What is thought to have caused an incident."""

    required_action = READ_OR_WRITE
    command = commands.ProposeHypothesis
    serializer_class = ProposeSerializer
    creates = "hypothesis"
    actor_field = "by"

    @extend_schema(
        operation_id="hypotheses_list",
        parameters=[query("after", "Hypotheses after this place.", int), LIMIT],
        responses=page_of("HypothesisPage", Hypothesis),
    )
    def get(self, request: Request, incident: UUID) -> Response:
        """Hypotheses in the order in which they are looked into, each with its evidence."""
        found(incident)
        after, limit = number_in(request, "after", 0) or 0, limit_of(request)
        rows = queries.hypotheses(incident, after, limit + 1)
        shown = rows[:limit]
        return listed(request, shown, "after", shown[-1].place if len(rows) > limit else None)

    @extend_schema(
        operation_id="hypotheses_propose",
        request=ProposeSerializer,
        responses={201: ProposedSerializer},
    )
    def post(self, request: Request, **path: Any) -> Response:
        """Proposes a hypothesis; it comes last."""
        return super().post(request, **path)


class ChangeView(OnIncident):
    """Saying a hypothesis more precisely."""

    command = commands.ChangeHypothesis
    serializer_class = ChangeSerializer


class JudgeView(OnIncident):
    """Saying where a hypothesis stands."""

    command = commands.JudgeHypothesis
    serializer_class = JudgeSerializer


class MoveView(OnIncident):
    """Putting a hypothesis at another place."""

    command = commands.MoveHypothesis
    serializer_class = MoveSerializer


class EvidenceView(Creates):
    """Adding evidence for or against a hypothesis."""

    command = commands.AddEvidence
    serializer_class = EvidenceSerializer
    creates = "evidence"

    @extend_schema(request=EvidenceSerializer, responses={201: EvidencedSerializer})
    def post(self, request: Request, **path: Any) -> Response:
        """Adds evidence."""
        return super().post(request, **path)


class WithdrawView(OnIncident):
    """Taking back evidence that was a mistake."""

    command = commands.WithdrawEvidence
    serializer_class = WithdrawSerializer
