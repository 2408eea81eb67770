"""Addresses under /api/v1/ of measurements and monitors."""

from django.urls import path

from monitoring.ingest.bulk import MeasurementsView

urlpatterns = [
    path("measurements", MeasurementsView.as_view(), name="api-measurements"),
]
