"""What dies is started again, ever more slowly; what is stopped stays so; every line is told."""

from __future__ import annotations

import asyncio
import io
import signal
import sys
from pathlib import Path

import pytest

from config.servers.children import DidNotStart, Program
from config.supervisor import BackOff, Log, Supervised, ending

QUICK = BackOff(first=0.01, longest=0.08, steady=60.0)


def shell(script: str, **options: object) -> Program:
    return Program("tiny", ("sh", "-c", script), **options)  # type: ignore[arg-type]


def supervised(program: Program, run: Path, back_off: BackOff = QUICK) -> Supervised:
    return Supervised(program, run, Log(io.StringIO()), back_off)


def said(child: Supervised) -> list[str]:
    assert isinstance(child.log.stream, io.StringIO)
    return child.log.stream.getvalue().splitlines()


async def until(condition: object, seconds: float = 5.0) -> None:
    assert callable(condition)
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


def test_pauses_double_up_to_the_longest() -> None:
    pauses, pause = [], 0.0
    for _ in range(8):
        pause = BackOff().after(pause, lived=1.0)
        pauses.append(pause)
    assert pauses == [0.5, 1, 2, 4, 8, 16, 30, 30]


def test_after_a_steady_life_the_pause_is_the_first_one_again() -> None:
    assert BackOff().after(30.0, lived=61.0) == 0.5


async def test_what_dies_is_started_again_after_growing_pauses(tmp_path: Path) -> None:
    child = supervised(shell("exit 3"), tmp_path)
    child.start()
    await until(lambda: child.starts == 5)
    await child.stop()
    restarts = [line for line in said(child) if "starting again" in line]
    pauses = [line.rsplit("in ", 1)[1] for line in restarts]
    assert pauses[:4] == ["0.01 s", "0.02 s", "0.04 s", "0.08 s"]
    assert all("ended with code 3" in line for line in restarts)


async def test_what_is_killed_is_started_again_and_its_pid_noted(tmp_path: Path) -> None:
    child = supervised(shell("exec sleep 60"), tmp_path)
    child.start()
    await until(lambda: child.alive and (tmp_path / "tiny.pid").exists())
    assert child.process is not None
    first = child.process.pid
    child.process.kill()
    await until(lambda: child.alive and child.process.pid != first)
    await until(lambda: (tmp_path / "tiny.pid").exists())
    assert (tmp_path / "tiny.pid").read_text().startswith(f"{child.process.pid} ")
    assert any("was ended by signal 9" in line for line in said(child))
    await child.stop()
    assert not (tmp_path / "tiny.pid").exists()


async def test_what_is_stopped_is_not_started_again(tmp_path: Path) -> None:
    child = supervised(shell("exec sleep 60"), tmp_path)
    child.start()
    await until(lambda: child.alive)
    await child.stop()
    await asyncio.sleep(0.1)
    assert child.starts == 1
    assert child.process is not None
    assert child.process.returncode == -signal.SIGTERM


async def test_what_does_not_stop_in_time_is_killed(tmp_path: Path) -> None:
    child = supervised(shell("trap '' TERM; echo deaf; sleep 60; sleep 60", patience=0.2), tmp_path)
    child.start()
    await until(lambda: any("deaf" in line for line in said(child)))
    await asyncio.wait_for(child.stop(), 5)
    assert child.process is not None
    assert child.process.returncode == -signal.SIGKILL


async def test_stopping_does_not_wait_for_a_pause(tmp_path: Path) -> None:
    child = supervised(shell("exit 1"), tmp_path, BackOff(first=60.0, longest=60.0))
    child.start()
    await until(lambda: any("starting again" in line for line in said(child)))
    await asyncio.wait_for(child.stop(), 2)


async def test_a_program_that_never_becomes_ready_is_an_error(tmp_path: Path) -> None:
    child = supervised(shell("exec sleep 60"), tmp_path)
    child.start()
    with pytest.raises(DidNotStart, match=r"tiny was not ready within 0\.1 s"):
        await child.ready(lambda: False, 0.1)
    await child.stop()


async def test_a_failing_preparation_is_told_to_whoever_waits(tmp_path: Path) -> None:
    def refuse() -> None:
        raise RuntimeError("made by another version")

    child = supervised(shell("true", prepare=refuse), tmp_path)
    child.start()
    with pytest.raises(RuntimeError, match="made by another version"):
        await child.ready(lambda: True, 5)
    await child.stop()


async def test_lines_of_any_length_are_passed_on_whole(tmp_path: Path) -> None:
    script = (
        "import sys; sys.stdout.write('x' * 300_000 + '\\nsecond\\nno end'); sys.stderr.write('!')"
    )
    program = Program("tiny", (sys.executable, "-u", "-c", script))
    child = supervised(program, tmp_path)
    assert await child.run_once() == 0
    long, second, last = said(child)
    assert long == "tiny     | " + "x" * 300_000
    assert second == "tiny     | second"
    assert last == "tiny     | no end!"


def test_a_reader_who_went_away_stops_nothing() -> None:
    closed = io.StringIO()
    log = Log(closed)
    closed.close()
    log.say("web", "still here")


@pytest.mark.parametrize(
    ("code", "words"), [(0, "ended with code 0"), (-9, "was ended by signal 9")]
)
def test_an_ending_is_said_in_words(code: int, words: str) -> None:
    assert ending(code) == words
