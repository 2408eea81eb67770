"""Addresses under /api/v1/ of flags, groups, layers, SDK keys, exposures and experiments."""

from django.urls import path

from experiments.api import experiments as experiment_views
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
    path("metrics", experiment_views.MetricsView.as_view(), name="api-metrics"),
    path("metrics/<str:metric>", experiment_views.MetricView.as_view(), name="api-metric"),
    path("experiments", experiment_views.ExperimentsView.as_view(), name="api-experiments"),
    path("experiments/plan", experiment_views.PlanView.as_view(), name="api-plan"),
    path(
        "experiments/<str:experiment>",
        experiment_views.ExperimentView.as_view(),
        name="api-experiment",
    ),
    path(
        "experiments/<str:experiment>/design",
        experiment_views.DesignView.as_view(),
        name="api-experiment-design",
    ),
    path(
        "experiments/<str:experiment>/ask-for-review",
        experiment_views.AskForReviewView.as_view(),
        name="api-experiment-ask-for-review",
    ),
    path(
        "experiments/<str:experiment>/review",
        experiment_views.ReviewView.as_view(),
        name="api-experiment-review",
    ),
    path(
        "experiments/<str:experiment>/queue",
        experiment_views.QueueView.as_view(),
        name="api-experiment-queue",
    ),
    path(
        "experiments/<str:experiment>/start",
        experiment_views.StartView.as_view(),
        name="api-experiment-start",
    ),
    path(
        "experiments/<str:experiment>/ramp",
        experiment_views.RampView.as_view(),
        name="api-experiment-ramp",
    ),
    path(
        "experiments/<str:experiment>/pause",
        experiment_views.PauseView.as_view(),
        name="api-experiment-pause",
    ),
    path(
        "experiments/<str:experiment>/resume",
        experiment_views.ResumeView.as_view(),
        name="api-experiment-resume",
    ),
    path(
        "experiments/<str:experiment>/stop",
        experiment_views.StopView.as_view(),
        name="api-experiment-stop",
    ),
    path(
        "experiments/<str:experiment>/clear",
        experiment_views.ClearView.as_view(),
        name="api-experiment-clear",
    ),
    path(
        "experiments/<str:experiment>/decide",
        experiment_views.DecideView.as_view(),
        name="api-experiment-decide",
    ),
    path(
        "experiments/<str:experiment>/archive",
        experiment_views.ArchiveExperimentView.as_view(),
        name="api-experiment-archive",
    ),
    path(
        "experiments/<str:experiment>/results",
        experiment_views.ResultsView.as_view(),
        name="api-experiment-results",
    ),
    path(
        "experiments/<str:experiment>/report",
        experiment_views.WrittenReportView.as_view(),
        name="api-experiment-report",
    ),
    path(
        "experiments/<str:experiment>/looks",
        experiment_views.LooksView.as_view(),
        name="api-experiment-looks",
    ),
]
