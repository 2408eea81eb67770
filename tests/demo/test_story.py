"""The whole story through the public API: declared once, worked, resolved; or handed to a person."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from django.test import Client as DjangoClient

from demo.client import Client, Refused
from demo.commander import Commander
from demo.shop import Shop
from demo.stage import CALM, LEAD, Plan, Stage, play
from eventlog import followers
from eventlog.sealer import seal_once
from incidents import queries
from incidents.models import IncidentRow
from incidents.reactions import NAME
from monitoring import arrivals, evaluation, measurements, sources
from tests.cast import Player, machine

pytestmark = pytest.mark.django_db
PLAN = Plan(history=timedelta(days=2), speed=2.0, pace=1.5)
PATIENCE = 400.0


class Theatre:
    """The installation and the shop in one thread: time passes when somebody sleeps."""

    def __init__(self, http: httpx.Client):
        self.sensor, self.leader = self._tokens(http)
        self.elapsed, self.lines = 0.0, list[str]()
        self.between: Callable[[], None] = lambda: None
        self.live_from = (datetime.now(UTC) - LEAD).replace(hour=14, minute=0, second=0)
        self.live_from = self.live_from.replace(microsecond=0)
        self.shop = Shop(7, self.live_from - PLAN.history, self.live_from + CALM)
        self.stage = Stage(self.sensor, self.shop, PLAN, "test", self.lines.append)
        self.commander = Commander(self.leader, self.stage.environment, self.lines.append)

    def _tokens(self, http: httpx.Client) -> tuple[Client, Client]:
        sensor = machine("measurements:write", "monitors:write", name="YarnIt")
        leader = machine("incidents:write", "monitors:read", name="Robin")
        return Client(http, sensor.secret, self.sleep), Client(http, leader.secret, self.sleep)

    def sleep(self, seconds: float) -> None:
        """Lets the background do its work."""
        self.elapsed += seconds
        assert self.elapsed < PATIENCE, "\n".join(self.lines)
        evaluation.evaluate_due()
        seal_once(checkpoint=False)
        followers.catch_up([NAME])
        self.between()

    def play(self) -> None:
        self.stage.set_up(self.live_from)
        play(
            self.stage,
            self.shop,
            self.commander,
            PLAN,
            self.live_from,
            once=True,
            monotonic=lambda: self.elapsed,
            sleep=self.sleep,
            say=self.lines.append,
        )


@pytest.fixture
def theatre(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Theatre]:
    monkeypatch.setattr(arrivals, "nudge", lambda: None)
    measurements.forget()
    sources.forget()
    with httpx.Client(transport=httpx.MockTransport(answer), base_url="http://localhost") as http:
        yield Theatre(http)


def answer(request: httpx.Request) -> httpx.Response:
    """What the installation says, asked in this thread and on this test's connection."""
    given = DjangoClient().generic(
        request.method,
        request.url.raw_path.decode(),
        request.content,
        content_type=request.headers.get("Content-Type", "application/json"),
        headers={
            name: request.headers[name]
            for name in ("Authorization", "Idempotency-Key")
            if name in request.headers
        },
    )
    return httpx.Response(given.status_code, content=given.content)


def test_the_stale_model_is_declared_once_worked_and_resolved(theatre: Theatre) -> None:
    theatre.play()
    row = IncidentRow.objects.get()
    assert (row.status, row.outcome, row.verified, row.severity) == ("resolved", "fixed", True, 2)
    assert (row.breaches, row.breaches_open, row.follow_ups) == (3, 0, 4)
    assert row.resolved_at is not None
    assert row.messages >= 6
    phases = [phase.phase for phase in queries.detail(row.id, row.resolved_at).phases]  # type: ignore[union-attr]
    assert phases == ["detection", "troubleshooting", "mitigation", "resolution", "follow-up"]


def test_a_person_who_takes_command_is_left_to_it_and_can_finish(
    theatre: Theatre, ana: Player
) -> None:
    def take_over() -> None:
        row = IncidentRow.objects.filter(status="open", phase="troubleshooting").first()
        if row and row.commander == theatre.commander.me:
            address = f"incidents/{row.id}"
            body = {"role": "commander", "instead_of": row.commander, "reason": "I want to"}
            assert ana.api.post(f"{address}/roles/take", body).status_code == 200
            assert ana.api.post(f"{address}/phase", {"phase": "mitigation"}).status_code == 200

    theatre.between = take_over
    theatre.play()
    row = IncidentRow.objects.get()
    assert row.status == "open"
    assert row.commander != theatre.commander.me
    last = queries.messages(row.id).messages[-1]
    assert last.author.name == "Robin"
    assert "You have command" in last.text
    assert theatre.shop.repaired_at is not None


def test_a_second_run_puts_away_the_monitors_of_the_first(theatre: Theatre) -> None:
    theatre.stage.set_up(theatre.live_from)
    second = Stage(theatre.sensor, theatre.shop, PLAN, "again", theatre.lines.append)
    second.set_up(theatre.live_from)
    watched = theatre.sensor.get("monitors")["items"]
    assert {monitor["environment"] for monitor in watched} == {"demo-again"}


def test_a_refusal_is_told_with_its_code(theatre: Theatre) -> None:
    with pytest.raises(Refused) as refused:
        theatre.leader.post("incidents", {"title": ""})
    assert (refused.value.status, refused.value.code) == (400, "invalid")
