"""Addresses under /api/v1/ of accounts, tokens and the description."""

from django.urls import path

from access.api import docs, views

urlpatterns = [
    path("me", views.MeView.as_view(), name="api-me"),
    path("tokens", views.TokensView.as_view(), name="api-tokens"),
    path("tokens/<uuid:token>", views.TokenView.as_view(), name="api-token"),
    path("tokens/<uuid:token>/revoke", views.RevokeTokenView.as_view(), name="api-token-revoke"),
    path("schema", docs.SchemaView.as_view(), name="api-schema"),
    path("docs", docs.docs, name="api-docs"),
]
