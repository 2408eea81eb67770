"""The flag doors on ASGI: they stand before Django and answer from this process's memory.

    POST /ofrep/v1/evaluate/flags[/KEY]          OpenFeature, by a token with `flags:evaluate`
    GET  /ofrep/v1/events?ticket=…               word of changes, by the ticket of a bulk answer
    GET  /api/features/SDK-KEY                   GrowthBook's payload
    GET  /sub/SDK-KEY                            the same as server-sent events on every change
    POST /api/eval/SDK-KEY                       evaluated here

OpenFeature's doors also stand below ``/environments/NAME``; without it they are production's.
"""

from __future__ import annotations

import asyncio
import re
from typing import Any
from urllib.parse import unquote

import orjson
from django.conf import settings
from django.core import signing

from access.rights import Actor
from config.ending import when_ending
from experiments.serving import growthbook, ofrep, uses
from experiments.serving.callers import Callers, may_evaluate
from experiments.serving.keeper import Away, Keeper, of_installation
from experiments.serving.snapshot import Snapshot
from experiments.serving.wire import (
    PREFLIGHT,
    Answer,
    Gone,
    Rate,
    Receive,
    Scope,
    Send,
    TooBig,
    begin_events,
    end_events,
    header,
    query_of,
    read_body,
    respond,
    send_comment,
    send_event,
)

PRODUCTION = "production"
ADDRESS = re.compile(
    r"(?:/environments/(?P<environment>[a-z0-9-]{1,40}))?/ofrep/v1/"
    r"(?P<what>evaluate/flags(?:/(?P<flag>[^/]+))?|events)"
    r"|/(?P<door>api/features|api/eval|sub)/(?P<key>[^/]+)"
)
BEATS = 15.0  # seconds between signs of life on a stream
MOST_STREAMS = 2_000
TICKET_SECONDS = 24 * 3_600
TICKETS = "experiments.serving"
AWAY = {"errorDetails": "The flags cannot be read just now."}


