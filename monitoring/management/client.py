"""A client of the public REST API, as anybody could write it: an address and a token."""

from __future__ import annotations

import gzip
import hashlib
import os
import time
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from typing import Any

import httpx
import orjson
from django.core.management.base import CommandError

ATTEMPTS = 8
LONGEST_WAIT = 30.0
COUNTS = ("accepted", "unchanged", "corrected", "kept", "late", "rejected")


class Client:
    """Requests under /api/v1/. What is safe to send again is sent again while the door is shut."""

    def __init__(self, url: str, token: str, transport: httpx.BaseTransport | None = None):
        headers = {"Authorization": f"Bearer {token}"}
        base = f"{url.rstrip('/')}/api/v1/"
        self._http = httpx.Client(base_url=base, headers=headers, timeout=60, transport=transport)

    def get(self, path: str, **parameters: Any) -> Any:
        """The JSON of a resource. Raises `CommandError` with the problem's sentence."""
        return self._json(self._patiently("GET", path, params=parameters))

    def items(self, path: str, **parameters: Any) -> Iterator[Any]:
        """Every item of a list, page after page."""
        page = self.get(path, **parameters)
        yield from page["items"]
        while page["next"]:
            page = self._json(self._patiently("GET", page["next"]))
            yield from page["items"]

    def post(self, path: str, body: Any, key: str) -> Any:
        """Carries out a command once, however often it takes to hear the answer."""
        headers = {"Idempotency-Key": key}
        return self._json(self._patiently("POST", path, json=body, headers=headers))

    def send(self, points: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Sends measurements, compressed, and returns what became of them."""
        body = gzip.compress(b"\n".join(map(orjson.dumps, points)), compresslevel=1)
        headers = {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"}
        sent = self._patiently("POST", "measurements", content=body, headers=headers)
        if sent.status_code == 400 and sent.json().get("code") == "all_rejected":
            return dict(sent.json())
        return dict(self._json(sent))

    def ensure_monitor(self, definition: dict[str, Any]) -> str:
        """The id of the monitor with this name and series, made if there is none."""
        same = ("name", "series", "labels")
        for known in self.items("monitors", search=definition["name"]):
            if all(known[part] == definition.get(part, {}) for part in same):
                return str(known["id"])
        text = orjson.dumps(definition, option=orjson.OPT_SORT_KEYS)
        # An hour's grain: a monitor that was removed can be made again, a retry makes no second.
        mark = hashlib.sha256(text).hexdigest()[:32] + f"-{int(time.time() // 3600)}"
        return str(self.post("monitors", definition, mark)["stream"]).partition(":")[2]

    def close(self) -> None:
        """Ends the connection."""
        self._http.close()

    def _patiently(self, method: str, path: str, **options: Any) -> httpx.Response:
        """The answer, after waiting while the installation is away or asks to wait."""
        for attempt in range(ATTEMPTS):
            pause = min(LONGEST_WAIT, 0.5 * 2**attempt)
            try:
                answer = self._http.request(method, path, **options)
            except httpx.TransportError as error:
                reason = f"cannot reach {self._http.base_url}: {error}"
            else:
                if answer.status_code not in (429, 502, 503, 504):
                    return answer
                reason = f"{answer.status_code} from {self._http.base_url}"
                asked = answer.headers.get("Retry-After", "")
                pause = min(LONGEST_WAIT, float(asked)) if asked.isdigit() else pause
            if attempt < ATTEMPTS - 1:
                time.sleep(pause)
        raise CommandError(f"Gave up after {ATTEMPTS} attempts: {reason}.")

    def _json(self, answer: httpx.Response) -> Any:
        if answer.is_success:
            return answer.json()
        try:
            detail = answer.json()["detail"]
        except (ValueError, KeyError, TypeError):
            detail = answer.text[:200]
        raise CommandError(f"{answer.request.method} {answer.request.url}: {detail}")


def add_client_arguments(parser: ArgumentParser) -> None:
    """`--url` and `--token`, by default from DROPSTITCH_URL and DROPSTITCH_TOKEN."""
    parser.add_argument(
        "--url",
        default=os.environ.get("DROPSTITCH_URL", "http://127.0.0.1:8000"),
        help="address of the installation (DROPSTITCH_URL)",
    )
    parser.add_argument(
        "--token",
        default=os.environ.get("DROPSTITCH_TOKEN", ""),
        help="API token (DROPSTITCH_TOKEN)",
    )


def client_of(options: dict[str, Any]) -> Client:
    """The client that a command's options ask for. Raises `CommandError` without a token."""
    if not options["token"]:
        raise CommandError("Give a token: --token, or DROPSTITCH_TOKEN in the environment.")
    return Client(options["url"], options["token"])
