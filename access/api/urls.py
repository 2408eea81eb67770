"""Addresses under /api/v1/ of accounts, tokens and the description."""

from django.urls import path

from access.api import docs, people, views

urlpatterns = [
    path("me", views.MeView.as_view(), name="api-me"),
    path("me/password", people.PasswordView.as_view(), name="api-me-password"),
    path("people", people.PeopleView.as_view(), name="api-people"),
    path("people/<uuid:person>", people.PersonView.as_view(), name="api-person"),
    path("people/<uuid:person>/role", people.RoleView.as_view(), name="api-person-role"),
    path(
        "people/<uuid:person>/deactivate",
        people.DeactivateView.as_view(),
        name="api-person-deactivate",
    ),
    path("tokens", views.TokensView.as_view(), name="api-tokens"),
    path("tokens/<uuid:token>", views.TokenView.as_view(), name="api-token"),
    path("tokens/<uuid:token>/revoke", views.RevokeTokenView.as_view(), name="api-token-revoke"),
    path("schema", docs.SchemaView.as_view(), name="api-schema"),
    path("docs", docs.docs, name="api-docs"),
]
