"""REST doors of what is indicated of services, and of what two sides measure differently."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from monitoring import coverage


class IndicatorSerializer(serializers.Serializer[Any]):
    """A monitor or an objective."""

    ref = serializers.CharField()
    name = serializers.CharField()


class CoveredSerializer(serializers.Serializer[Any]):
    """A service or a model, with its indicators by class of signal."""

    ref = serializers.CharField()
    missing = serializers.ListField(child=serializers.CharField())
    indicators = serializers.DictField(child=IndicatorSerializer(many=True))
    unknown = IndicatorSerializer(many=True, help_text="Of no class that is known.")


class CoverageSerializer(serializers.Serializer[Any]):
    """What lacks most comes first; at most 500."""

    items = CoveredSerializer(many=True)


class DisagreementSerializer(serializers.Serializer[Any]):
    """One thing as clients and as servers measured it, in the last hour that both have."""

    name = serializers.CharField()
    labels = serializers.DictField(child=serializers.CharField())
    client = serializers.FloatField(help_text="Mean of the series with view=client.")
    server = serializers.FloatField()
    gap = serializers.FloatField(help_text="The difference, as a share of the larger.")
    at = serializers.DateTimeField()


class DisagreementsSerializer(serializers.Serializer[Any]):
    """The widest gaps first."""

    items = DisagreementSerializer(many=True)


class CoverageView(APIView):
    """Which classes of signals there are indicators of."""

    required_action = "monitors:read"

    @extend_schema(
        parameters=[OpenApiParameter("search", str, description="Text in the ref.")],
        responses=CoverageSerializer,
    )
    def get(self, request: Request) -> Response:
        """Services and models with their indicators by class, and the classes that are missing."""
        found = coverage.coverage(request.query_params.get("search", ""))
        return Response(CoverageSerializer({"items": found}).data)


class DisagreementsView(APIView):
    """What clients and servers measure differently."""

    required_action = "monitors:read"

    @extend_schema(
        parameters=[OpenApiParameter("tolerance", float, description="A share; 0.1 by default.")],
        responses=DisagreementsSerializer,
    )
    def get(self, request: Request) -> Response:
        """Series labelled `view=client` and `view=server` that differ by more than is tolerated."""
        text = request.query_params.get("tolerance", str(coverage.TOLERANCE))
        try:
            tolerance = float(text)
        except ValueError:
            tolerance = -1.0
        if not 0 <= tolerance < 1:
            raise ValidationError({"tolerance": ["A share from 0 up to 1."]})
        found = coverage.disagreements(tolerance)
        return Response(DisagreementsSerializer({"items": found}).data)
