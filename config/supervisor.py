"""Keeps child processes running: starts them, passes on what they say, restarts what dies."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from config.servers import children
from config.servers.children import Program

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
STEADY = 10.0  # seconds of life after which the next pause is the first one again
COLOURS = ("36", "32", "33", "35", "34", "31")


@dataclass(frozen=True)
class BackOff:
    """Pauses before restarts, in seconds: doubled with every short life."""

    first: float = FIRST_PAUSE
    longest: float = LONGEST_PAUSE
    steady: float = STEADY

    def after(self, pause: float, lived: float) -> float:
        """The next pause, after one of `pause` and a life of `lived`."""
        if lived >= self.steady or pause == 0:
            return self.first
        return min(self.longest, pause * 2)


class Log:
    """Lines of many processes on one stream, each with the name of its process."""

    def __init__(self, stream: TextIO | None = None, width: int = 9):
        self.stream = stream or sys.stdout
        self.width = width
        self.colours: dict[str, str] = {}
        self.coloured = self.stream.isatty()

    def say(self, name: str, line: str) -> None:
        """One line of a process."""
        self.line(f"{self._prefix(name)} {line}")

    def line(self, text: str) -> None:
        """A line as it is. A reader who went away stops nothing."""
        try:
            self.stream.write(text + "\n")
            self.stream.flush()
        except (BrokenPipeError, ValueError):
            pass

    def _prefix(self, name: str) -> str:
        text = f"{name:<{self.width}}|"
        if not self.coloured:
            return text
        colour = self.colours.setdefault(name, COLOURS[len(self.colours) % len(COLOURS)])
        return f"\033[{colour}m{text}\033[0m"


class Supervised:
    """One program that is to run until it is stopped."""

    def __init__(self, program: Program, run: Path, log: Log, back_off: BackOff | None = None):
        self.program, self.run, self.log = program, run, log
        self.back_off = back_off or BackOff()
        self.process: asyncio.subprocess.Process | None = None
        self.starts = 0
        self._stopping = asyncio.Event()
        self._keeping: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start it, and keep it running."""
        self._keeping = asyncio.create_task(self._keep_running(), name=self.program.name)

    @property
    def alive(self) -> bool:
        """Whether a process of it runs now."""
        return self.process is not None and self.process.returncode is None

    async def ready(self, asks: Callable[[], bool], seconds: float) -> None:
        """Wait until `asks` says yes. Raises `DidNotStart`."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self._keeping is not None and self._keeping.done():
                self._keeping.result()
            if self.alive and await asyncio.to_thread(asks):
                return
            await asyncio.sleep(0.05)
        raise children.DidNotStart(f"{self.program.name} was not ready within {seconds:g} s")

    async def run_once(self) -> int:
        """One life of the program, from start to end; its exit code, or minus its signal."""
        self.program.prepare()
        self.starts += 1
        options = children.popen_options(self.program)
        self.process = await asyncio.create_subprocess_exec(
            *options.pop("args"),
            **options,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        children.remember(self.run, self.program.name, self.process.pid)
        try:
            speaking = asyncio.create_task(self._pass_on(self.process))
            code = await self.process.wait()
            # what a dead child started must not go on under the next one's feet
            children.kill_group(self.process.pid)
            await speaking
            return code
        finally:
            children.forget(self.run, self.program.name)

    async def stop(self) -> None:
        """Ask it to end, kill it if it does not, and start it no more."""
        self._stopping.set()
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(self.program.stop_signal)
            try:
                await asyncio.wait_for(self.process.wait(), self.program.patience)
            except TimeoutError:
                self.log.say(self.program.name, "did not end in time and is killed")
                children.kill_group(self.process.pid)
        if self._keeping is not None:
            await asyncio.gather(self._keeping, return_exceptions=True)

    def kill(self) -> None:
        """End it and all that it started, now."""
        if self.process is not None and self.process.returncode is None:
            children.kill_group(self.process.pid)

    async def _keep_running(self) -> None:
        pause = 0.0
        while not self._stopping.is_set():
            started = time.monotonic()
            code = await self.run_once()
            if self._stopping.is_set():
                break
            pause = self.back_off.after(pause, time.monotonic() - started)
            self.log.say(self.program.name, f"{ending(code)}; starting again in {pause:g} s")
            try:
                await asyncio.wait_for(self._stopping.wait(), pause)
            except TimeoutError:
                pass

    async def _pass_on(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        rest = b""
        while chunk := await process.stdout.read(2**16):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                self.log.say(self.program.name, line.decode(errors="replace"))
        if rest:
            self.log.say(self.program.name, rest.decode(errors="replace"))


def ending(code: int) -> str:
    """How a process ended, in words."""
    return f"was ended by signal {-code}" if code < 0 else f"ended with code {code}"
