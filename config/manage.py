"""One management command, with the servers of the running `up`, or with its own where none runs."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management import call_command, execute_from_command_line

from config.embedded import EmbeddedServer, EmbeddedServers
from config.installation import AlreadyRunning, Installation
from config.servers import children

PATIENCE = 30.0  # seconds for a starting `up` to tell its addresses, or a command to end
BUSY = (
    "Another command is at work on the data in {}: wait until it has ended, "
    "or start `./dropstitch up` and run commands beside it."
)


@contextmanager
def servers(installation: Installation) -> Iterator[None]:
    """Inside, the environment names a database and a broker that answer."""
    embedded = EmbeddedServers(installation)
    os.environ |= installation.environment()
    if not embedded.all:
        yield
        return
    found = _addresses_of_the_running(installation)
    if found:
        os.environ |= found
        yield
        return
    with _own_servers(embedded):
        yield


def _addresses_of_the_running(installation: Installation) -> dict[str, str]:
    """Empty once we have the data folder to ourselves, which another command may delay."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            installation.lock()
        except AlreadyRunning:
            found = installation.published()
            if found:
                return found
            if time.monotonic() > deadline:
                raise AlreadyRunning(BUSY.format(installation.data)) from None
            time.sleep(0.2)
        else:
            return {}


@contextmanager
def _own_servers(embedded: EmbeddedServers) -> Iterator[None]:
    run = embedded.installation.run
    children.stop_leftovers(run)
    started: list[tuple[children.Program, subprocess.Popen[bytes]]] = []
    try:
        for server in embedded.all:
            process = children.start(server.program)
            started.append((server.program, process))
            children.remember(run, server.program.name, process.pid)
            _wait(server, process)
        os.environ |= embedded.environment()
        if embedded.made_database:
            _migrate()
        yield
    finally:
        for program, process in reversed(started):
            children.stop(process, program)
            children.forget(run, program.name)


def _wait(server: EmbeddedServer, process: subprocess.Popen[bytes]) -> None:
    if not children.wait_until(server.ready, lambda: process.poll() is None, PATIENCE):
        raise children.DidNotStart(
            f"{server.program.name} did not start; `./dropstitch up` shows what it says."
        )


def _migrate() -> None:
    """A database that is new for this command is made ready for it."""
    import django

    django.setup()
    call_command("migrate", interactive=False, verbosity=0)


def main() -> int:
    """`python -m config.manage COMMAND ...`"""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        with servers(Installation.here()):
            execute_from_command_line(["./dropstitch manage", *sys.argv[1:]])
    except (AlreadyRunning, children.DidNotStart) as error:
        print(f"dropstitch: {error}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
