"""Addresses under /api/v1/ of flags, groups, layers, SDK keys and exposures."""

from django.urls import path

from experiments.api import views
from experiments.ingest.exposures import ExposuresView
from experiments.ingest.outcomes import OutcomesView

urlpatterns = [
    path("flags", views.FlagsView.as_view(), name="api-flags"),
    path("flags/<str:flag>", views.FlagView.as_view(), name="api-flag"),
    path("flags/<str:flag>/describe", views.DescribeView.as_view(), name="api-flag-describe"),
    path("flags/<str:flag>/rules", views.RulesView.as_view(), name="api-flag-rules"),
    path("flags/<str:flag>/turn", views.TurnView.as_view(), name="api-flag-turn"),
    path("flags/<str:flag>/roll-back", views.RollBackView.as_view(), name="api-flag-roll-back"),
    path(
        "flags/<str:flag>/proposals/<str:proposal>/approve",
        views.ApproveView.as_view(),
        name="api-flag-approve",
    ),
    path(
        "flags/<str:flag>/proposals/<str:proposal>/reject",
        views.RejectView.as_view(),
        name="api-flag-reject",
    ),
    path("flags/<str:flag>/archive", views.ArchiveView.as_view(), name="api-flag-archive"),
    path("flags/<str:flag>/restore", views.RestoreView.as_view(), name="api-flag-restore"),
    path("flags/<str:flag>/simulate", views.SimulateView.as_view(), name="api-flag-simulate"),
    path("flag-groups", views.GroupsView.as_view(), name="api-groups"),
    path("flag-groups/<str:group>", views.GroupView.as_view(), name="api-group"),
    path(
        "flag-groups/<str:group>/remove", views.RemoveGroupView.as_view(), name="api-group-remove"
    ),
    path("layers", views.LayersView.as_view(), name="api-layers"),
    path("layers/<str:layer>", views.LayerView.as_view(), name="api-layer"),
    path("layers/<str:layer>/allocate", views.AllocateView.as_view(), name="api-layer-allocate"),
    path("layers/<str:layer>/release", views.ReleaseView.as_view(), name="api-layer-release"),
    path("sdk-keys", views.SdkKeysView.as_view(), name="api-sdk-keys"),
    path("sdk-keys/<str:key>/revoke", views.RevokeSdkKeyView.as_view(), name="api-sdk-key-revoke"),
    path("exposures", ExposuresView.as_view(), name="api-exposures"),
    path("outcomes", OutcomesView.as_view(), name="api-outcomes"),
    path(
        "exposures/<str:experiment>/counts",
        views.ExposureCountsView.as_view(),
        name="api-exposure-counts",
    ),
]
