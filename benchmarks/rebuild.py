"""Rebuilding read models while commands run and pages and API are read: nobody sees a difference.

Each answer states the version it shows. Afterwards every one of them is compared with the row
that the incident's events up to that version lead to, and the side effects are counted again.
"""

from __future__ import annotations

import argparse
import html
import json
import re
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import psycopg

from benchmarks.figures import Figure, percentile
from benchmarks.up import Up

INCIDENTS, READERS, WRITERS = 6, 3, 2
FACTS = [
    "number",
    "title",
    "kind",
    "severity",
    "phase",
    "status",
    "environment",
    "subjects",
    "declared_at",
    "changed_at",
]
PASSWORD = re.compile(r"Administrator (\S+), password (\S+)")
HEAD = re.compile(r'data-head="(\d+)"')
TITLE = re.compile(r"<title>#(\d+) (.*?)(?: · [^·]*)?</title>", re.S)
SIDE_EFFECTS = "SELECT count(*) FROM eventlog_event WHERE actor LIKE 'system:incidents.%'"
PHASES = ("triage", "mitigation", "troubleshooting")
REACTION_SECONDS = 60.0


@dataclass
class Seen:
    """What readers were shown, by what they asked, and the seconds each answer took."""

    answers: list[dict[str, Any]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Found:
    """The outcome: rebuilds done, reads compared, those that were wrong, effects fired again."""

    rebuilds: int
    commands: int
    seen: Seen
    compared: int
    wrong: list[Any]
    fired_again: int
    drifted: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this benchmark."""
    parser.add_argument("--reads", type=int, default=1_000, help="reads during the rebuilds")


def measure(options: argparse.Namespace) -> list[Figure]:
    """Counts, which must be 0, and how long readers waited."""
    with Up() as up:
        found = Rebuilding(up, options.reads).run()
    for problem in (*found.seen.failures[:10], *found.wrong[:10], found.drifted):
        if problem:
            print(problem)
    longest = max(found.seen.seconds) * 1000
    return [
        Figure("rebuilds and swaps meanwhile", "", "higher", found.rebuilds, goal=1),
        Figure("commands meanwhile", "", "higher", found.commands),
        Figure("reads compared", "", "higher", found.compared, goal=options.reads),
        Figure("reads unlike the row at their version", "", "lower", len(found.wrong), goal=0),
        Figure("reads that failed", "", "lower", len(found.seen.failures), goal=0),
        Figure("side effects fired again", "", "lower", found.fired_again, goal=0),
        Figure("read models unlike their rebuild", "", "lower", int(bool(found.drifted)), goal=0),
        Figure("read, p50", "ms", "lower", percentile(found.seen.seconds, 0.5) * 1000),
        Figure("read, longest", "ms", "lower", longest),
    ]


class Rebuilding:
    """Commands, reads and rebuilds at once, against a running installation."""

    def __init__(self, up: Up, reads: int):
        self.up, self.reads = up, reads
        self._api = httpx.Client(
            base_url=f"{up.address}/api/v1/",
            headers={"Authorization": f"Bearer {up.token(*SCOPES)}"},
            timeout=60.0,
        )
        self._pages = self._signed_in()
        self.seen, self._over, self._commands = Seen(), threading.Event(), 0
        self._ids = [self._declare(n) for n in range(INCIDENTS)]
        self._numbers = {self._card(i)["number"]: i for i in self._ids}

    def run(self) -> Found:
        """Breaks something, so that a reaction has fired, then rebuilds until all is read."""
        with closing(self._api), closing(self._pages):
            self._break_something()
            before = self._side_effects()
            rebuilds = self._rebuild_while_busy()
        compared = self.compare()
        drifted = self.up.run_python("benchmarks.drift")
        return Found(
            rebuilds,
            self._commands,
            self.seen,
            compared["compared"],
            compared["wrong"],
            self._side_effects() - before,
            drifted.stdout + drifted.stderr if drifted.returncode else "",
        )

    def _rebuild_while_busy(self) -> int:
        rebuilds = 0
        with ThreadPoolExecutor(READERS + WRITERS) as pool:
            readers = [pool.submit(self._read, n) for n in range(READERS)]
            writers = [pool.submit(self._write, n) for n in range(WRITERS)]
            try:
                while not all(reader.done() for reader in readers):
                    done = self.up.manage("rebuild_projections")
                    if done.returncode:
                        raise RuntimeError(done.stderr)
                    rebuilds += 1
            finally:
                self._over.set()
            for work in (*readers, *writers):
                work.result()
        return rebuilds

    def compare(self) -> Any:
        """How many answers were compared, and those that were wrong."""
        path = self.up.folder / "seen.json"
        path.write_text(json.dumps(self.seen.answers))
        done = self.up.run_python("benchmarks.history", path)
        if done.returncode:
            raise RuntimeError(done.stderr)
        return json.loads(done.stdout)

    def _write(self, writer: int) -> None:
        """Changes everything that a card shows, as fast as the answers come."""
        turn = 0
        while not self._over.is_set():
            turn += 1
            one = f"incidents/{self._ids[(turn * WRITERS + writer) % INCIDENTS]}"
            for address, body in (
                ("title", {"title": f"Title {turn} of writer {writer}"}),
                ("severity", {"severity": 1 + turn % 4, "reason": f"Turn {turn}"}),
                ("phase", {"phase": PHASES[turn % len(PHASES)]}),
                ("messages", {"text": f"Message {turn} of writer {writer}"}),
            ):
                status = self._api.post(f"{one}/{address}", json=body).status_code
                self._commands += status < 300

    def _read(self, reader: int) -> None:
        ways: tuple[Callable[[int], None], ...] = (self._read_one, self._read_list, self._read_page)
        for n in range(-(-self.reads // READERS)):
            began = time.perf_counter()
            try:
                ways[(n + reader) % len(ways)](n)
            except (httpx.HTTPError, LookupError, AttributeError) as error:
                self.seen.failures.append(repr(error))
            self.seen.seconds.append(time.perf_counter() - began)

    def _read_one(self, n: int) -> None:
        self._saw(self._card(self._ids[n % INCIDENTS]))

    def _read_list(self, n: int) -> None:
        answer = self._api.get("incidents", params={"status": "open"}).raise_for_status()
        cards = {card["id"]: card for card in answer.json()["items"]}
        self._saw(cards[self._ids[n % INCIDENTS]])

    def _read_page(self, n: int) -> None:
        number = list(self._numbers)[n % INCIDENTS]
        page = self._pages.get(f"/incidents/{number}").raise_for_status().text
        head, title = HEAD.search(page), TITLE.search(page)
        if head is None or title is None:
            raise LookupError("the page states no version")
        facts = {"number": int(title[1]), "title": html.unescape(title[2])}
        self._note(self._numbers[number], int(head[1]), facts)

    def _saw(self, card: dict[str, Any]) -> None:
        self._note(card["id"], card["version"], {name: card[name] for name in FACTS})

    def _note(self, incident: str, version: int, facts: dict[str, Any]) -> None:
        self.seen.answers.append({"incident": incident, "version": version, "facts": facts})

    def _card(self, incident: str) -> dict[str, Any]:
        card: dict[str, Any] = (
            self._api.get(f"incidents/{incident}").raise_for_status().json()["card"]
        )
        return card

    def _declare(self, number: int) -> str:
        body = {"title": f"Incident {number}", "separate": True}
        answer = self._api.post("incidents", json=body).raise_for_status()
        return str(answer.json()["stream"]).partition(":")[2]

    def _break_something(self) -> None:
        """A monitor's breach declares an incident: the side effect that must not come again."""
        monitor = {
            "name": "Rebuild trial",
            "kind": "threshold",
            "parameters": {"value": 1, "needed": 1, "of": 1},
            "series": "rebuild_trial",
            "urgency": "page",
        }
        self._api.post("monitors", json=monitor).raise_for_status()
        point = {"series": "rebuild_trial", "time": datetime.now(UTC).isoformat(), "value": 5}
        self._api.post("measurements", json={"measurements": [point]}).raise_for_status()
        deadline = time.monotonic() + REACTION_SECONDS
        while not self._side_effects():
            if time.monotonic() > deadline:
                raise RuntimeError("the breach has led to no incident")
            time.sleep(0.2)

    def _side_effects(self) -> int:
        with psycopg.connect(self.up.published()["DATABASE_OWNER_URL"]) as session:
            row = session.execute(SIDE_EFFECTS).fetchone()
        return int(row[0]) if row else 0

    def _signed_in(self) -> httpx.Client:
        """A browser's session of the administrator whom the first start has made."""
        told = PASSWORD.search(self.up.log.read_text(errors="replace"))
        assert told is not None, "the first start told no password"
        client = httpx.Client(base_url=self.up.address, follow_redirects=True, timeout=60.0)
        page = client.get("/sign-in").raise_for_status().text
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert token is not None
        names = re.findall(r'<input[^>]*name="([^"]+)"', page)
        name = next(n for n in names if n not in ("csrfmiddlewaretoken", "next", "password"))
        body = {"csrfmiddlewaretoken": token[1], name: told[1], "password": told[2]}
        headers = {"Referer": f"{self.up.address}/sign-in"}
        client.post("/sign-in", data=body, headers=headers).raise_for_status()
        return client


SCOPES = ("incidents:write", "monitors:write", "measurements:write")
