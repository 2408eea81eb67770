"""Shapes of things and edges on the REST doors."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from registry.kinds import EDGE_KINDS, KINDS
from registry.models import EdgeRow, EntityRow
from registry.queries.things import told

MAX_NAME = 500
THINGS, EDGES = sorted(KINDS), sorted(EDGE_KINDS)
REF_HELP = "Ref of a thing, such as dataset:clicks@42."
NAMES = {"max_length": MAX_NAME, "allow_blank": True, "default": ""}


class RegisterSerializer(serializers.Serializer[Any]):
    """A thing to be known from now on."""

    kind = serializers.ChoiceField(THINGS)
    name = serializers.CharField(max_length=MAX_NAME)
    namespace = serializers.CharField(**NAMES)
    version = serializers.CharField(**NAMES)
    facts = serializers.DictField(default=dict, help_text="What its kind has; see docs/lineage.md.")
    observed = serializers.DateTimeField(
        required=False, allow_null=True, default=None, help_text="When this was so; now by default."
    )


class DescribeSerializer(serializers.Serializer[Any]):
    """Facts about a thing; null takes one back."""

    facts = serializers.DictField(allow_empty=False)
    observed = serializers.DateTimeField(required=False, allow_null=True, default=None)


class EntitySerializer(serializers.Serializer[Any]):
    """A thing with the facts that count now."""

    ref = serializers.CharField()
    kind = serializers.ChoiceField(THINGS)
    namespace = serializers.CharField()
    name = serializers.CharField()
    version = serializers.CharField()
    revision = serializers.IntegerField(help_text="Version of its stream.")
    facts = serializers.SerializerMethodField()
    registered_at = serializers.DateTimeField()
    registered_by = serializers.CharField()
    changed_at = serializers.DateTimeField()

    def get_facts(self, row: EntityRow) -> dict[str, Any]:
        """Facts by name."""
        return told(row.facts)


class PassedSerializer(serializers.Serializer[Any]):
    """What went into and came out of a run, and whether the ratio of rows is as expected."""

    rows_in = serializers.IntegerField(allow_null=True)
    rows_out = serializers.IntegerField(allow_null=True)
    bytes_in = serializers.IntegerField(allow_null=True)
    bytes_out = serializers.IntegerField(allow_null=True)
    ratio = serializers.FloatField(allow_null=True)
    in_bounds = serializers.BooleanField(allow_null=True)


class WholeEntitySerializer(EntitySerializer):
    """A thing with all that is known about it, now or as of a past instant.

    `passed` is there for runs. `missing` is there for configured models: what has to be known to
    train it again and is not.
    """

    facts = serializers.DictField()  # type: ignore[assignment]
    facets = serializers.DictField()
    passed = PassedSerializer(allow_null=True)
    missing = serializers.ListField(child=serializers.CharField(), allow_null=True)


class DrawSerializer(serializers.Serializer[Any]):
    """An edge: `source` feeds `target`."""

    source = serializers.CharField(max_length=200, help_text=REF_HELP)
    target = serializers.CharField(max_length=200, help_text=REF_HELP)
    kind = serializers.ChoiceField(EDGES)
    since = serializers.DateTimeField(help_text="From when on it held.")
    until = serializers.DateTimeField(required=False, allow_null=True, default=None)
    counts = serializers.DictField(
        default=dict, help_text="How much went along it: rows, bytes, files."
    )


class CorrectSerializer(serializers.Serializer[Any]):
    """When an edge began or ended, other than was believed; what is not given stays."""

    since = serializers.DateTimeField(required=False, allow_null=True, default=None)
    until = serializers.DateTimeField(required=False, allow_null=True, default=None)


class RetractSerializer(serializers.Serializer[Any]):
    """Why an edge never was."""

    why = serializers.CharField(max_length=2_000, allow_blank=True, default="")


class EdgeSerializer(serializers.Serializer[Any]):
    """What was believed of an edge from `recorded_from` until `recorded_to`."""

    id = serializers.UUIDField(source="edge")
    kind = serializers.ChoiceField(EDGES)
    source = serializers.CharField(source="source.ref")
    target = serializers.CharField(source="target.ref")
    valid_from = serializers.DateTimeField()
    valid_to = serializers.DateTimeField(allow_null=True)
    recorded_from = serializers.DateTimeField()
    recorded_to = serializers.DateTimeField(allow_null=True)
    recorded_by = serializers.CharField()
    counts = serializers.SerializerMethodField()
    facets = serializers.SerializerMethodField()

    def get_counts(self, row: EdgeRow) -> dict[str, Any]:
        """How much went along it, by name."""
        return told(row.counts)

    def get_facets(self, row: EdgeRow) -> dict[str, Any]:
        """Facets by name, as their sender wrote them."""
        return told(row.facets)


class WholeEdgeSerializer(EdgeSerializer):
    """What is believed of an edge, or was last, and all that was believed before."""

    beliefs = EdgeSerializer(many=True)  # type: ignore[assignment]