class FlagDoors:
    """The application in front of another one, which gets every other request."""

    def __init__(self, behind: Any, keeper: Keeper | None = None):
        self._behind = behind
        self._keeper = keeper or of_installation()
        self._callers = Callers()
        self._rate = Rate(settings.ENV.flag_rate)
        self._streams = 0
        self._ending: asyncio.Event | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers what is for these doors."""
        match = ADDRESS.fullmatch(scope["path"]) if scope["type"] == "http" else None
        if match is None:
            await self._behind(scope, receive, send)
            return
        if scope["method"] == "OPTIONS":
            await respond(send, Answer(204, None, PREFLIGHT))
            return
        try:
            if match["door"]:
                await self._growthbook(match, scope, receive, send)
            elif match["what"] == "events":
                await self._events(scope, receive, send)
            else:
                await respond(send, await self._ofrep(match, scope, receive))
        except Away:
            await respond(send, Answer(503, AWAY, ((b"retry-after", b"2"),)))
        except TooBig:
            await respond(send, Answer(413, {"errorDetails": "The body is too large."}))
        except Gone:
            return

    async def _ofrep(self, match: re.Match[str], scope: Scope, receive: Receive) -> Answer:
        environment, flag = match["environment"] or PRODUCTION, match["flag"]
        body = await read_body(receive)
        if scope["method"] != "POST":
            return Answer(405, {"errorDetails": "Send POST."}, ((b"allow", b"POST"),))
        actor = await self._callers.actor(scope)
        refused = self._refusal(actor)
        if refused is not None:
            return refused
        snapshot = await self._keeper.snapshot(environment)
        if snapshot is None:
            snapshot = Snapshot.empty(environment)
        if flag is not None:
            uses.note(environment, flag)
            return ofrep.one(snapshot, unquote(flag), body)
        ticket = signing.dumps(environment, salt=TICKETS)
        events = f"/ofrep/v1/events?ticket={ticket}"
        return ofrep.every(snapshot, body, header(scope, b"if-none-match"), events)

    def _refusal(self, actor: Actor | None) -> Answer | None:
        if actor is None:
            return Answer(401, None, ((b"www-authenticate", b"Bearer"),))
        if not may_evaluate(actor):
            return Answer(403)
        if not self._rate.allows(actor.ref):
            return Answer(429, {"errorDetails": "Too many requests."}, ((b"retry-after", b"1"),))
        return None

    async def _events(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Says `refetchEvaluation` whenever what is served has changed."""
        try:
            ticket = query_of(scope).get("ticket", "")
            environment = signing.loads(ticket, salt=TICKETS, max_age=TICKET_SECONDS)
        except signing.BadSignature:
            await respond(send, Answer(401, {"errorDetails": "The ticket is not valid."}))
            return

        async def tell(snapshot: Snapshot) -> None:
            said = {"type": "refetchEvaluation", "etag": snapshot.tag}
            await send_event(send, orjson.dumps(said), event="message", id=snapshot.tag)

        snapshot = await self._keeper.snapshot(environment)
        await self._follow(snapshot or Snapshot.empty(environment), tell, receive, send)

    async def _growthbook(
        self, match: re.Match[str], scope: Scope, receive: Receive, send: Send
    ) -> None:
        door, key = match["door"], unquote(match["key"])
        found = await self._keeper.sdk_key(key)
        if found is None:
            await respond(send, growthbook.refusal(404, "This SDK key is not known."))
            return
        if not self._rate.allows(key):
            refused = growthbook.refusal(429, "Too many requests.")
            await respond(send, Answer(429, refused.body, ((b"retry-after", b"1"),)))
            return
        environment, seals = found
        snapshot = await self._keeper.snapshot(environment) or Snapshot.empty(environment)
        uses.note_all(environment, snapshot.configuration.features)
        if door == "sub":

            async def tell(changed: Snapshot) -> None:
                body = growthbook.body_of(changed, key, seals)
                await send_event(send, body, event="features", id=changed.tag)

            await self._follow(snapshot, tell, receive, send, at_once=True)
        elif door == "api/eval":
            body = await read_body(receive)
            allowed = scope["method"] == "POST"
            refused = growthbook.refusal(405, "Send POST.")
            await respond(send, growthbook.evaluated(snapshot, body) if allowed else refused)
        else:
            tag = header(scope, b"if-none-match")
            await respond(send, growthbook.features(snapshot, key, seals, tag))

    async def _follow(
        self, snapshot: Snapshot, tell: Any, receive: Receive, send: Send, *, at_once: bool = False
    ) -> None:
        """Tells of every newer snapshot until the client is gone."""
        if self._streams >= MOST_STREAMS:
            await respond(send, Answer(503, AWAY, ((b"retry-after", b"10"),)))
            return
        self._streams += 1
        gone = asyncio.create_task(self._end(receive))
        try:
            await begin_events(send)
            if at_once:
                await tell(snapshot)
            tag = snapshot.tag
            while not gone.done():
                newer = await self._next(snapshot.environment, tag, gone)
                if newer is not None:
                    tag = newer.tag
                    await tell(newer)
                elif not gone.done():
                    await send_comment(send)
            await end_events(send)
        finally:
            self._streams -= 1
            gone.cancel()

    async def _next(self, environment: str, tag: str, gone: asyncio.Task[None]) -> Snapshot | None:
        waiting = asyncio.create_task(self._keeper.newer(environment, tag, BEATS))
        await asyncio.wait({waiting, gone}, return_when=asyncio.FIRST_COMPLETED)
        if waiting.done():
            return waiting.result()
        waiting.cancel()
        return None

    async def _end(self, receive: Receive) -> None:
        """Returns when the client is gone, or this process is about to stop."""
        if self._ending is None:
            self._ending = asyncio.Event()
            when_ending(self._ending.set)
        left = asyncio.create_task(_hung_up(receive))
        ending = asyncio.create_task(self._ending.wait())
        try:
            await asyncio.wait({left, ending}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            left.cancel()
            ending.cancel()


async def _hung_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
