"""The embedded Valkey: Celery's broker and nothing else, so nothing of it is kept on disk."""

from __future__ import annotations

import random
import secrets
import socket
from pathlib import Path

from config.servers.accounts import Account
from config.servers.children import Program
from config.servers.ports import free_port
from config.servers.postgresql import PORTS
from config.servers.programs import valkey_program

CONFIGURATION = """\
bind 127.0.0.1
port {port}
requirepass {password}
dir {folder}
save ""
appendonly no
maxmemory 256mb
maxmemory-policy noeviction
loglevel warning
"""


class Valkey:
    """A broker in memory on a loopback port, with a password of its own for each life of `up`."""

    def __init__(self, home: Path, account: Account):
        self.account = account
        self.folder = home / "valkey"
        self.port = free_port(random.choice(PORTS))
        self.password = secrets.token_urlsafe(24)
        self.answered = False
        self.program = Program(
            name="valkey",
            argv=(str(valkey_program(account, home)), str(self.folder / "valkey.conf")),
            account=account,
            cwd=home,
            prepare=self.prepare,
        )

    @property
    def url(self) -> str:
        """The broker's address for Celery."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def ready(self) -> bool:
        """Whether it answers to its password."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=2) as connection:
                connection.sendall(f"AUTH {self.password}\r\n".encode())
                self.answered = connection.recv(64).startswith(b"+OK")
        except OSError:
            return False
        return self.answered

    def prepare(self) -> None:
        """The folder and the configuration, before every start."""
        self.folder.mkdir(mode=0o700, exist_ok=True)
        if not self.answered:  # once others know the port it stays
            self.port = free_port(random.choice(PORTS))
        path = self.folder / "valkey.conf"
        path.touch(mode=0o600)
        folder = str(self.folder).replace("\\", "\\\\").replace('"', '\\"')
        path.write_text(
            CONFIGURATION.format(port=self.port, password=self.password, folder=f'"{folder}"')
        )
        self.account.own(self.folder, path)
