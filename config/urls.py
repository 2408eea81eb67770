"""Every address of the installation. An app's pages are in its `urls`, its doors in `api.urls`."""

from __future__ import annotations

from importlib.util import find_spec

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from config import web
from config.health import healthz, readyz
from config.metrics import metrics

APPS = ("access", "eventlog", "registry", "experiments", "monitoring", "incidents")


def included(prefix: str, module: str) -> list[URLResolver]:
    """The addresses of a module, none while an app has no such door."""
    parent = module.rpartition(".")[0]
    if find_spec(parent) is None or find_spec(module) is None:
        return []
    return [path(prefix, include(module))]


urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("admin/", admin.site.urls),
    path("log/", web.log_page, name="log"),
    path("log/checkpoint", web.checkpoint, name="log_checkpoint"),
    path("log/verification", web.verification, name="log_verification"),
    path("log/verify", web.start_verification, name="log_verify"),
]
for app in APPS:
    urlpatterns += included("api/v1/", f"{app}.api.urls")
    urlpatterns += included("", f"{app}.urls")

handler400 = "config.errors.bad_request"
handler403 = "config.errors.permission_denied"
handler404 = "config.errors.not_found"
handler500 = "config.errors.server_error"
