"""What belongs to one installation on this machine: its data folder, its secrets, its addresses.

In the data folder: `secrets/` (made once), `run/` (pid files, and the environment of a running
`up`), `anchor` (checkpoints of the log), and the servers' own folders.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO

from config.environment import ROOT
from config.servers.postgresql import APPLICATION, OWNER


def _key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def _password() -> str:
    return secrets.token_urlsafe(24)


SECRETS: dict[str, Callable[[], str]] = {
    "SECRET_KEY": lambda: secrets.token_urlsafe(64),
    "LOG_SIGNING_KEY": _key,
    "LOG_MASTER_KEY": _key,
}
PASSWORDS = {OWNER: "DATABASE_OWNER_PASSWORD", APPLICATION: "DATABASE_PASSWORD"}


class AlreadyRunning(RuntimeError):
    """Another `up`, or a command with servers of its own, has this data folder."""


class Installation:
    """The files of the installation whose data are in `data`."""

    def __init__(self, data: Path):
        self.data = data
        self.run = data / "run"
        self.secrets = data / "secrets"
        self._lock: IO[str] | None = None

    @classmethod
    def here(cls) -> Installation:
        """The installation that the environment names, its folders made where missing."""
        found = cls(Path(os.environ.get("DROPSTITCH_DATA") or ROOT / "var").absolute())
        found.data.mkdir(parents=True, exist_ok=True)
        found.run.mkdir(mode=0o700, exist_ok=True)
        found.secrets.mkdir(mode=0o700, exist_ok=True)
        return found

    def lock(self) -> None:
        """Have this data folder to ourselves, until this process ends however it ends."""
        held = (self.run / "lock").open("a+")
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            held.close()
            raise AlreadyRunning(self._running_sentence()) from None
        self._lock = held
        self.withdraw()  # of one that was killed

    def release(self) -> None:
        """Let others have the data folder."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def environment(self) -> dict[str, str]:
        """Names and values for every process, except those that the environment already gives.

        Secrets go by the name of their file, so that no list of processes shows them.
        """
        found = {"DROPSTITCH_DATA": str(self.data), "LOG_ANCHOR_FILE": str(self.data / "anchor")}
        for name, make in SECRETS.items():
            if name not in os.environ:
                found[f"{name}_FILE"] = str(self.secret(name, make))
        return {name: value for name, value in found.items() if name not in os.environ}

    def passwords(self) -> dict[str, str]:
        """Passwords of the embedded database's roles, for TCP."""
        files = {role: self.secret(name, _password) for role, name in PASSWORDS.items()}
        return {role: path.read_text().strip() for role, path in files.items()}

    def publish(self, environment: Mapping[str, str]) -> None:
        """Let commands find the servers of this running `up`."""
        path = self.run / "environment"
        path.touch(mode=0o600)
        path.write_text(json.dumps(dict(environment), indent=1))

    def withdraw(self) -> None:
        """The servers are going away."""
        (self.run / "environment").unlink(missing_ok=True)

    def published(self) -> dict[str, str]:
        """The environment of the running `up`; empty while it is still starting."""
        try:
            found: dict[str, str] = json.loads((self.run / "environment").read_text())
        except FileNotFoundError:
            return {}
        return found

    def _running_sentence(self) -> str:
        address = self.published().get("PUBLIC_URL", "without an address yet")
        return (
            f"Dropstitch is already at work on the data in {self.data}, {address}. "
            "Stop that one, or set DROPSTITCH_DATA to another folder."
        )

    def secret(self, name: str, make: Callable[[], str]) -> Path:
        """The file of a secret, made at the first time of asking."""
        path = self.secrets / name.lower()
        if not path.exists():
            unfinished = path.with_suffix(".unfinished")
            unfinished.touch(mode=0o600)
            with unfinished.open("w") as file:
                file.write(make() + "\n")
                file.flush()
                os.fsync(file.fileno())  # what it will encrypt must not outlive it
            unfinished.rename(path)
        return path
