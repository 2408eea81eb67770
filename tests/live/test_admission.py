"""Who may connect, follow and speak, and what happens when that changes."""

from __future__ import annotations

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from access.commands import DeactivatePerson, RevokeToken
from access.events import RoleGranted
from access.people import end_sessions
from access.state import Account
from eventlog import store
from eventlog.clock import now
from eventlog.core import Command, Context, Event
from tests.cast import OPERATOR, Machine, Player, machine
from tests.live.conftest import cookies, in_thread, opened, said
from tests.processes import Server

TOKEN = "c" * 32


class Strip(Command[Account]):
    """Leaves an account with a role that grants nothing, as a later release might know one."""

    blank = Account()
    person: str

    @property
    def stream(self) -> str:
        return f"person:{self.person}"

    def decide(self, state: Account) -> list[Event]:
        return [RoleGranted(person=self.person, role="outsider", before=state.role)]


async def test_a_browser_is_known_by_its_session(
    server: Server, incident: str, ana: Player
) -> None:
    async with opened(server, origin=server.origin, headers=await cookies(ana)) as socket:
        assert (await socket.hear("hello"))["user"] == {"ref": ana.ref, "name": "Ana"}
        assert (await socket.follow(incident))[0]["can"] == ["read", "post", "command"]


@pytest.mark.parametrize("origin", ["https://evil.example", "http://127.0.0.1:1", "null"])
async def test_a_page_of_another_origin_is_turned_away(
    server: Server, ana: Player, origin: str
) -> None:
    async with opened(server, origin=origin, headers=await cookies(ana)) as socket:
        assert await socket.closed() == 4403


async def test_a_session_cookie_without_an_origin_counts_for_nothing(
    server: Server, ana: Player
) -> None:
    async with opened(server, headers=await cookies(ana)) as socket:
        await socket.say(t="sub", stream="board")
        assert await socket.closed() == 4401


async def test_a_browser_without_a_session_is_sent_to_sign_in(server: Server) -> None:
    async with opened(server, origin=server.origin) as socket:
        assert await socket.closed() == 4401


async def test_a_token_may_come_in_the_first_frame(server: Server, incident: str, bot: str) -> None:
    async with opened(server) as socket:
        await socket.say(t="auth", token=bot)
        assert (await socket.hear("hello"))["user"]["name"] == "bot"


async def test_whoever_says_nothing_is_not_waited_for(server: Server) -> None:
    async with opened(server) as socket:
        assert await socket.closed() == 4401


async def test_a_token_that_is_none_opens_nothing(server: Server) -> None:
    async with opened(server, "ds_" + "x" * 43) as socket:
        assert await socket.closed() == 4401


async def test_a_token_in_the_address_opens_nothing(server: Server, bot: str) -> None:
    server_with_query = f"{server.url}?token={bot}"
    async with connect(server_with_query, subprotocols=["dropstitch.v1.json"]) as connection:
        with pytest.raises(ConnectionClosed):
            await connection.recv()
        assert connection.close_code == 4401


async def test_another_protocol_is_told_to_upgrade(server: Server, bot: str) -> None:
    async with opened(server, bot, subprotocols=None) as socket:
        assert await socket.closed() == 4426


async def test_another_address_is_no_socket(server: Server) -> None:
    with pytest.raises(InvalidStatus):
        async with connect(server.url.replace("/ws/v1", "/ws/v2")):
            pass


async def test_mallory_may_follow_nothing(
    server: Server, incident: str, mallory: Player, ana: Player
) -> None:
    async with opened(server, origin=server.origin, headers=await cookies(mallory)) as socket:
        await socket.hear("hello")
        for stream in (incident, "board"):
            (refusal,) = await socket.follow(stream, after=0)
            assert (refusal["t"], refusal["code"]) == ("nack", "forbidden")
        await socket.say(t="post", cid="1", stream=incident, text="let me in")
        assert (await socket.hear("nack"))["code"] == "forbidden"


async def test_an_observer_reads_and_does_not_speak(
    server: Server, incident: str, olga: Player
) -> None:
    async with opened(server, origin=server.origin, headers=await cookies(olga)) as socket:
        assert (await socket.follow(incident))[0]["can"] == ["read"]
        await socket.say(t="post", cid="1", stream=incident, text="may I?")
        assert (await socket.hear("ack", "nack"))["code"] == "forbidden"


async def test_a_token_does_no_more_than_its_scopes(
    server: Server, incident: str, ana: Player
) -> None:
    reader: Machine = await in_thread(machine, "incidents:read", owner=ana.ref)
    async with opened(server, reader.secret) as socket:
        assert (await socket.follow(incident))[0]["can"] == ["read"]
    sender: Machine = await in_thread(machine, "measurements:write", owner=ana.ref)
    async with opened(server, sender.secret) as socket:
        assert (await socket.follow(incident))[0]["code"] == "forbidden"


@pytest.mark.parametrize("stream", ["incident:none", "model:1", "nonsense", "person:1", "token:1"])
async def test_what_is_no_stream_cannot_be_followed(server: Server, bot: str, stream: str) -> None:
    async with opened(server, bot) as socket:
        assert (await socket.follow(stream, after=0))[0]["code"] == "not_found"


async def test_a_revoked_token_ends_its_connections(
    server: Server, incident: str, ana: Player
) -> None:
    own: Machine = await in_thread(machine, "incidents:read", owner=ana.ref)
    async with opened(server, own.secret) as socket:
        await socket.follow(incident)
        command = RevokeToken(token=str(own.token.id), at=now())
        await in_thread(store.execute, command, Context.by(OPERATOR))
        assert await socket.closed() == 4401


async def test_a_deactivated_person_is_out_at_once(
    server: Server, incident: str, bo: Player
) -> None:
    async with opened(server, origin=server.origin, headers=await cookies(bo)) as socket:
        await socket.follow(incident)
        command = DeactivatePerson(person=str(bo.person.id), at=now())
        await in_thread(store.execute, command, Context.by(OPERATOR))
        assert await socket.closed() == 4401


async def test_who_loses_the_right_to_a_stream_hears_no_more_of_it(
    server: Server, incident: str, ana: Player, bo: Player
) -> None:
    async with opened(server, origin=server.origin, headers=await cookies(bo)) as socket:
        await socket.follow(incident)
        await in_thread(
            store.execute, Strip(person=str(bo.person.id), at=now()), Context.by(OPERATOR)
        )
        assert await socket.hear("revoked") == {"t": "revoked", "stream": incident}
        await said(incident, ana, "a secret")
        await socket.say(t="ping", n=1)
        assert (await socket.hear("ev", "pong"))["t"] == "pong"
        assert (await socket.follow(incident))[0]["code"] == "forbidden"


async def test_signing_out_ends_the_sockets_of_that_session(
    server: Server, incident: str, bo: Player
) -> None:
    mine = await cookies(bo)
    form = {"Cookie": f"{mine['Cookie']}; csrftoken={TOKEN}", "X-CSRFToken": TOKEN}
    async with (
        opened(server, origin=server.origin, headers=mine) as socket,
        httpx.AsyncClient(base_url=server.origin, headers=form) as browser,
    ):
        await socket.follow(incident)
        assert (await browser.post("/sign-out")).status_code == 302
        assert await socket.closed() == 4401


async def test_ending_all_sessions_ends_their_sockets(
    server: Server, incident: str, bo: Player
) -> None:
    async with opened(server, origin=server.origin, headers=await cookies(bo)) as socket:
        await socket.follow(incident)
        await in_thread(end_sessions, Context.by(bo.ref), bo.person)
        assert await socket.closed() == 4401
