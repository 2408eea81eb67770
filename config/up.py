"""`up`: the whole installation as children of one process.

PostgreSQL and Valkey (unless DATABASE_URL and BROKER_URL name others), then `manage.py prepare`,
then web, sealer, worker and scheduler. Interrupt it, or send SIGTERM, to stop all in order.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Coroutine
from dataclasses import replace
from functools import partial

from config.embedded import EmbeddedServers
from config.environment import ROOT
from config.installation import Installation
from config.servers.children import DidNotStart, Program, stop_leftovers
from config.servers.ports import listen
from config.supervisor import Log, Supervised, ending

PATIENCE = 90.0  # seconds in which a part must become ready
CELERY = ("-m", "celery", "--quiet", "-A", "config.celery:app")
WORKER = ("--concurrency", "2", "--without-gossip", "--without-mingle")
# A sender of measurements says what time it is for its series: the shop, whose days pass in
# seconds, must not share a token with this machine.
DEMO_TOKENS = (
    ("DROPSTITCH_TOKEN", "This machine", ("measurements:write", "monitors:write")),
    ("DROPSTITCH_SENSOR_TOKEN", "YarnIt", ("measurements:write", "monitors:write")),
    ("DROPSTITCH_COMMANDER_TOKEN", "Robin (scripted)", ("incidents:write", "monitors:read")),
)
QUIET = {
    "PYTHONUNBUFFERED": "1",
    # Celery's warning about root is for those who accept pickles; we accept JSON
    "PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges",
}


class Stopped(Exception):
    """Somebody asked us to stop while we were still starting."""


class Up:
    """One life of the installation."""

    def __init__(self, installation: Installation, log: Log, demo: bool = False):
        self.installation, self.log, self.demo = installation, log, demo
        self.environment: dict[str, str] = {}
        self.servers: list[Supervised] = []
        self.processes: list[Supervised] = []
        self.stopping = asyncio.Event()
        self.asked_at: float | None = None
        self.listening: socket.socket | None = None  # as long as we live, for every web process

    async def run(self) -> None:
        """Start everything, wait to be stopped, stop everything. Raises what prevented a start."""
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self._asked_to_stop)
        try:
            await self._unless_stopped(self._start())
            await self.stopping.wait()
        except Stopped:
            pass
        finally:
            await self._stop()

    def _asked_to_stop(self) -> None:
        # one Ctrl-C may reach us twice: from the terminal, and from whoever started us
        if self.asked_at is None:
            self.asked_at = time.monotonic()
            self.stopping.set()
        elif time.monotonic() - self.asked_at > 1:
            self.log.say("up", "asked again: killing what still runs, except the servers")
            for child in self.processes:
                child.kill()

    async def _unless_stopped(self, start: Coroutine[None, None, None]) -> None:
        starting = asyncio.create_task(start)
        asked = asyncio.create_task(self.stopping.wait())
        await asyncio.wait({starting, asked}, return_when=asyncio.FIRST_COMPLETED)
        asked.cancel()
        if not starting.done():
            starting.cancel()
            await asyncio.wait({starting})
            raise Stopped
        starting.result()

    async def _stop(self) -> None:
        self.log.say("up", "stopping")
        self.installation.withdraw()
        if self.listening is not None:
            self.listening.close()
        await asyncio.gather(*(child.stop() for child in self.processes))
        for server in reversed(self.servers):
            await server.stop()
        self.log.say("up", "stopped")

    async def _start(self) -> None:
        for name in stop_leftovers(self.installation.run):
            self.log.say("up", f"stopped {name}, which an earlier life had left running")
        self.environment |= self.installation.environment()
        listening = self.listening = self._listen()
        await self._start_servers()
        self.installation.publish(self.environment)
        await self._prepare()
        web = self._supervise(
            "web", "-m", "config.serve", str(listening.fileno()), socket=listening
        )
        self._supervise("sealer", "manage.py", "run_sealer")
        self._supervise("worker", *CELERY, "worker", *WORKER)
        self._supervise("beat", *CELERY, "beat", *self._schedule())
        await web.ready(lambda: self._is_ready(listening), PATIENCE)
        if self.demo:
            await self._start_demo(f"http://{self._address(listening)}")
        self.log.line(f"ready http://{self._address(listening)}")

    async def _start_demo(self, url: str) -> None:
        self.environment["DROPSTITCH_URL"] = url
        for variable, name, scopes in DEMO_TOKENS:
            issue = partial(self._issue_token, name, scopes)
            path = await asyncio.to_thread(self.installation.secret, variable, issue)
            self.environment[variable] = path.read_text().strip()
        self._supervise("watch", "manage.py", "watch_host")
        self._supervise("demo", "-m", "demo")

    def _issue_token(self, name: str, scopes: tuple[str, ...]) -> str:
        issued = subprocess.run(
            [sys.executable, "manage.py", "issue_token", "--name", name, "--scopes", *scopes],
            env={**os.environ, **self.environment},
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return issued.stdout.strip()

    def _listen(self) -> socket.socket:
        """The web server's socket, which we hold so that a restarted one finds its port."""
        wanted = wanted_port()
        listening = listen(os.environ.get("HOST", "127.0.0.1"), wanted)
        got = listening.getsockname()[1]
        if got != wanted:
            self.log.say("up", f"port {wanted} is taken; using {got}")
        if "PUBLIC_URL" not in os.environ:
            self.environment["PUBLIC_URL"] = f"http://{self._address(listening)}"
        return listening

    def _address(self, listening: socket.socket) -> str:
        host, port = listening.getsockname()[:2]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    async def _start_servers(self) -> None:
        servers = EmbeddedServers(self.installation)
        for server in servers.all:
            self.servers.append(Supervised(server.program, self.installation.run, self.log))
            self.servers[-1].start()
        for server, child in zip(servers.all, self.servers, strict=True):
            await child.ready(server.ready, PATIENCE)
        self.environment |= await asyncio.to_thread(servers.environment)

    async def _prepare(self) -> None:
        preparing = Supervised(
            self._program("prepare", "manage.py", "prepare"), self.installation.run, self.log
        )
        self.processes.append(preparing)
        code = await preparing.run_once()
        self.processes.remove(preparing)
        if code:
            raise DidNotStart(f"`manage.py prepare` {ending(code)}; it said why above")

    def _supervise(
        self, name: str, *arguments: str, socket: socket.socket | None = None
    ) -> Supervised:
        program = self._program(name, *arguments)
        if socket is not None:
            program = replace(program, pass_fds=(socket.fileno(),))
        child = Supervised(program, self.installation.run, self.log)
        self.processes.append(child)
        child.start()
        return child

    def _program(self, name: str, *arguments: str) -> Program:
        return Program(
            name=name,
            argv=(sys.executable, *arguments),
            environment=self.environment | QUIET | {"PGAPPNAME": f"dropstitch {name}"},
            cwd=ROOT,
            patience=20.0,
        )

    def _schedule(self) -> tuple[str, ...]:
        return ("--schedule", str(self.installation.run / "schedule"), "--pidfile", "")

    def _is_ready(self, listening: socket.socket) -> bool:
        hosts = os.environ.get("ALLOWED_HOSTS", "localhost").split(",")
        host, port = listening.getsockname()[:2]
        reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
        connection = http.client.HTTPConnection(reachable, port, timeout=5)
        try:
            connection.request("GET", "/readyz", headers={"Host": hosts[0].lstrip(".")})
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def wanted_port() -> int:
    """PORT from the environment. Raises `ValueError` with a sentence."""
    text = os.environ.get("PORT", "8000")
    if not text.isdigit() or not 0 < int(text) < 2**16:
        raise ValueError(f"PORT is {text!r}, and must be a number from 1 to 65535.")
    return int(text)


def main() -> int:
    """`python -m config.up [--demo]`; the exit code is 0 after an orderly stop."""
    parser = argparse.ArgumentParser(prog="dropstitch up", description=__doc__)
    parser.add_argument("--demo", action="store_true", help="with something to watch")
    options = parser.parse_args()
    log = Log()
    try:
        installation = Installation.here()
        installation.lock()
        asyncio.run(Up(installation, log, options.demo).run())
    except (OSError, RuntimeError, ValueError, subprocess.CalledProcessError) as error:
        log.line(f"dropstitch: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
