"""What this machine and the installation on it can tell about themselves."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Iterator
from typing import Any

import httpx
import psutil
from prometheus_client.parser import text_string_to_metric_families

# Gauges of /metrics that begin like this are followed; counters and histograms say little alone.
OURS = "dropstitch_"
Reading = tuple[str, float, str, dict[str, str]]


def host_name() -> str:
    """This machine's name, as a label can carry it."""
    return platform.node() or "localhost"


def host_readings() -> Iterator[Reading]:
    """Series, value, unit and labels of processor, memory, disk and load, all as shares of what there is."""
    cpus = psutil.cpu_count() or 1
    yield "host.cpu.used", psutil.cpu_percent() / 100, "share", {}
    yield "host.memory.used", psutil.virtual_memory().percent / 100, "share", {}
    yield "host.disk.used", psutil.disk_usage(os.path.abspath(os.sep)).percent / 100, "share", {}
    yield "host.load.per_cpu", os.getloadavg()[0] / cpus, "processes", {}


def installation_readings(http: httpx.Client, url: str) -> Iterator[Reading]:
    """Series, value, unit and labels of the installation: ready or not, how fast, and its own gauges."""
    began = time.perf_counter()
    try:
        ready = http.get(f"{url}/readyz").status_code == 200
    except httpx.TransportError:
        ready = False
    yield "dropstitch.ready", float(ready), "yes or no", {}
    yield "dropstitch.ready.latency", time.perf_counter() - began, "s", {}
    if ready:
        yield from _gauges(http, url)


def _gauges(http: httpx.Client, url: str) -> Iterator[Reading]:
    try:
        answer = http.get(f"{url}/metrics")
    except httpx.TransportError:
        return
    if answer.status_code != 200:
        return
    for family in text_string_to_metric_families(answer.text):
        if family.type == "gauge" and family.name.startswith(OURS):
            for sample in family.samples:
                name = "dropstitch." + sample.name.removeprefix(OURS)
                unit = "s" if name.endswith("_seconds") else ""
                yield name, sample.value, unit, sample.labels


def default_monitors(host: str) -> list[dict[str, Any]]:
    """What a fresh installation watches: the machine's limits, and whether it answers itself."""
    machine = {"labels": {"host": host}, "subjects": [f"host:{host}"]}
    itself = {"labels": {"host": host}, "subjects": ["service:dropstitch"]}
    full = {"needed": 6, "of": 6, "clear_after": 3}
    return [
        _threshold("Processor is saturated", "host.cpu.used", 0.95, machine, **full),
        _threshold("Memory is nearly full", "host.memory.used", 0.95, machine, **full),
        _threshold("Disk is nearly full", "host.disk.used", 0.9, machine, **full)
        | {"urgency": "concern"},
        _threshold(
            "The installation is not ready", "dropstitch.ready", 1, itself, op="below", **full
        )
        | {"urgency": "concern"},
        _threshold(
            "The installation answers slowly", "dropstitch.ready.latency", 1, itself, **full
        ),
        _threshold(
            "Events wait to be sealed", "dropstitch.log_unsealed_seconds", 5, itself, **full
        ),
        _threshold(
            "Monitors are evaluated late", "dropstitch.monitors_overdue_seconds", 30, itself, **full
        ),
        {
            "name": "This machine fell silent",
            "kind": "absence",
            "parameters": {"silence": 60},
            "series": "host.cpu.used",
            "urgency": "notify",
            **machine,
        },
        {
            "name": "Load is unusual",
            "kind": "robust_deviation",
            "parameters": {"resolution": 0.25},
            "series": "host.load.per_cpu",
            "urgency": "record",
            **machine,
        },
    ]


def _threshold(
    name: str, series: str, value: float, about: dict[str, Any], **more: Any
) -> dict[str, Any]:
    parameters = {"value": value, **more}
    kind = {"name": name, "kind": "threshold", "parameters": parameters}
    return {**kind, "series": series, "urgency": "notify", **about}
