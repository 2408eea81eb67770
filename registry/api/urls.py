"""Addresses under /api/v1/ of holds."""

from django.urls import path

from registry.api import views

urlpatterns = [
    path("holds", views.HoldsView.as_view(), name="api-holds"),
    path("holds/<uuid:hold>", views.HoldView.as_view(), name="api-hold"),
    path("holds/<uuid:hold>/lift", views.LiftHoldView.as_view(), name="api-hold-lift"),
]
