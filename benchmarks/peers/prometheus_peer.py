"""From a bad value to an alert in somebody's hands, by Prometheus and Alertmanager as they come.

Every interval is the default: scrape and evaluation every minute, `for` none, alerts grouped for
30 s. One gauge for each trial turns bad at a moment of its own, and the web hook tells when the
alert came.
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from config.servers.ports import free_port

PROGRAMS = ("prometheus", "prometheus-alertmanager")


def is_here() -> bool:
    """Whether both are installed (Debian: ``apt install prometheus prometheus-alertmanager``)."""
    return all(shutil.which(program) for program in PROGRAMS)


class Both(BaseHTTPRequestHandler):
    """What Prometheus scrapes, and what Alertmanager calls."""

    turned: dict[str, float]
    told: dict[str, float]

    def do_GET(self) -> None:
        now = time.time()
        lines = [f'gauge{{trial="{name}"}} {int(now >= at)}\n' for name, at in self.turned.items()]
        self._answer("".join(lines).encode())

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        for alert in body["alerts"]:
            self.told.setdefault(alert["labels"]["trial"], time.time())
        self._answer(b"")

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


class Trials:
    """Gauges that turn bad, and when somebody was told."""

    def __init__(self, count: int, seconds: float, seed: int):
        made, now = random.Random(seed), time.time()
        # A minute for the first scrape, so that it was seen to be good before.
        self.turned = {f"t{n}": now + 75 + made.uniform(0, seconds) for n in range(count)}
        self.told: dict[str, float] = {}

    def delays(self) -> list[float]:
        """Seconds from the bad value to the alert, of those that came, ascending."""
        return sorted(self.told[name] - self.turned[name] for name in self.told)

    def wait(self, patience: float = 240.0) -> None:
        """Until every alert came, or somebody has no more patience."""
        give_up = max(self.turned.values()) + patience
        while len(self.told) < len(self.turned) and time.time() < give_up:
            time.sleep(0.5)


@contextmanager
def running(count: int, seconds: float, seed: int = 1) -> Iterator[Trials]:
    """Both programs beside whatever else is measured."""
    trials = Trials(count, seconds, seed)
    handler = type("Handler", (Both,), {"turned": trials.turned, "told": trials.told})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    folder = Path(tempfile.mkdtemp(prefix="dropstitch-peer-"))
    children = _start(folder, server.server_address[1])
    try:
        yield trials
    finally:
        for child in children:
            child.terminate()
        for child in children:
            child.wait(30)
        server.shutdown()
        shutil.rmtree(folder, ignore_errors=True)


def _start(folder: Path, target: int) -> list[subprocess.Popen[bytes]]:
    alerting, listening = free_port(29_100), free_port(29_200)
    (folder / "rules.yml").write_text(
        'groups: [{name: trials, rules: [{alert: Bad, expr: "gauge == 1"}]}]\n'
    )
    (folder / "prometheus.yml").write_text(
        "rule_files: [rules.yml]\n"
        f"alerting: {{alertmanagers: [{{static_configs: [{{targets: ['127.0.0.1:{alerting}']}}]}}]}}\n"
        "scrape_configs:\n"
        f"  - {{job_name: trials, static_configs: [{{targets: ['127.0.0.1:{target}']}}]}}\n"
    )
    (folder / "alertmanager.yml").write_text(
        "route: {receiver: us, group_by: [trial]}\n"
        f"receivers: [{{name: us, webhook_configs: [{{url: 'http://127.0.0.1:{target}/'}}]}}]\n"
    )
    commands = [
        [
            "prometheus",
            f"--config.file={folder}/prometheus.yml",
            f"--storage.tsdb.path={folder}/data",
            f"--web.listen-address=127.0.0.1:{listening}",
        ],
        [
            "prometheus-alertmanager",
            f"--config.file={folder}/alertmanager.yml",
            f"--storage.path={folder}/alerts",
            f"--web.listen-address=127.0.0.1:{alerting}",
            "--cluster.listen-address=",
        ],
    ]
    return [
        subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for command in commands
    ]
