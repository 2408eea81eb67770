"""Addresses of the pages about models and data."""

from django.urls import path

from registry import web

urlpatterns = [
    path("models/", web.listed, name="models"),
    path("models/<path:ref>", web.shown, name="thing"),
]
