"""Django's handles on the frame around the apps."""

from __future__ import annotations

from django.apps import AppConfig
from django.contrib import admin
from django.contrib.admin.apps import AdminConfig


class FrameConfig(AppConfig):
    """Settings, addresses, probes and middleware."""

    name = "config"
    verbose_name = "Installation"

    def ready(self) -> None:
        from django.contrib.auth.models import Group

        from config import checks, outgoing  # noqa: F401

        # Rights come from access.rights; Django's groups grant nothing here.
        admin.site.unregister(Group)


class ReadOnlyAdminConfig(AdminConfig):
    """Django's administration with our site: to look, never to change."""

    default_site = "config.admin.Site"
