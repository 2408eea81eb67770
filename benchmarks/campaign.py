"""Kills parts of an installation at random instants while commands run, then asks what is left.

Every command carries a text of its own and an idempotency key, and is repeated under that key
until there is an answer. In the end each acknowledged text must be there once, each refused one
not at all, and each unanswered one at most once.
"""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
import psycopg

from benchmarks.up import Up

PARTS = ("web", "worker", "sealer", "postgres")
SENDERS = 8
REPEAT_SECONDS, GIVE_UP_SECONDS = 0.25, 60.0
RECOVERY_SECONDS, LOOK_SECONDS = 90.0, 0.02
SETTLE_SECONDS = 60.0


@dataclass
class Outcomes:
    """Texts of commands by what their sender was told; those without an answer are unknown."""

    acknowledged: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)
    repeats: int = 0


@dataclass
class Kills:
    """How often each part was killed, and the seconds until it was at work again."""

    recovered: dict[str, list[float]] = field(default_factory=lambda: {p: [] for p in PARTS})
    failed: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Verdict:
    """What was found when all was over; every list should be empty."""

    missing: list[str]
    doubled: list[str]
    present_though_refused: list[str]
    log_problems: str
    drifted: str

    @property
    def clean(self) -> bool:
        """Whether every promise was kept."""
        return not any(vars(self).values())


class Client:
    """Sends commands over the REST API and repeats each until it has an answer."""

    def __init__(self, up: Up, seed: int):
        self._http = httpx.Client(
            base_url=f"{up.address}/api/v1/",
            headers={"Authorization": f"Bearer {up.token('incidents:write')}"},
            timeout=10.0,
        )
        self._random, self._lock = random.Random(seed), threading.Lock()
        self.outcomes = Outcomes()
        self.open = [self._declared(f"open {seed} {n}") for n in range(4)]
        self.closed = self._declared(f"closed {seed}")
        self._must(f"incidents/{self.closed}/resolve", outcome="fixed", summary="A trial.")
        self._must(f"incidents/{self.closed}/close", exception="A trial.")

    def close(self) -> None:
        """Gives the connections back."""
        self._http.close()

    def command(self, number: int) -> None:
        """One command: mostly messages, now and then to a closed incident, which refuses."""
        with self._lock:
            lot = self._random.random()
            incident = self._random.choice(self.open) if lot > 0.15 else self.closed
        text = f"campaign message {number}"
        address, body = f"incidents/{incident}/messages", dict[str, Any](text=text)
        if lot > 0.95:
            address, body = "incidents", {"title": text, "separate": True}
        self._until_answered(text, address, body)

    def _until_answered(self, text: str, address: str, body: dict[str, Any]) -> None:
        give_up = time.monotonic() + GIVE_UP_SECONDS
        while True:
            status = self._post(address, body, key=text.replace(" ", "-"))
            if status is not None and status < 500 and status != 429:
                break
            if time.monotonic() > give_up:
                self.outcomes.unknown.add(text)
                return
            self.outcomes.repeats += 1
            time.sleep(REPEAT_SECONDS)
        if status < 300:
            self.outcomes.acknowledged.add(text)
        else:
            self.outcomes.refused.add(text)

    def _post(self, address: str, body: dict[str, Any], key: str) -> int | None:
        try:
            return self._http.post(address, json=body, headers={"Idempotency-Key": key}).status_code
        except httpx.HTTPError:
            return None

    def _declared(self, title: str) -> str:
        body = {"title": title, "separate": True}
        answer = self._http.post("incidents", json=body)
        return str(answer.raise_for_status().json()["stream"]).partition(":")[2]

    def _must(self, address: str, **body: Any) -> None:
        self._http.post(address, json=body).raise_for_status()


