"""Flags on a real web process, asked over HTTP."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from eventlog.core import uuid7
from tests.cast import Machine, Player, machine
from tests.processes import Server

PRODUCTION = {"environment": "production"}
TRIAL = {"id": "test", "key": "exp", "variations": ["a", "b"], "seed": "s1"}
STAFF = {"id": "staff", "condition": {"staff": True}, "force": "red"}


def until(holds: Callable[[], bool]) -> None:
    """Waits for what has to come within a second or so."""
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.02)


class Flags:
    """Somebody who changes flags, and sees to it that the web process has heard of it."""

    def __init__(self, player: Player, server: Server):
        self._api, self._origin = player.api, server.origin
        self._token = machine("flags:evaluate", name="waiter").secret

    def settle(self) -> None:
        """Waits until everything so far is served: a flag with a new name comes last."""
        last = f"last-{uuid7()}"
        self.create(last)
        headers = {"Authorization": f"Bearer {self._token}"}
        address = f"{self._origin}/ofrep/v1/evaluate/flags/{last}"
        until(lambda: httpx.post(address, json={}, headers=headers, timeout=20).status_code == 200)

    def create(self, flag: str, kind: str = "string", default: Any = "blue") -> None:
        """A flag that is on, with no rule."""
        body = {"flag": flag, "kind": kind, "default": default}
        assert self._api.post("flags", body).status_code == 201
        self.turn(flag)

    def rules(self, flag: str, *rules: dict[str, Any], default: Any = "blue") -> None:
        """What is served."""
        body = {**PRODUCTION, "default": default, "rules": list(rules)}
        said = self._api.post(f"flags/{flag}/rules", body)
        assert said.status_code == 200, said.json()

    def turn(self, flag: str, enabled: bool = True) -> None:
        """On or off."""
        body = {**PRODUCTION, "enabled": enabled}
        assert self._api.post(f"flags/{flag}/turn", body).status_code == 200

    def sdk_key(self, **fields: Any) -> str:
        """A new SDK key."""
        said = self._api.post("sdk-keys", {**PRODUCTION, "name": "web", **fields})
        assert said.status_code == 201
        return str(said.json()["stream"]).removeprefix("sdk:")


@pytest.fixture
def flags(server: Server, bo: Player) -> Flags:
    return Flags(bo, server)


@pytest.fixture
def evaluator(server: Server) -> Machine:
    return machine("flags:evaluate", name="shop")


@pytest.fixture
def http(server: Server, evaluator: Machine) -> Iterator[httpx.Client]:
    """A client with a token that may evaluate."""
    headers = {"Authorization": f"Bearer {evaluator.secret}"}
    with httpx.Client(base_url=server.origin, headers=headers, timeout=20) as client:
        yield client
