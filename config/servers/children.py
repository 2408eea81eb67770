"""Child processes that do not outlive us, and those of an earlier life that did."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from config.servers.accounts import Account

PR_SET_PDEATHSIG = 1
CLOCK_TOLERANCE = 2.0  # seconds by which a start time may seem to move when the clock is set
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


class DidNotStart(RuntimeError):
    """A server ended, or kept silent, instead of becoming ready."""


@dataclass(frozen=True)
class Program:
    """How one process of the installation is run.

    `stop_signal` asks it to end in order; after `patience` seconds its whole group is killed.
    `prepare` runs before every start.
    """

    name: str
    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    account: Account = field(default_factory=Account)
    stop_signal: signal.Signals = signal.SIGTERM
    patience: float = 10.0
    cwd: Path | None = None
    pass_fds: tuple[int, ...] = ()
    prepare: Callable[[], None] = lambda: None


def popen_options(program: Program) -> dict[str, Any]:
    """Arguments for `subprocess.Popen`, so that the child ends when its parent does.

    A session of its own keeps a terminal's Ctrl-C away from it: the parent stops its children in
    order. Must be used on the main thread, since Linux counts the end of the *thread* that
    started a child as the end of its parent.
    """
    parent = os.getpid()

    def follow_parent() -> None:
        if _libc is not None:
            _libc.prctl(PR_SET_PDEATHSIG, int(program.stop_signal))
            if os.getppid() != parent:
                os._exit(1)

    options: dict[str, Any] = {
        "args": program.argv,
        "env": {**os.environ, **program.environment},
        "cwd": program.cwd,
        "stdin": subprocess.DEVNULL,
        "start_new_session": True,
        "pass_fds": program.pass_fds,
        "preexec_fn": follow_parent,
    }
    if program.account.uid is not None:
        options |= {"user": program.account.uid, "group": program.account.gid, "extra_groups": []}
    return options


def start(program: Program, output: int | None = None) -> subprocess.Popen[bytes]:
    """Run the program, its output going to the file descriptor `output` (default: nowhere)."""
    program.prepare()
    options = popen_options(program)
    sink = subprocess.DEVNULL if output is None else output
    return subprocess.Popen(**options, stdout=sink, stderr=subprocess.STDOUT)


def stop(process: subprocess.Popen[bytes], program: Program) -> None:
    """Ask the process to end, and kill its group if it has not by then."""
    if process.poll() is None:
        process.send_signal(program.stop_signal)
        try:
            process.wait(program.patience)
        except subprocess.TimeoutExpired:
            kill_group(process.pid)
            process.wait()


def kill_group(pid: int) -> None:
    """SIGKILL for a child and all that it started."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass


def wait_until(ready: Callable[[], bool], alive: Callable[[], bool], seconds: float) -> bool:
    """Whether `ready` came true within `seconds`, while `alive` held."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and alive():
        if ready():
            return True
        time.sleep(0.05)
    return False


def remember(run: Path, name: str, pid: int) -> None:
    """Note a child's pid and start time, for whoever comes after us."""
    try:
        started = psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return
    (run / f"{name}.pid").write_text(f"{pid} {started}\n")


def forget(run: Path, name: str) -> None:
    """The child has ended in order."""
    (run / f"{name}.pid").unlink(missing_ok=True)


def remembered(path: Path) -> psutil.Process | None:
    """The living process that a pid file names, unless its pid went to somebody else since."""
    try:
        pid, started = path.read_text().split()
        process = psutil.Process(int(pid))
        if abs(process.create_time() - float(started)) < CLOCK_TOLERANCE:
            return process
    except (OSError, ValueError, psutil.Error):
        pass
    return None


def stop_leftovers(run: Path, patience: float = 10.0) -> list[str]:
    """End the children that a killed parent left in `run`; returns their names."""
    left = {path: remembered(path) for path in run.glob("*.pid")}
    alive = {path: process for path, process in left.items() if process is not None}
    for process in alive.values():
        # fast shutdown to PostgreSQL, an ordinary end to the others
        process.send_signal(signal.SIGINT if process.name() == "postgres" else signal.SIGTERM)
    _, stubborn = psutil.wait_procs(list(alive.values()), timeout=patience)
    for process in stubborn:
        kill_group(process.pid)
    psutil.wait_procs(stubborn, timeout=patience)
    for path in left:
        path.unlink(missing_ok=True)
    return sorted(path.stem for path in alive)
