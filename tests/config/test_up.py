"""The whole installation: it comes up, heals, refuses a twin, recovers from a kill, and stops."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from config.environment import ROOT
from config.servers.ports import free_port

PATIENCE = 90.0


class Installed:
    """`up` on a data folder of its own."""

    def __init__(self, data: Path, port: int):
        self.data, self.log = data, data / "log"
        ours = ("DATABASE_", "BROKER_", "DROPSTITCH_", "DJANGO_", "SECRET_", "LOG_", "PUBLIC_")
        kept = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
        self.environment = kept | {"DROPSTITCH_DATA": str(data), "PORT": str(port)}
        self.process: subprocess.Popen[bytes] | None = None

    def run(self) -> subprocess.Popen[bytes]:
        with self.log.open("wb") as output:
            return subprocess.Popen(
                [sys.executable, "-m", "config.up"],
                cwd=ROOT,
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def start(self) -> str:
        """The address of the ready line."""
        process = self.process = self.run()
        until(lambda: "\nready http" in self.said() or process.poll() is not None, self.said)
        assert process.poll() is None, self.said()
        return next(line for line in self.said().splitlines() if line.startswith("ready "))[6:]

    def said(self) -> str:
        return "\n" + self.log.read_text()

    def pid(self, name: str) -> int:
        return int((self.data / "run" / f"{name}.pid").read_text().split()[0])

    def stop(self) -> int:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)


def until(condition: object, said: object = None) -> None:
    assert callable(condition)
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.1)
    pytest.fail(said() if callable(said) else "it did not happen in time")


def readyz(url: str) -> dict[str, object]:
    with urllib.request.urlopen(f"{url}/readyz", timeout=30) as answer:
        found: dict[str, object] = json.load(answer)
    return found


@pytest.fixture
def installed() -> Iterator[Installed]:
    data = Path(tempfile.mkdtemp(prefix="dropstitch-"))
    data.chmod(0o755)
    up = Installed(data, free_port(26_000))
    yield up
    if up.process is not None and up.process.poll() is None:
        up.stop()
    shutil.rmtree(data)


def test_it_comes_up_heals_refuses_a_twin_recovers_and_stops(installed: Installed) -> None:
    url = installed.start()
    assert readyz(url)["status"] in ("ready", "degraded")
    assert "Administrator admin, password" in installed.said()

    # a killed web process comes back on the same port
    first = installed.pid("web")
    os.kill(first, signal.SIGKILL)
    until(lambda: installed.said().count("Started server process") == 2, installed.said)
    assert readyz(url)["status"] in ("ready", "degraded")
    assert installed.pid("web") != first

    # a twin on the same data is refused, and told where the first one is
    twin = subprocess.run(
        [sys.executable, "-m", "config.up"],
        cwd=ROOT,
        env=installed.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert twin.returncode == 1
    assert url in twin.stdout

    # after a kill of the parent nothing is left that could hinder the next life
    pids = [int(path.read_text().split()[0]) for path in (installed.data / "run").glob("*.pid")]
    assert len(pids) == 6
    assert installed.process is not None
    installed.process.kill()
    installed.process.wait()
    assert installed.start() == url
    until(lambda: not any(psutil.pid_exists(pid) for pid in pids))
    assert "Administrator" not in installed.said()
    assert readyz(url)["status"] in ("ready", "degraded")

    assert installed.stop() == 0
    assert list((installed.data / "run").glob("*.pid")) == []


@pytest.mark.parametrize("port", ["", "http", "0", "70000"])
def test_a_port_that_is_none_is_refused_with_a_sentence(installed: Installed, port: str) -> None:
    installed.environment["PORT"] = port
    assert installed.run().wait(PATIENCE) == 1
    assert f"dropstitch: PORT is {port!r}, and must be a number" in installed.said()
