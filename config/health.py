"""Probes: /healthz says that the process lives, /readyz whether it can do its work.

An app adds a check by decorating a function that raises, with a sentence, when something is wrong:

    @check("feed", needed=False)
    def feed_is_read() -> str:
        return "3 s behind"            # a word about how things are, or nothing
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooSlow
from dataclasses import dataclass
from typing import Any

import structlog
from django.db import connections
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from access.doors import public

TIMEOUT = 2.0

log = structlog.get_logger("health")


class NotWell(Exception):
    """A check found something wrong; the message says what."""


@dataclass(frozen=True)
class Check:
    """A named question. Without a `needed` one the installation is degraded, but ready."""

    name: str
    needed: bool
    ask: Callable[[], str | None]


Answer = dict[str, Any]

_checks: dict[str, Check] = {}
_pool = ThreadPoolExecutor(max_workers=8, thread_name_prefix="health")
_running: dict[str, Future[Answer]] = {}
_lock = threading.Lock()


def check(name: str, *, needed: bool) -> Callable[[Callable[[], str | None]], Any]:
    """Registers a check under its name."""

    def remember(ask: Callable[[], str | None]) -> Callable[[], str | None]:
        _checks[name] = Check(name, needed, ask)
        return ask

    return remember


def run_checks(timeout: float = TIMEOUT) -> dict[str, Answer]:
    """Asks everything side by side; the whole takes no longer than `timeout` seconds."""
    until = time.monotonic() + timeout
    futures = {name: _start(one) for name, one in _checks.items()}
    answers = {}
    for name, future in futures.items():
        try:
            answer = future.result(max(0.0, until - time.monotonic()))
        except TooSlow:
            late = f"no answer within {timeout:g} s"
            answer = {"ok": False, "detail": late, "ms": round(timeout * 1000, 1)}
        answers[name] = {**answer, "needed": _checks[name].needed}
    return answers


def _start(one: Check) -> Future[Answer]:
    # A check that still hangs from the last probe is waited for, not started once more:
    # otherwise every probe would leave another stuck thread behind.
    with _lock:
        running = _running.get(one.name)
        if running is None or running.done():
            running = _running[one.name] = _pool.submit(_ask, one)
        return running


def _ask(one: Check) -> Answer:
    started = time.monotonic()
    try:
        ok, detail = True, one.ask() or ""
    except NotWell as error:
        ok, detail = False, str(error)
    except Exception as error:
        # What a driver says may hold a host or a user name: that is for the log only.
        log.warning("check failed", check=one.name, error=repr(error))
        ok, detail = False, type(error).__name__
    finally:
        connections.close_all()
    return {"ok": ok, "detail": detail, "ms": round((time.monotonic() - started) * 1000, 1)}


@public
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """The process is alive. Asks nothing and nobody."""
    return JsonResponse({"status": "alive"})


@public
@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Ready, degraded (200) or not ready (503), with every check by name."""
    results = run_checks()
    failed = [result for result in results.values() if not result["ok"]]
    blocked = any(result["needed"] for result in failed)
    status = "not ready" if blocked else "degraded" if failed else "ready"
    return JsonResponse({"status": status, "checks": results}, status=503 if blocked else 200)
