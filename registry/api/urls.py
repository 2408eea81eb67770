"""Addresses under /api/v1/ of holds, things, edges and the graph of them."""

from django.urls import path

from registry.api import lineage, openlineage, things, views

urlpatterns = [
    path("holds", views.HoldsView.as_view(), name="api-holds"),
    path("holds/<uuid:hold>", views.HoldView.as_view(), name="api-hold"),
    path("holds/<uuid:hold>/lift", views.LiftHoldView.as_view(), name="api-hold-lift"),
    path("entities", things.EntitiesView.as_view(), name="api-entities"),
    path("entities/<path:entity>", things.EntityView.as_view(), name="api-entity"),
    path("edges", things.EdgesView.as_view(), name="api-edges"),
    path("edges/<uuid:edge>", things.EdgeView.as_view(), name="api-edge"),
    path("edges/<uuid:edge>/correct", things.CorrectEdgeView.as_view(), name="api-edge-correct"),
    path("edges/<uuid:edge>/retract", things.RetractEdgeView.as_view(), name="api-edge-retract"),
    path("lineage", openlineage.LineageView.as_view(), name="api-openlineage"),
    path("lineage/batch", openlineage.LineageBatchView.as_view(), name="api-openlineage-batch"),
    path("lineage/upstream", lineage.UpstreamView.as_view(), name="api-lineage-upstream"),
    path("lineage/downstream", lineage.DownstreamView.as_view(), name="api-lineage-downstream"),
    path("lineage/path", lineage.PathView.as_view(), name="api-lineage-path"),
    path("lineage/graph", lineage.NeighbourhoodView.as_view(), name="api-lineage-graph"),
]
