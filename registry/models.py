"""Rows about models, data and lineage: read models, and facts in volume."""

from __future__ import annotations

from django.db import models


class HoldRow(models.Model):
    """One hold. It stands from `since` until `until` or until it was lifted."""

    id = models.UUIDField(primary_key=True)
    version = models.IntegerField()
    entity = models.TextField()
    reason = models.TextField()
    sentence = models.TextField()
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    placed_at = models.DateTimeField()
    placed_by = models.TextField()
    lifted_at = models.DateTimeField(null=True)
    lifted_why = models.TextField(default="")

    class Meta:
        db_table = "registry_hold"
        indexes = [
            models.Index(fields=["entity", "since"], name="registry_hold_entity"),
            models.Index(fields=["-placed_at", "id"], name="registry_hold_latest"),
        ]

    def __str__(self) -> str:
        return f"{self.entity}: {self.sentence}"


class EntityRow(models.Model):
    """A thing with a name: a dataset, a run, a trained model. `id` is its number in the graph.

    `facts` and `facets` are those that count now: name to value and the time it was observed.
    """

    id = models.BigIntegerField(primary_key=True)
    ref = models.TextField(unique=True)
    revision = models.IntegerField()
    kind = models.TextField()
    namespace = models.TextField()
    name = models.TextField()
    version = models.TextField()
    facts = models.JSONField(default=dict)
    facets = models.JSONField(default=dict)
    registered_at = models.DateTimeField()
    registered_by = models.TextField()
    changed_at = models.DateTimeField()

    class Meta:
        db_table = "registry_entity"
        indexes = [
            models.Index(fields=["kind", "name", "id"], name="registry_entity_kind"),
            models.Index(fields=["name", "id"], name="registry_entity_name"),
        ]

    def __str__(self) -> str:
        return self.ref


class FactRow(models.Model):
    """One observation of a fact or facet, for what was known, and what was so, at a past instant.

    `value` is the canonical text of its JSON.
    """

    pk = models.CompositePrimaryKey("entity_id", "version", "is_facet", "name")
    entity_id = models.BigIntegerField()
    version = models.IntegerField()
    is_facet = models.BooleanField()
    name = models.TextField()
    value = models.TextField(db_collation="C")
    observed = models.DateTimeField()
    recorded_at = models.DateTimeField()

    class Meta:
        db_table = "registry_fact"

    def __str__(self) -> str:
        return f"{self.name}: {self.value}"


class EdgeRow(models.Model):
    """What was believed of one edge from `recorded_from` until `recorded_to`.

    By that belief it held from `valid_from` until `valid_to`. What is believed now has no
    `recorded_to`; what held for good has no `valid_to`. Rows are never removed.
    """

    pk = models.CompositePrimaryKey("edge", "revision")
    edge = models.UUIDField()
    revision = models.IntegerField()
    kind = models.TextField()
    source = models.ForeignKey(
        EntityRow, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    target = models.ForeignKey(
        EntityRow, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    source_kind = models.TextField()
    target_kind = models.TextField()
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True)
    recorded_from = models.DateTimeField()
    recorded_to = models.DateTimeField(null=True)
    recorded_by = models.TextField()
    version = models.IntegerField()
    counts = models.JSONField(default=dict)
    facets = models.JSONField(default=dict)

    class Meta:
        db_table = "registry_edge"
        indexes = [
            models.Index(fields=["target", "valid_from"], name="registry_edge_up"),
            models.Index(fields=["source", "valid_from"], name="registry_edge_down"),
            models.Index(
                fields=["-recorded_from", "edge", "revision"], name="registry_edge_latest"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.edge}"
