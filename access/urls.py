"""Addresses of the pages about accounts."""

from django.urls import path

from access import web

urlpatterns = [
    path("sign-in", web.sign_in, name="sign_in"),
    path("sign-out", web.sign_out, name="sign_out"),
    path("sign-out-everywhere", web.sign_out_everywhere, name="sign_out_everywhere"),
]
