"""A whole installation, started by `up` as anybody would, with its data in a temporary folder."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from config.environment import ROOT, Environment
from config.servers.ports import free_port

PATIENCE = 180.0
NAMED_BY_OTHERS = {name.upper() for name in Environment.model_fields} - {"LOG_LEVEL"}


class Up:
    """`python -m config.up` and the commands beside it. Entered when its ready line has come."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="dropstitch-"))
        self.folder.chmod(0o755)
        self.port = free_port(24_000)
        given = {k: v for k, v in os.environ.items() if k not in NAMED_BY_OTHERS}
        self.environment = given | {
            "DROPSTITCH_DATA": str(self.folder),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "PORT": str(self.port),
            "API_RATE": "1000",
            "LOG_LEVEL": "WARNING",
        }
        self.log = self.folder / "up.log"

    @property
    def address(self) -> str:
        """Where the web process listens."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        with self.log.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "config.up"],
                cwd=ROOT,
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self._wait_until_ready()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(PATIENCE)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self._process.poll() is None:
            if "\nready http" in self.log.read_text(errors="replace"):
                return
            time.sleep(0.1)
        self._process.kill()
        raise RuntimeError(f"`up` was not ready in time:\n{self.log.read_text(errors='replace')}")

    def pid(self, name: str) -> int | None:
        """The process id of a part (web, worker, sealer, postgres …), None while it is down."""
        try:
            return int((self.folder / "run" / f"{name}.pid").read_text().split()[0])
        except (FileNotFoundError, IndexError, ValueError):
            return None

    def published(self) -> dict[str, str]:
        """The environment of the parts: addresses and where the secrets are."""
        found: dict[str, str] = json.loads((self.folder / "run" / "environment").read_text())
        return found

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs a management command beside the installation, to its end."""
        return subprocess.run(
            [sys.executable, "-m", "config.manage", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def token(self, *scopes: str) -> str:
        """A new API token. Raises `RuntimeError` with what the command said."""
        done = self.manage("issue_token", "--name", "bench", "--scopes", *scopes)
        if done.returncode:
            raise RuntimeError(done.stderr)
        return done.stdout.strip()

    def run_python(self, module: str, *arguments: Any) -> subprocess.CompletedProcess[str]:
        """Runs a module with the settings of this installation."""
        return subprocess.run(
            [sys.executable, "-m", module, *map(str, arguments)],
            cwd=ROOT,
            env=self.environment | self.published(),
            capture_output=True,
            text=True,
            check=False,
        )
