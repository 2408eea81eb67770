"""Keeps each process's snapshots current, and what was last known when the database is away.

One task asks a few times a second whether anything that is served has changed, which costs one
indexed row an environment; only then is a snapshot made. Followers are woken by each new one.
"""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError

from eventlog.clock import now
from eventlog.core import uuid7
from eventlog.db import with_connection
from experiments import queries
from experiments.models import SdkKeyRow
from experiments.serving import uses
from experiments.serving.snapshot import Snapshot

log = structlog.get_logger(__name__)

LOOK_EVERY = 0.2  # seconds
SAY_EVERY = 5.0
MOST_ENVIRONMENTS = 50

SdkKey = tuple[str, bool]


class Away(Exception):
    """Nothing is known of what is asked for, and the database cannot be asked."""


class Keeper:
    """Snapshots by environment and SDK keys in force, of one process."""

    def __init__(self, folder: Path | None = None):
        self._folder = folder
        self._snapshots: dict[str, Snapshot] = {}
        self._keys: dict[str, SdkKey] = {}
        self._revisions: dict[str, tuple[int, datetime]] = {}
        self._bell = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._process = f"{socket.gethostname()}/{os.getpid()}/{uuid7()}"
        self._said_at = 0.0
        self.reached_at = 0.0

    def start(self) -> None:
        """Begins to look, once, on the running loop."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._look())

    async def snapshot(self, environment: str) -> Snapshot | None:
        """What is served in an environment; None where there is no such one. Raises `Away`."""
        self.start()
        known = self._snapshots.get(environment)
        if known is not None:
            return known
        try:
            return await self._make(environment)
        except (DatabaseError, InterfaceError) as error:
            kept = await asyncio.to_thread(self._read_kept, environment)
            if kept is None:
                raise Away from error
            self._snapshots[environment] = kept
            return kept

    async def sdk_key(self, key: str) -> SdkKey | None:
        """Environment of an SDK key in force, and whether it seals. Raises `Away`."""
        self.start()
        if not self._keys:
            await self._load_keys()
        return self._keys.get(key)

    async def newer(self, environment: str, tag: str, seconds: float) -> Snapshot | None:
        """The snapshot once it is another than `tag`; None if it is not within `seconds`."""
        until = time.monotonic() + seconds
        while True:
            bell = self._bell  # taken before looking, so that no change falls in between
            found = await self.snapshot(environment)
            if found is not None and found.tag != tag:
                return found
            try:
                await asyncio.wait_for(bell.wait(), max(until - time.monotonic(), 0))
            except TimeoutError:
                return None

    async def _look(self) -> None:
        flushed = time.monotonic()
        while True:
            await asyncio.sleep(LOOK_EVERY)
            try:
                await self._refresh()
                if time.monotonic() - flushed > uses.FLUSH_EVERY:
                    flushed = time.monotonic()
                    await asyncio.to_thread(with_connection, uses.flush)
            except (DatabaseError, InterfaceError) as error:
                log.warning("flags.last_known_served", error=repr(error)[:200])
                await asyncio.sleep(1)
            except Exception:
                # Whatever it is: everybody is served what this loop brings, and it goes on.
                log.exception("flags.refresh_failed")
                await asyncio.sleep(1)

    async def _refresh(self) -> None:
        found = await _in_thread(queries.revisions)
        self.reached_at = time.monotonic()
        if found != self._revisions:
            await self._load_keys()
            for environment in list(self._snapshots):
                await self._make(environment)
            self._revisions = found
            rung, self._bell = self._bell, asyncio.Event()
            rung.set()
        elif time.monotonic() - self._said_at < SAY_EVERY:
            return
        await self._say()

    async def _say(self) -> None:
        """Tells from which revisions this process serves: what was stopped is seen by it."""
        served = {name: snapshot.revision for name, snapshot in self._snapshots.items()}
        if served:
            await _in_thread(uses.say, self._process, served)
        self._said_at = time.monotonic()

    async def _make(self, environment: str) -> Snapshot | None:
        payload = await _in_thread(queries.payload, environment)
        if not payload["features"] and environment not in self._snapshots:
            return None
        made = Snapshot(environment, payload["revision"], payload, now())
        if len(self._snapshots) < MOST_ENVIRONMENTS or environment in self._snapshots:
            self._snapshots[environment] = made
        await asyncio.to_thread(self._keep, made)
        return made

    async def _load_keys(self) -> None:
        try:
            self._keys = await _in_thread(_keys_in_force)
            await asyncio.to_thread(self._write, "keys", self._keys)
        except (DatabaseError, InterfaceError) as error:
            kept = await asyncio.to_thread(self._read, "keys")
            if kept is None:
                raise Away from error
            self._keys = {key: (one[0], one[1]) for key, one in kept.items()}

    def _keep(self, snapshot: Snapshot) -> None:
        self._write(f"flags-{snapshot.environment}", snapshot.payload)

    def _read_kept(self, environment: str) -> Snapshot | None:
        payload = self._read(f"flags-{environment}")
        if payload is None:
            return None
        return Snapshot(environment, payload["revision"], payload, now())

    def _write(self, name: str, value: Any) -> None:
        """Keeps a value on disk, whole or not at all: a process that starts while the database is
        away serves it."""
        if self._folder is None:
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            part = self._folder / f"{name}.part"
            part.write_bytes(orjson.dumps(value))
            part.replace(self._folder / f"{name}.json")
        except OSError as error:
            log.warning("flags.not_kept", error=str(error))

    def _read(self, name: str) -> Any:
        if self._folder is None:
            return None
        try:
            return orjson.loads((self._folder / f"{name}.json").read_bytes())
        except (OSError, orjson.JSONDecodeError):
            return None


def _keys_in_force() -> dict[str, SdkKey]:
    rows = SdkKeyRow.objects.filter(revoked_at=None)
    return {
        key: (where, seals)
        for key, where, seals in rows.values_list("key", "environment", "encrypted")
    }


async def _in_thread(function: Callable[..., Any], *arguments: Any) -> Any:
    return await asyncio.to_thread(with_connection, function, *arguments)


def of_installation() -> Keeper:
    """The keeper of a web process."""
    return Keeper(Path(settings.ENV.dropstitch_data) / "flags")
