"""Pytest plugin: a real web process and a real sealer on this worker's test database.

One web process serves all tests of a worker: a second one would follow the same log beside it.
"""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator

import pytest

from config.environment import ROOT
from eventlog.sealing import SealingProcess

READY_SECONDS = 60


class Server:
    """One web process. It may be killed and started again on the same address."""

    def __init__(self, environment: dict[str, str]):
        self._environment = environment
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Address of the live channel."""
        return f"ws://127.0.0.1:{self.port}/ws/v1"

    @property
    def origin(self) -> str:
        """Origin of its pages."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Starts the process; connections wait until it answers."""
        if self._process is not None and self._process.poll() is None:
            return
        descriptor = self._listening.fileno()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "config.serve", str(descriptor)],
            pass_fds=[descriptor],
            env=self._environment,
            cwd=ROOT,
        )

    def wait(self) -> None:
        """Waits until the process answers."""
        until = time.monotonic() + READY_SECONDS
        while time.monotonic() < until:
            try:
                urllib.request.urlopen(f"{self.origin}/healthz", timeout=READY_SECONDS).close()
                return
            except OSError:
                time.sleep(0.1)
        raise TimeoutError("the web process does not answer")

    def end(self, number: int = signal.SIGKILL) -> None:
        """Ends the process."""
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(20)

    def close(self) -> None:
        """Ends it for good."""
        self.end()
        self._listening.close()


@pytest.fixture(scope="session")
def web_process(process_environment: dict[str, str]) -> Iterator[Server]:
    """The web process of this run."""
    server = Server({**process_environment, "LOG_LEVEL": "WARNING"})
    server.start()
    yield server
    server.close()


@pytest.fixture
def sealer(transactional_db: None) -> Iterator[SealingProcess]:
    """Seals in a thread of its own."""
    process = SealingProcess(lambda types: None)
    thread = threading.Thread(target=process.run, name="sealer")
    thread.start()
    yield process
    process.stop()
    thread.join()


@pytest.fixture
def server(web_process: Server, sealer: SealingProcess) -> Server:
    """A web process that answers, with a log that is being sealed."""
    web_process.start()
    web_process.wait()
    return web_process
