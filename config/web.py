"""Page: the event log, its seals and its verification. The log itself knows no page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import structlog
from django.conf import settings
from django.core.exceptions import BadRequest
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST
from kombu.exceptions import OperationalError

from access.doors import actor_of, requires
from access.paging import BadCursor, read_cursor, write_cursor
from access.queries import names
from access.rights import can
from config.models import Verification
from config.tasks import verify_log
from eventlog import store
from eventlog.clock import now
from eventlog.models import Checkpoint, Stream
from eventlog.records import Record

log = structlog.get_logger(__name__)

PAGE = 50
LIST = "config.log"
STALLED_AFTER = timedelta(minutes=2)
LAG_BAD_AFTER = timedelta(seconds=5)
WAITING = """
SELECT count(*), min(e.recorded_at) FROM eventlog_event e, eventlog_head h WHERE e.seq > h.seq
"""


@requires("log:verify")
@never_cache
@require_GET
def log_page(request: HttpRequest) -> HttpResponse:
    """Head, checkpoint, seal lag, anchor, verification, and the newest events."""
    actor = actor_of(request)
    may_read = can(actor, "log:read")
    try:
        events, following = _events(request.GET.get("cursor")) if may_read else ([], None)
    except BadCursor as error:
        raise BadRequest(str(error)) from error
    page = {
        "facts": _facts(),
        "checkpoint": Checkpoint.objects.order_by("-size").first(),
        "run": _latest(),
        "key": str(uuid4()),
        "may_verify": True,
        "may_read": may_read,
        "events": events,
        "next": following,
        "newer": "cursor" in request.GET,
    }
    return render(request, "config/log.html", page)


@requires("log:verify")
@never_cache
@require_GET
def verification(request: HttpRequest) -> HttpResponse:
    """The state of the latest verification, as a piece of the page."""
    page = {"run": _latest(), "may_verify": True, "key": str(uuid4())}
    return render(request, "config/_verification.html", page)


@requires("log:verify")
@require_POST
def start_verification(request: HttpRequest) -> HttpResponse:
    """Asks a worker to prove the whole log, unless one is at it."""
    run = _latest()
    if run is None or run["state"] != "running":
        at = now()
        asked = Verification.objects.create(
            id=uuid4(), asked_by=actor_of(request).ref, started_at=at, moved_at=at
        )
        try:
            verify_log.apply_async((str(asked.id),), retry=False)
        except OperationalError as error:
            log.warning("verification.broker_away", error=repr(error))
            asked.ended_at, asked.summary = at, "not finished"
            asked.problems = ["The queue of background work could not be reached. Try again."]
            asked.save()
    return redirect("log")


@requires("log:verify")
@require_GET
def checkpoint(request: HttpRequest) -> HttpResponse:
    """The newest signed note, byte for byte as it was signed."""
    newest = Checkpoint.objects.order_by("-size").first()
    if newest is None:
        raise Http404("no checkpoint yet")
    response = HttpResponse(newest.note, content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="checkpoint-{newest.size}.txt"'
    return response


def _facts() -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute(WAITING)
        waiting, oldest = cursor.fetchone()
    newest = Checkpoint.objects.order_by("-size").first()
    lag = max(now() - oldest, timedelta(0)) if oldest else None
    anchor = settings.ENV.log_anchor_file
    return {
        "head": store.head(),
        "streams": Stream.objects.count(),
        "waiting": waiting,
        "waiting_for": lag,
        "waiting_bad": lag is not None and lag > LAG_BAD_AFTER,
        "checkpoint_at": newest.created_at if newest else None,
        "checkpoint_size": newest.size if newest else None,
        "anchor": "kept" if anchor else "",
        "anchor_words": (
            "a shorter log would be seen" if anchor else "removal of the newest would not be seen"
        ),
    }


def _latest() -> dict[str, Any] | None:
    run = Verification.objects.order_by("-started_at").first()
    if run is None:
        return None
    return {
        "state": _state(run),
        "started_at": run.started_at,
        "by": names([run.asked_by]).get(run.asked_by, ""),
        "done": run.done,
        "total": run.total,
        "percent": min(100, round(100 * run.done / run.total)) if run.total else 0,
        "problems": run.problems,
        "summary": run.summary,
    }


def _state(run: Verification) -> str:
    if run.ended_at is None:
        return "running" if now() - run.moved_at < STALLED_AFTER else "stopped"
    if run.summary == "not finished":
        return "stopped"
    return "failed" if run.problems else "passed"


def _events(cursor: str | None) -> tuple[list[dict[str, Any]], str | None]:
    """Sealed events before the cursor's position, newest first, and the cursor of what follows."""
    before = int(read_cursor(cursor, LIST)[0]) if cursor else store.head() + 1
    after = max(before - 1 - PAGE, 0)
    records = store.read_after(after, limit=before - 1 - after) if before > 1 else []
    called = names({record.actor for record in records})
    rows = [_row(record, called) for record in reversed(records)]
    return rows, write_cursor([after + 1], LIST) if after else None


def _row(record: Record, called: dict[str, str]) -> dict[str, Any]:
    return {
        "position": record.position,
        "type": record.type,
        "stream": record.stream,
        "version": record.version,
        "recorded_at": record.recorded_at,
        "actor": called.get(record.actor, record.actor),
        "hash": record.hash.hex(),
        "short_hash": record.hash.hex()[:12],
    }
