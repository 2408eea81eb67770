"""The sealer as a process: leads or stands by, polls, survives what it meets, ends when asked."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import structlog
from django.conf import settings

from eventlog.anchors import AnchorFile
from eventlog.checkpoints import Signer, own_signer
from eventlog.direct import Connection, connect
from eventlog.doorbell import Doorbell, Ring
from eventlog.lead import take_lead
from eventlog.sealer import LostLead, Round, Sealer

log = structlog.get_logger(__name__)

BUSY_SECONDS = 0.003
IDLE_SECONDS = 0.020
IDLE_AFTER_SECONDS = 0.5
STANDBY_SECONDS = 0.5
RETRY_SECONDS = (0.1, 5.0)


class SealingProcess:
    """Runs until `stop`, through lost connections and failing statements.

    `open_connection` gives a fresh autocommit connection past any pooler; `ring` is told of the
    types of sealed events.
    """

    def __init__(
        self,
        ring: Ring,
        *,
        signer: Signer | None = None,
        anchor: AnchorFile | None = None,
        open_connection: Callable[[], Connection] = lambda: connect("sealer"),
    ):
        self._signer = signer or own_signer()
        self._anchor = anchor or configured_anchor()
        self._open = open_connection
        self._bell = Doorbell(ring)
        self._stop = threading.Event()
        self._last_sealed = 0.0

    def stop(self, *_: object) -> None:
        """Asks the process to end soon; fit to be a signal handler."""
        self._stop.set()

    def run(self) -> None:
        """Seals until stopped."""
        pause = RETRY_SECONDS[0]
        while not self._stop.is_set():
            started = time.monotonic()
            try:
                self._session()
            except (psycopg.Error, LostLead) as error:
                log.warning("sealer.failed", error=repr(error), retry_seconds=pause)
                self._stop.wait(pause)
            # A session that held for a while shows that the trouble was a new one.
            steady = time.monotonic() - started > RETRY_SECONDS[1] * 2
            pause = RETRY_SECONDS[0] if steady else min(pause * 2, RETRY_SECONDS[1])
        self._bell.close()

    def _session(self) -> None:
        with self._open() as connection:
            if self._lead(connection):
                log.info("sealer.leads")
                sealer = Sealer(connection, self._signer, stopping=self._stop.is_set)
                try:
                    self._seal_until_stopped(sealer)
                finally:
                    self._flush()

    def _lead(self, connection: Connection) -> bool:
        """Waits to lead; False when stopped before."""
        told = False
        while not self._stop.is_set():
            if take_lead(connection):
                return True
            if not told:
                log.info("sealer.stands_by")
                told = True
            self._stop.wait(STANDBY_SECONDS)
        return False

    def _seal_until_stopped(self, sealer: Sealer) -> None:
        while not self._stop.is_set():
            sealed = sealer.round()
            self._sign(sealer)
            if sealed.types:
                self._bell.push(sealed.types)
            self._stop.wait(self._pause(sealed))
        self._sign(sealer, force=True)

    def _sign(self, sealer: Sealer, *, force: bool = False) -> None:
        note = sealer.checkpoint(force=force)
        if self._anchor is None:
            return
        try:
            if note is not None:
                self._anchor.offer(note)
            self._anchor.tick()
        except OSError as error:
            # The log goes on without its outside witness, and says so until somebody helps.
            log.error("anchor.failed", error=repr(error))

    def _flush(self) -> None:
        try:
            if self._anchor is not None:
                self._anchor.flush()
        except OSError as error:
            log.error("anchor.failed", error=repr(error))

    def _pause(self, sealed: Round) -> float:
        now = time.monotonic()
        if sealed.sealed:
            self._last_sealed = now
        return BUSY_SECONDS if now - self._last_sealed < IDLE_AFTER_SECONDS else IDLE_SECONDS


def configured_anchor() -> AnchorFile | None:
    """The anchor file of the settings, if one is named."""
    name = settings.ENV.log_anchor_file
    return AnchorFile(Path(name)) if name else None
