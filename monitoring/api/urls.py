"""Addresses under /api/v1/ of measurements, series, monitors, breaches and objectives."""

from django.urls import path

from monitoring.api import changes, coverage, freshness, happenings, honesty, objectives, views
from monitoring.ingest.bulk import MeasurementsView

urlpatterns = [
    path("measurements", MeasurementsView.as_view(), name="api-measurements"),
    path("series", views.SeriesListView.as_view(), name="api-series-list"),
    path("series/<int:series>", views.SeriesView.as_view(), name="api-series"),
    path("series/<int:series>/data", views.SeriesDataView.as_view(), name="api-series-data"),
    path("monitor-kinds", views.KindsView.as_view(), name="api-monitor-kinds"),
    path("monitors", views.MonitorsView.as_view(), name="api-monitors"),
    path("monitors/replay", views.ReplayView.as_view(), name="api-monitor-replay"),
    path("monitors/<uuid:monitor>", views.MonitorView.as_view(), name="api-monitor"),
    path("monitors/<uuid:monitor>/revise", views.ReviseView.as_view(), name="api-monitor-revise"),
    path("monitors/<uuid:monitor>/pause", views.PauseView.as_view(), name="api-monitor-pause"),
    path("monitors/<uuid:monitor>/resume", views.ResumeView.as_view(), name="api-monitor-resume"),
    path("monitors/<uuid:monitor>/remove", views.RemoveView.as_view(), name="api-monitor-remove"),
    path(
        "monitors/<uuid:monitor>/breaches",
        views.BreachesView.as_view(),
        name="api-monitor-breaches",
    ),
    path("monitors/<uuid:monitor>/misses", honesty.MissesView.as_view(), name="api-monitor-misses"),
    path(
        "monitors/<uuid:monitor>/misses/<uuid:miss>/withdraw",
        honesty.WithdrawMissView.as_view(),
        name="api-monitor-miss-withdraw",
    ),
    path("monitors/<uuid:monitor>/slices", views.SlicesView.as_view(), name="api-monitor-slices"),
    path("monitors/records", honesty.RecordsView.as_view(), name="api-monitor-records"),
    path("monitors/coverage", coverage.CoverageView.as_view(), name="api-monitor-coverage"),
    path(
        "monitors/disagreements",
        coverage.DisagreementsView.as_view(),
        name="api-monitor-disagreements",
    ),
    path("monitors/called", honesty.CalledView.as_view(), name="api-monitor-called"),
    path("slos", objectives.SlosView.as_view(), name="api-slos"),
    path("slos/<str:slo>", objectives.SloView.as_view(), name="api-slo"),
    path("slos/<str:slo>/change", objectives.ChangeSloView.as_view(), name="api-slo-change"),
    path("slos/<str:slo>/review", objectives.ReviewSloView.as_view(), name="api-slo-review"),
    path("slos/<str:slo>/retire", objectives.RetireSloView.as_view(), name="api-slo-retire"),
    path("slos/<str:slo>/status", objectives.StandingView.as_view(), name="api-slo-status"),
    path(
        "slos/<str:slo>/compliance",
        objectives.ComplianceView.as_view(),
        name="api-slo-compliance",
    ),
    path(
        "slos/<str:slo>/compliance.csv",
        objectives.ComplianceCsvView.as_view(),
        name="api-slo-compliance-csv",
    ),
    path("slos/<str:slo>/slices", objectives.SlicesView.as_view(), name="api-slo-slices"),
    path("slos/<str:slo>/openslo", objectives.ExportView.as_view(), name="api-slo-openslo"),
    path("openslo", objectives.OpenSloView.as_view(), name="api-openslo"),
    path("freshness", freshness.BudgetsView.as_view(), name="api-freshness-list"),
    path("freshness/<str:freshness>", freshness.BudgetView.as_view(), name="api-freshness"),
    path(
        "freshness/<str:freshness>/change",
        freshness.ChangeBudgetView.as_view(),
        name="api-freshness-change",
    ),
    path(
        "freshness/<str:freshness>/retire",
        freshness.RetireBudgetView.as_view(),
        name="api-freshness-retire",
    ),
    path("happenings", happenings.HappeningsView.as_view(), name="api-happenings"),
    path("happenings/<uuid:happening>", happenings.HappeningView.as_view(), name="api-happening"),
    path(
        "happenings/<uuid:happening>/correct",
        happenings.CorrectHappeningView.as_view(),
        name="api-happening-correct",
    ),
    path(
        "happenings/<uuid:happening>/withdraw",
        happenings.WithdrawHappeningView.as_view(),
        name="api-happening-withdraw",
    ),
    path("notices", changes.NoticesView.as_view(), name="api-notices"),
    path("breaches", views.BreachesView.as_view(), name="api-breaches"),
    path("breaches/<uuid:breach>/judge", honesty.JudgeView.as_view(), name="api-breach-judge"),
]