class Campaign:
    """One seeded campaign against a running installation."""

    def __init__(self, up: Up, seed: int, kills: int, rate: float, pause: float):
        self.up, self.rate, self.pause = up, rate, pause
        self.client = Client(up, seed)
        self.kills = Kills()
        self.sent = 0
        self._random = random.Random(seed)
        self._order = [part for part in PARTS for _ in range(kills)]
        self._random.shuffle(self._order)
        self._over = threading.Event()

    def run(self) -> Verdict:
        """Sends and kills, lets everything settle, and looks."""
        with closing(self.client), ThreadPoolExecutor(SENDERS + 2) as pool:
            sending = pool.submit(self._send, pool)
            try:
                self._kill_all()
            finally:
                self._over.set()
            sending.result()
        self._settle()
        return self._verdict()

    def _send(self, pool: ThreadPoolExecutor) -> None:
        """Hands commands to the senders at an even rate, as many as they can take."""
        free = threading.Semaphore(SENDERS)
        due, sent = time.monotonic(), []
        while not self._over.is_set():
            due = max(due + 1 / self.rate, time.monotonic() - 1)
            self._over.wait(max(0.0, due - time.monotonic()))
            free.acquire()
            work = pool.submit(self.client.command, self.sent)
            work.add_done_callback(lambda _: free.release())
            sent.append(work)
            self.sent += 1
        for work in sent:
            work.result()

    def _kill_all(self) -> None:
        for number, part in enumerate(self._order):
            time.sleep(self.pause * self._random.uniform(0.5, 1.5))
            self._kill(part)
            if (number + 1) % 20 == 0:
                print(f"  {number + 1} of {len(self._order)} killed", flush=True)

    def _kill(self, part: str) -> None:
        recovered = RECOVERED[part](self.up)
        pid = self._alive(part)
        if pid is None:
            self.kills.failed.append(f"{part} was not running")
            return
        at = time.monotonic()
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        while time.monotonic() < at + RECOVERY_SECONDS:
            time.sleep(LOOK_SECONDS)
            with suppress(psycopg.Error, httpx.HTTPError):
                if self.up.pid(part) not in (pid, None) and recovered():
                    self.kills.recovered[part].append(time.monotonic() - at)
                    return
        self.kills.failed.append(f"{part} did not come back")

    def _alive(self, part: str) -> int | None:
        deadline = time.monotonic() + RECOVERY_SECONDS
        while (pid := self.up.pid(part)) is None and time.monotonic() < deadline:
            time.sleep(LOOK_SECONDS)
        return pid

    def _settle(self) -> None:
        """Waits until everything that was committed is sealed."""
        deadline = time.monotonic() + SETTLE_SECONDS
        while time.monotonic() < deadline:
            with suppress(psycopg.Error):
                if not _value(self.up, UNSEALED):
                    return
            time.sleep(0.1)
        self.kills.failed.append("the log was not sealed to its end")

    def _verdict(self) -> Verdict:
        outcomes = self.client.outcomes
        found = Counter(_texts(self.up))
        verified = self.up.manage("verify_log")
        drifted = self.up.run_python("benchmarks.drift")
        return Verdict(
            missing=sorted(text for text in outcomes.acknowledged if not found[text]),
            doubled=sorted(text for text, times in found.items() if times > 1),
            present_though_refused=sorted(text for text in outcomes.refused if found[text]),
            log_problems=verified.stdout + verified.stderr if verified.returncode else "",
            drifted=drifted.stdout + drifted.stderr if drifted.returncode else "",
        )


UNSEALED = "SELECT count(*) FROM eventlog_event WHERE seq > (SELECT seq FROM eventlog_head)"
SEALED = "SELECT position FROM eventlog_head"
# followers without anything to do stand still, so a worker is back when its heart beats
BEATING = "SELECT coalesce(extract(epoch FROM max(updated_at)), 0) FROM eventlog_follower"


def _value(up: Up, query: str) -> Any:
    with psycopg.connect(up.published()["DATABASE_OWNER_URL"], connect_timeout=2) as session:
        row = session.execute(query).fetchone()
    return row[0] if row else None


def _texts(up: Up) -> Iterator[str]:
    """Texts of the campaign's messages and incidents, as the read models show them."""
    with psycopg.connect(up.published()["DATABASE_OWNER_URL"]) as session:
        rows = session.execute(
            "SELECT text FROM incidents_message WHERE text LIKE 'campaign %'"
            " UNION ALL SELECT title FROM incidents_incident WHERE title LIKE 'campaign %'"
        )
        yield from (text for (text,) in rows)


def _answers(up: Up) -> Callable[[], bool]:
    """The web process serves, its database included."""
    return lambda: httpx.get(f"{up.address}/healthz", timeout=2).status_code == 200


def _seals(up: Up) -> Callable[[], bool]:
    """The sealer has gone on beyond where it was killed."""
    before = _value_or(up, SEALED, 0)
    return lambda: _value(up, SEALED) > before


def _follows(up: Up) -> Callable[[], bool]:
    """A worker has moved some follower since."""
    before = _value_or(up, BEATING, 0)
    return lambda: _value(up, BEATING) > before


def _accepts(up: Up) -> Callable[[], bool]:
    """PostgreSQL lets us in and reads."""
    return lambda: _value(up, "SELECT 1") == 1


def _value_or(up: Up, query: str, otherwise: Any) -> Any:
    with suppress(psycopg.Error):
        return _value(up, query)
    return otherwise


RECOVERED: dict[str, Callable[[Up], Callable[[], bool]]] = {
    "web": _answers,
    "worker": _follows,
    "sealer": _seals,
    "postgres": _accepts,
}
