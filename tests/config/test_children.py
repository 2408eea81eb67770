"""Child processes end with their parent, and what is left of an earlier life is cleared away."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from config.environment import ROOT
from config.servers import children
from config.servers.children import Program

PARENT = """
import sys, time
from config.servers import children
child = children.start(children.Program("sleeper", ("sleep", "60")))
print(child.pid, flush=True)
time.sleep(60)
"""


def gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def sleeper(name: str = "sleeper") -> Program:
    return Program(name, ("sleep", "60"), patience=5.0)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's end")
def test_a_child_ends_when_its_parent_is_killed() -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT], cwd=ROOT, stdout=subprocess.PIPE)
    assert parent.stdout is not None
    with parent.stdout:
        child = int(parent.stdout.readline())
    assert not gone(child)
    parent.kill()
    parent.wait()
    assert children.wait_until(lambda: gone(child), lambda: True, 5)


def test_a_child_that_ignores_the_request_to_stop_is_killed_with_all_it_started() -> None:
    script = "trap '' TERM; sleep 60 & echo $! > $0; wait; sleep 60"
    program = Program("deaf", ("sh", "-c", script, "grandchild.pid"), patience=0.3)
    process = children.start(program)
    path = Path("grandchild.pid")
    try:
        assert children.wait_until(
            lambda: path.exists() and path.read_text() != "", lambda: True, 5
        )
        grandchild = int(path.read_text())
    finally:
        path.unlink(missing_ok=True)
    children.stop(process, program)
    assert process.returncode == -signal.SIGKILL
    assert children.wait_until(lambda: gone(grandchild), lambda: True, 5)


def test_leftovers_are_stopped_by_their_pid_files(tmp_path: Path) -> None:
    process = children.start(sleeper())
    children.remember(tmp_path, "sleeper", process.pid)
    assert children.stop_leftovers(tmp_path) == ["sleeper"]
    assert gone(process.pid)
    process.wait()
    assert list(tmp_path.iterdir()) == []


def test_a_pid_that_went_to_another_process_is_left_alone(tmp_path: Path) -> None:
    process = children.start(sleeper())
    started = psutil.Process(process.pid).create_time()
    (tmp_path / "web.pid").write_text(f"{process.pid} {started - 3600}\n")
    assert children.stop_leftovers(tmp_path) == []
    assert process.poll() is None
    children.stop(process, sleeper())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["", "no number", "999999999 1.0"])
def test_a_broken_or_stale_pid_file_is_removed(tmp_path: Path, text: str) -> None:
    (tmp_path / "web.pid").write_text(text)
    assert children.stop_leftovers(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_a_child_does_not_hear_the_terminals_interrupt() -> None:
    process = children.start(sleeper())
    assert os.getpgid(process.pid) != os.getpgid(0)
    children.stop(process, sleeper())
