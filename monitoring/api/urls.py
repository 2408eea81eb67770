"""Addresses under /api/v1/ of measurements, series, monitors and breaches."""

from django.urls import path

from monitoring.api import views
from monitoring.ingest.bulk import MeasurementsView

urlpatterns = [
    path("measurements", MeasurementsView.as_view(), name="api-measurements"),
    path("series", views.SeriesListView.as_view(), name="api-series-list"),
    path("series/<int:series>", views.SeriesView.as_view(), name="api-series"),
    path("series/<int:series>/data", views.SeriesDataView.as_view(), name="api-series-data"),
    path("monitor-kinds", views.KindsView.as_view(), name="api-monitor-kinds"),
    path("monitors", views.MonitorsView.as_view(), name="api-monitors"),
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
    path("breaches", views.BreachesView.as_view(), name="api-breaches"),
]
