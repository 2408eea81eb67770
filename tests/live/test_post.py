"""Speaking: acknowledged once durable, said twice is said once, refused in clear words."""

from __future__ import annotations

from typing import Any

import pytest

from eventlog import store
from eventlog.clock import now
from eventlog.core import Context
from eventlog.reading import read_stream
from incidents.commands import Close, Resolve
from tests.cast import Player
from tests.live.conftest import in_thread, opened, said
from tests.processes import Server


def texts(stream: str) -> list[str]:
    """What was said in a stream, in order."""
    records = read_stream(stream)
    return [r.payload["text"] for r in records if r.type == "incident.message_posted"]


def close(stream: str, by: str) -> None:
    """Ends an incident for good."""
    incident = stream.partition(":")[2]
    store.execute(Resolve(incident=incident, at=now(), outcome="fixed"), Context.by(by))
    store.execute(Close(incident=incident, at=now(), exception="A drill."), Context.by(by))


async def test_a_post_is_durable_when_it_is_acknowledged(
    server: Server, incident: str, bot: str
) -> None:
    async with opened(server, bot) as socket:
        await socket.say(t="post", cid="c1", stream=incident, text="rolling back")
        ack = await socket.hear("ack")
        assert (ack["cid"], ack["dup"]) == ("c1", False)
        assert await in_thread(texts, incident) == ["rolling back"]
        assert ack["v"] == len(await in_thread(read_stream, incident))


async def test_everybody_hears_a_post_with_its_client_id(
    server: Server, incident: str, bot: str
) -> None:
    async with opened(server, bot) as here, opened(server, bot) as there:
        await there.follow(incident)
        await here.say(t="post", cid="c1", stream=incident, text="hello **there**")
        heard: list[dict[str, Any]] = []
        while not heard or heard[-1].get("cid") != "c1":
            heard += (await there.hear("ev"))["events"]
        assert "<strong>there</strong>" in heard[-1]["html"]["channel"]


async def test_the_same_client_id_is_posted_once_and_acknowledged_each_time(
    server: Server, incident: str, bot: str
) -> None:
    async with opened(server, bot) as socket:
        acks = []
        for _ in range(3):
            await socket.say(t="post", cid="c1", stream=incident, text="once")
            acks.append(await socket.hear("ack"))
    async with opened(server, bot) as socket:
        await socket.say(t="post", cid="c1", stream=incident, text="once")
        acks.append(await socket.hear("ack"))
    assert [ack["dup"] for ack in acks] == [False, True, True, True]
    assert len({ack["v"] for ack in acks}) == 1
    assert await in_thread(texts, incident) == ["once"]


async def test_a_client_id_used_for_another_text_is_refused(
    server: Server, incident: str, bot: str
) -> None:
    async with opened(server, bot) as socket:
        await socket.say(t="post", cid="c1", stream=incident, text="one")
        await socket.hear("ack")
        await socket.say(t="post", cid="c1", stream=incident, text="another")
        refusal = await socket.hear("ack", "nack")
        assert (refusal["code"], refusal["retry"]) == ("duplicate_cid_conflict", False)
    assert await in_thread(texts, incident) == ["one"]


async def test_posts_of_one_socket_keep_their_order(
    server: Server, incident: str, bot: str
) -> None:
    async with opened(server, bot) as socket:
        for number in range(15):
            await socket.say(t="post", cid=f"c{number}", stream=incident, text=f"{number}")
        acks = [await socket.hear("ack", "nack") for _ in range(15)]
    assert [ack["cid"] for ack in acks] == [f"c{number}" for number in range(15)]
    assert await in_thread(texts, incident) == [str(number) for number in range(15)]


async def test_a_closed_incident_takes_no_posts(
    server: Server, incident: str, bot: str, ana: Player
) -> None:
    await in_thread(close, incident, ana.ref)
    async with opened(server, bot) as socket:
        await socket.say(t="post", cid="c1", stream=incident, text="too late")
        refusal = await socket.hear("ack", "nack")
    assert (refusal["code"], refusal["retry"]) == ("closed_incident", False)
    assert "reopen" in refusal["message"]


@pytest.mark.parametrize(
    ("frame", "code", "field"),
    [
        ({"cid": "c", "text": "t"}, "bad_frame", "stream"),
        ({"cid": 7, "text": "t", "stream": "s"}, "bad_frame", "cid"),
        ({"cid": "c", "text": "  ", "stream": "s"}, "bad_frame", "text"),
        ({"cid": "c" * 101, "text": "t", "stream": "s"}, "too_long", "cid"),
        ({"cid": "c", "text": "t" * 8001, "stream": "s"}, "too_long", "text"),
        ({"cid": "c", "text": "t", "stream": "s"}, "not_found", None),
        ({"cid": "c", "text": "t", "stream": "incident:1"}, "not_found", "incident"),
    ],
)
async def test_a_post_that_is_none_is_refused_and_named(
    server: Server, bot: str, frame: dict[str, Any], code: str, field: str | None
) -> None:
    async with opened(server, bot) as socket:
        await socket.say(t="post", **frame)
        refusal = await socket.hear("ack", "nack")
    assert (refusal["code"], refusal.get("field")) == (code, field)
    assert refusal["cid"] == frame["cid"]


