"""Somebody who sets flags by the REST API of a running web process, for benchmarks."""

from __future__ import annotations

import time
import uuid
from typing import Any

import httpx

from benchmarks.tokens import make_token

PRODUCTION = {"environment": "production"}


class Shop:
    """A client with every right that flags need."""

    def __init__(self, url: str):
        self.url = url
        token = make_token("flags:write", "flags:evaluate", "measurements:write")
        self.headers = {"Authorization": f"Bearer {token}"}
        self._http = httpx.Client(base_url=url, headers=self.headers, timeout=60)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """A command; what it answered."""
        said = self._http.post(f"/api/v1/{path}", json=body)
        if said.status_code >= 400:
            raise ValueError(f"{path}: {said.text}")
        return said.json()

    def create(self, flag: str, kind: str, default: Any, rules: list[dict[str, Any]]) -> None:
        """A flag that is on."""
        self.post("flags", {"flag": flag, "kind": kind, "default": default})
        if rules:
            self.post(f"flags/{flag}/rules", {**PRODUCTION, "default": default, "rules": rules})
        self.turn(flag, True)

    def turn(self, flag: str, enabled: bool) -> None:
        """On or off."""
        self.post(f"flags/{flag}/turn", {**PRODUCTION, "enabled": enabled})

    def sdk_key(self) -> str:
        """A key for an SDK, known to the web process."""
        stream: str = self.post("sdk-keys", {**PRODUCTION, "name": "bench"})["stream"]
        self.settle()
        return stream.removeprefix("sdk:")

    def settle(self) -> None:
        """Waits until everything so far is served: a flag with a new name comes last."""
        last = f"last-{uuid.uuid4()}"
        self.create(last, "boolean", False, [])
        until = time.monotonic() + 20
        while self._http.post(f"/ofrep/v1/evaluate/flags/{last}", json={}).status_code != 200:
            if time.monotonic() > until:
                raise TimeoutError("the flags were never served")
            time.sleep(0.02)
