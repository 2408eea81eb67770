"""The scripted commander: works the incident through the API, as fast as people can follow.

It acts on what the installation shows: which breaches are attached, what its monitors say, who
commands. As soon as a person takes command it says so and leaves the rest to them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from demo.client import Client, Refused
from demo.monitors import PREFIX, SERVICE

Say = Callable[[str], None]
SOON, BREATH = 0.4, 1.0
FOLLOW_UPS = (
    ("Page when a log feeder restarts more than twice an hour", "P0", "fix"),
    ("Page on training throughput, and not only notify", "P1", "fix"),
    ("Agree a freshness budget: 12 h to train, 36 h until somebody is called", "P1", "fix"),
    ("Size the feeders by log volume, with room for half a year", "P2", "improvement"),
)


class SteppedBack(Exception):
    """Somebody else commands."""


class Commander:
    """Plays one incident. `script` yields how many paces to wait before it goes on."""

    def __init__(self, client: Client, environment: str, say: Say):
        self._client, self._environment, self._say = client, environment, say
        self.incident = ""
        self.me = str(client.get("me")["actor"])

    def script(self) -> Iterator[float]:
        """The whole story, from waiting for a declaration to the resolution."""
        while not self._find():
            yield SOON
        try:
            yield from self._work()
        except SteppedBack:
            self._step_back()

    def phase(self) -> str:
        """The incident's phase, for whoever looks after the shop; empty before it is declared."""
        return str(self._card()["phase"]) if self.incident else ""

    def _work(self) -> Iterator[float]:
        yield from self._take_command()
        yield from self._look()
        yield from self._tell()
        yield from self._mitigate()
        yield from self._resolve()

    def _take_command(self) -> Iterator[float]:
        yield 1.5 * BREATH
        try:
            self._client.post(self._at("roles/take"), {"role": "commander"})
        except Refused as refused:
            raise SteppedBack from refused
        self._say("took command")
        yield BREATH
        self._write("I have command. Nothing was deployed to search today, so I start with data.")
        yield BREATH

    def _look(self) -> Iterator[float]:
        self._do("phase", {"phase": "troubleshooting"})
        yield BREATH
        for breach in self._detail()["breaches"]:
            self._write(f"**{breach['monitor']['name']}**: {breach['sentence']}")
            yield BREATH
        throughput = self._monitor("training throughput")
        if throughput and throughput["status"] == "breached":
            self._write(
                f"Training itself starves: {throughput['sentence']} "
                "It only notifies, so nobody was called."
            )
            yield BREATH
        self._write(
            "The log feeders crash for want of memory and start again, over and over. Log volume "
            "has outgrown them, so no night's training finishes and we serve an *old model*."
        )
        yield 1.5 * BREATH

    def _tell(self) -> Iterator[float]:
        while not self._attached("click-through"):
            self._must_command()
            yield SOON
        clicks = self._attached("click-through")
        self._write(f"Searchers notice now. {clicks['sentence']}")
        yield BREATH
        reason = "Click-through is out of its band: people find less of what they search for"
        self._do("severity", {"severity": 2, "reason": reason})
        yield BREATH
        self._do("impact", self._impact())
        yield BREATH
        text = "Search shows stale results. The cause is known: training lacks log feeders."
        self._do("updates", {"audience": "internal", "text": text})
        yield BREATH

    def _impact(self) -> dict[str, Any]:
        monitor = self._monitor("click-through") or {}
        value = monitor.get("verdict", {}).get("value")
        body: dict[str, Any] = {"text": "Fewer clicks on the first five results"}
        if value is None:
            return body
        low, best, high = (round(100 * (value - usual), 1) for usual in (0.626, 0.62, 0.614))
        return body | {"unit": "points", "low": low, "best": best, "high": high}

    def _mitigate(self) -> Iterator[float]:
        for title, priority, intent in FOLLOW_UPS[:2]:
            self._do("follow-ups", {"title": title, "priority": priority, "intent": intent})
            yield 0.6 * BREATH
        self._write("Doubling the feeders from 10 to 20 and starting last night's training again.")
        self._do("phase", {"phase": "mitigation"})
        yield BREATH
        while not self._recovered("search model age"):
            self._must_command()
            yield SOON
        self._write("The new model serves. Searchers need some hours to come back to it.")
        self._do("phase", {"phase": "resolution"})
        yield BREATH
        for title, priority, intent in FOLLOW_UPS[2:]:
            self._do("follow-ups", {"title": title, "priority": priority, "intent": intent})
            yield 0.6 * BREATH

    def _resolve(self) -> Iterator[float]:
        while self._card()["proposal"] != "resolve":
            self._must_command()
            yield SOON
        self._write("Click-through is back in its band, and every monitor agrees.")
        yield BREATH
        text = "Search is fresh again. Work that remains is in the follow-ups."
        self._do("updates", {"audience": "internal", "text": text})
        yield BREATH
        summary = "Twice the log feeders; the model was trained and serves; click-through is back."
        resolution = {"outcome": "fixed", "confidence": "high", "verified": True}
        self._do("resolve", {**resolution, "summary": summary})
        self._say("resolved the incident")

    def _step_back(self) -> None:
        holder = self._card()["commander"]
        if holder is None:
            self._say("somebody took command away; stepping back")
            return
        if self._card()["status"] == "open":
            self._post_message(
                "You have command, and I step back. When the incident enters *mitigation*, the "
                "operations crew of the shop doubles its log feeders and trains again."
            )
        self._say(f"{holder['name']} has command; stepping back")

    def _find(self) -> bool:
        for card in self._client.get("incidents", status="open", subject=SERVICE)["items"]:
            if card["environment"] == self._environment:
                self.incident = card["id"]
                self._say(f"incident #{card['number']} was declared: {card['title']}")
                return True
        return False

    def _must_command(self) -> None:
        card = self._card()
        if card["status"] != "open" or (card["commander"] or {}).get("ref") != self.me:
            raise SteppedBack

    def _do(self, address: str, body: dict[str, Any]) -> None:
        self._must_command()
        self._client.post(self._at(address), body)
        self._say(f"{address}: {', '.join(str(value) for value in body.values())}")

    def _write(self, text: str) -> None:
        self._must_command()
        self._post_message(text)

    def _post_message(self, text: str) -> None:
        self._client.post(self._at("messages"), {"text": text})
        self._say(text)

    def _detail(self) -> Any:
        return self._client.get(self._at(""))

    def _card(self) -> Any:
        return self._detail()["card"]

    def _at(self, address: str) -> str:
        return f"incidents/{self.incident}/{address}".rstrip("/")

    def _attached(self, name: str) -> Any:
        found = [b for b in self._detail()["breaches"] if name in b["monitor"]["name"]]
        return found[-1] if found else None

    def _recovered(self, name: str) -> bool:
        breach = self._attached(name)
        return breach is not None and breach["recovered_at"] is not None

    def _monitor(self, name: str) -> Any:
        monitors = self._client.get("monitors", limit=200)["items"]
        ours = [m for m in monitors if m["name"].startswith(PREFIX) and name in m["name"]]
        return next((m for m in ours if m["environment"] == self._environment), None)
