"""Addresses of the pages about accounts."""

from django.urls import path

from access import settings_page, web

urlpatterns = [
    path("sign-in", web.sign_in, name="sign_in"),
    path("sign-out", web.sign_out, name="sign_out"),
    path("sign-out-everywhere", web.sign_out_everywhere, name="sign_out_everywhere"),
    path("settings/", settings_page.settings, name="settings"),
    path("settings/appearance", settings_page.appearance, name="appearance"),
    path("settings/tokens", settings_page.issue_token, name="token_issue"),
    path("settings/tokens/<uuid:token>/revoke", settings_page.revoke_token, name="token_revoke"),
]
