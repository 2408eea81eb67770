"""A client of the public REST API: a token, JSON, and patience."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx

ATTEMPTS = 8
BUSY = {429, 502, 503, 504}


class Refused(Exception):
    """The installation said no; `code` is stable, `current` the value that stands."""

    def __init__(self, status: int, problem: dict[str, Any]):
        super().__init__(f"{status}: {problem.get('detail', '')}")
        self.status, self.code = status, str(problem.get("code", ""))
        self.current = problem.get("current")


class Client:
    """`get` and `post` under /api/v1/. Repeats what may have been lost, under the same key."""

    def __init__(self, http: httpx.Client, token: str, sleep: Callable[[float], None] = time.sleep):
        self._http, self._sleep = http, sleep
        self._headers = {"Authorization": f"Bearer {token}"}

    def get(self, path: str, **query: Any) -> Any:
        """The JSON of an answer. Raises `Refused`."""
        return self._ask("GET", path, params=query)

    def post(self, path: str, body: Any = None, key: str | None = None) -> Any:
        """The JSON of an answer. Raises `Refused`."""
        headers = {"Idempotency-Key": key or str(uuid4())}
        return self._ask("POST", path, json={} if body is None else body, headers=headers)

    def _ask(self, method: str, path: str, **options: Any) -> Any:
        headers = self._headers | options.pop("headers", {})
        for attempt in range(ATTEMPTS):
            last = attempt == ATTEMPTS - 1
            try:
                answer = self._http.request(method, f"/api/v1/{path}", headers=headers, **options)
            except httpx.TransportError:
                if last:
                    raise
            else:
                if answer.status_code not in BUSY or last:
                    return _read(answer)
            self._sleep(min(10.0, 0.5 * 2**attempt))
        raise AssertionError("unreachable: the last attempt returns or raises")


def _read(answer: httpx.Response) -> Any:
    if answer.is_success:
        return answer.json()
    try:
        problem = answer.json()
    except ValueError:
        problem = {"detail": answer.text[:200]}
    raise Refused(answer.status_code, problem)