async def test_who_posts_too_fast_is_told_when_to_go_on(
    server: Server, incident: str, bot: str
) -> None:
    async with opened(server, bot) as socket:
        for number in range(40):
            await socket.say(t="post", cid=f"c{number}", stream=incident, text="fast")
        answers = [await socket.hear("ack", "nack") for _ in range(40)]
    refused = [answer for answer in answers if answer["t"] == "nack"]
    assert refused
    assert {answer["code"] for answer in refused} == {"rate_limited"}
    assert all(answer["retry"] and answer["retry_ms"] > 0 for answer in refused)
    assert len(await in_thread(texts, incident)) == 40 - len(refused)


async def test_an_unknown_frame_is_refused_and_the_connection_goes_on(
    server: Server, incident: str, bot: str
) -> None:
    async with opened(server, bot) as socket:
        await socket.say(t="dance", id=3)
        refusal = await socket.hear("nack")
        assert (refusal["id"], refusal["code"], refusal["field"]) == (3, "bad_frame", "t")
        await socket.say(t="sub", id=4, stream=incident, after=-1)
        assert (await socket.hear("nack"))["field"] == "after"
        assert (await socket.follow(incident))[0]["t"] == "sub.ok"


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '"t"', '{"t":1}', "{}", "\x00", "[" * 9000]
)
async def test_what_is_no_frame_ends_the_connection(server: Server, bot: str, text: str) -> None:
    async with opened(server, bot) as socket:
        await socket.hear("hello")
        await socket.connection.send(text)
        assert await socket.closed() == 4400


async def test_bytes_end_the_connection(server: Server, bot: str) -> None:
    async with opened(server, bot) as socket:
        await socket.hear("hello")
        await socket.connection.send(b'{"t":"ping","n":1}')
        assert await socket.closed() == 4400


async def test_a_huge_frame_ends_the_connection(server: Server, bot: str) -> None:
    async with opened(server, bot) as socket:
        await socket.hear("hello")
        await socket.say(t="post", cid="c", stream="incident:1", text="x" * 20_000)
        assert await socket.closed() == 1009


async def test_a_flood_of_frames_ends_the_connection(server: Server, bot: str) -> None:
    async with opened(server, bot) as socket:
        await socket.hear("hello")
        for number in range(200):
            await socket.say(t="ping", n=number)
        assert await socket.closed() == 4029


async def test_no_more_than_thirty_two_streams_are_followed_at_once(
    server: Server, incident: str, bot: str, ana: Player
) -> None:
    async with opened(server, bot) as socket:
        assert (await socket.hear("hello"))["limits"]["subs"] == 32
        await said(incident, ana, "one stream counts once")
        for _ in range(40):
            assert (await socket.follow(incident))[0]["t"] == "sub.ok"


async def test_a_slash_command_is_carried_out_and_not_posted(
    server: Server, incident: str, bot: str
) -> None:
    async with opened(server, bot) as socket:
        await socket.follow(incident)
        await socket.say(t="cmd", cid="c1", stream=incident, text="/note cache is cold")
        told = {frame["t"]: frame for frame in [await socket.hear("ev", "ack") for _ in range(2)]}
        assert told["ev"]["events"][0]["type"] == "incident.note_added"
        assert told["ack"]["dup"] is False
        await socket.say(t="cmd", cid="c1", stream=incident, text="/note cache is cold")
        assert (await socket.hear("ack"))["dup"] is True
    assert await in_thread(texts, incident) == []


async def test_an_unknown_command_is_refused_and_never_posted(
    server: Server, incident: str, bot: str
) -> None:
    async with opened(server, bot) as socket:
        for kind in ("cmd", "post"):
            await socket.say(t=kind, cid=f"{kind}1", stream=incident, text="/nonsense now")
            assert (await socket.hear("ack", "nack"))["code"] == "unknown_command"
        await socket.say(t="cmd", cid="c2", stream=incident, text="no slash")
        assert (await socket.hear("ack", "nack"))["code"] == "unknown_command"
    assert await in_thread(texts, incident) == []


async def test_help_is_told_to_who_asked_alone(server: Server, incident: str, bot: str) -> None:
    async with opened(server, bot) as socket:
        await socket.say(t="cmd", cid="c1", stream=incident, text="/help note")
        assert "/note" in (await socket.hear("ack"))["reply"]
    assert await in_thread(texts, incident) == []
