"""`manage.py watch_host`: this machine and the installation on it, watched for real."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any

import httpx
from django.core.management.base import BaseCommand

from monitoring.management import host
from monitoring.management.client import Client, add_client_arguments, client_of


class Command(BaseCommand):
    help = (
        "Sends this machine's processor, memory, disk and load, and the installation's own "
        "latency and lags, every few seconds; makes the monitors that watch them."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where to, how often, and how long."""
        add_client_arguments(parser)
        parser.add_argument("--every", type=float, default=5.0, help="seconds between readings")
        parser.add_argument("--count", type=int, default=0, help="readings to send; 0 for ever")
        parser.add_argument("--no-monitors", action="store_true", help="only send readings")

    def handle(self, *args: Any, **options: Any) -> None:
        """Sends readings until it is interrupted."""
        client, name = client_of(options), host.host_name()
        if not options["no_monitors"]:
            for definition in host.default_monitors(name):
                client.ensure_monitor(definition)
        self.stdout.write(f"watching {name}, every {options['every']:g} s")
        sent = 0
        next_at = time.monotonic()
        with httpx.Client(timeout=5) as http:
            while not options["count"] or sent < options["count"]:
                time.sleep(max(0.0, next_at - time.monotonic()))
                next_at = max(next_at + options["every"], time.monotonic())
                self._send(client, name, http, options["url"].rstrip("/"))
                sent += 1

    def _send(self, client: Client, name: str, http: httpx.Client, url: str) -> None:
        at = datetime.now(UTC).isoformat()
        readings = [*host.host_readings(), *host.installation_readings(http, url)]
        points = [
            {
                "series": series,
                "labels": {"host": name, **labels},
                "time": at,
                "value": value,
                "unit": unit,
            }
            for series, value, unit, labels in readings
        ]
        answer = client.send(points)
        for error in answer["errors"][:3]:
            series = points[error["index"]]["series"]
            self.stderr.write(f"{series}: {error['field']} {error['message']}")
