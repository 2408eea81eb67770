"""A PostgreSQL and a Valkey that live as long as a test run or a benchmark."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from config.servers import children
from config.servers.accounts import server_account, server_home
from config.servers.postgresql import PostgreSQL
from config.servers.valkey import Valkey


class ThrowawayServers:
    """Servers in a temporary folder; their addresses are known before they are started."""

    def __init__(self, durable: bool = False):
        self.folder = Path(tempfile.mkdtemp(prefix="dropstitch-"))
        self.folder.chmod(0o755)
        account = server_account(self.folder)
        home = server_home(self.folder, account)
        self.database = PostgreSQL(home, account, durable=durable, tcp=False)
        self.broker = Valkey(home, account)
        self._running: list[tuple[children.Program, subprocess.Popen[bytes]]] = []

    def start(self) -> None:
        """Start both, with the roles and the database made. Raises `DidNotStart`."""
        for server in (self.database, self.broker):
            self._start(server)
        self.database.create_database()

    def stop(self) -> None:
        """Stop both and remove all they wrote."""
        for program, process in reversed(self._running):
            children.stop(process, program)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _start(self, server: PostgreSQL | Valkey) -> None:
        log = self.folder / f"{server.program.name}.log"
        with log.open("wb") as output:
            process = children.start(server.program, output.fileno())
        self._running.append((server.program, process))
        if not children.wait_until(server.ready, lambda: process.poll() is None, 30):
            said = log.read_text()
            self.stop()
            raise children.DidNotStart(f"{server.program.name} did not start:\n{said}")
