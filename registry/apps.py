"""Django's handle on the registry."""

from __future__ import annotations

from django.apps import AppConfig


class RegistryConfig(AppConfig):
    """Models, data, lineage, deployments and holds."""

    name = "registry"
    verbose_name = "Registry"
