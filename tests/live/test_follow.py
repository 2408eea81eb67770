"""Following a stream: what was, what comes, and nothing twice."""

from __future__ import annotations

import asyncio
import json

from config.live.protocol import GAP_EVENTS
from eventlog import store
from eventlog.clock import now
from eventlog.core import Context, uuid7
from incidents.acting import redact
from incidents.commands import AddNote, ChangeSeverity, Declare, RedactMessage
from tests.cast import Player, machine
from tests.live.conftest import in_thread, opened, said, versions
from tests.processes import Server


def declared(by: str, number: int) -> str:
    """The stream of another incident."""
    incident = str(uuid7())
    command = Declare(
        incident=incident, at=now(), title="Another", severity=3, declared_by=by, number=number
    )
    store.execute(command, Context.by(by))
    return command.stream


def many_notes(stream: str, by: str, count: int) -> None:
    """A long past."""
    for number in range(count):
        note = AddNote(incident=stream.partition(":")[2], at=now(), text=f"note {number}")
        store.execute(note, Context.by(by))


def worsen(stream: str, by: str) -> None:
    """A change that the board shows."""
    command = ChangeSeverity(
        incident=stream.partition(":")[2], at=now(), severity=1, reason="it spreads"
    )
    store.execute(command, Context.by(by))


def remove(stream: str, message: str, by: str) -> None:
    """Removes a message for good."""
    command = RedactMessage(
        incident=stream.partition(":")[2], at=now(), message=message, by=by, reason="a secret"
    )
    redact(command, Context.by(by))


async def test_a_follower_hears_what_was_said_before_and_what_is_said_after(
    server: Server, incident: str, bot: str, ana: Player
) -> None:
    await said(incident, ana, "one", "two")
    async with opened(server, bot) as socket:
        hello = await socket.hear("hello")
        assert hello["user"]["name"] == "bot"
        frames = await socket.follow(incident, after=0)
        before = versions(frames)
        assert before == list(range(1, frames[0]["head"] + 1))
        await said(incident, ana, "three")
        event = (await socket.hear("ev"))["events"][0]
        assert event["v"] == before[-1] + 1
        assert event["data"]["text"] == "three"
        assert event["actor"] == {"ref": ana.ref, "name": "Ana"}
        assert "<p>three</p>" in event["html"]["channel"]


async def test_a_follower_that_comes_back_is_told_what_it_missed_and_no_more(
    server: Server, incident: str, bot: str, ana: Player
) -> None:
    async with opened(server, bot) as socket:
        last = versions(await socket.follow(incident, after=0))[-1]
    await said(incident, ana, *(f"message {n}" for n in range(20)))
    async with opened(server, bot) as socket:
        frames = await socket.follow(incident, after=last)
    told = [event for frame in frames if frame["t"] == "ev" for event in frame["events"]]
    texts = [event["data"]["text"] for event in told if event["type"].endswith("message_posted")]
    assert texts == [f"message {n}" for n in range(20)]
    assert [event["v"] for event in told] == list(range(last + 1, last + 1 + len(told)))


async def test_without_a_position_only_what_is_new_is_told(
    server: Server, incident: str, bot: str, ana: Player
) -> None:
    await said(incident, ana, "before")
    async with opened(server, bot) as socket:
        frames = await socket.follow(incident)
        assert versions(frames) == []
        await said(incident, ana, "after")
        assert (await socket.hear("ev"))["from"] == frames[0]["head"] + 1


async def test_a_gap_too_long_to_tell_ends_in_a_snapshot_and_the_head(
    server: Server, incident: str, bot: str, ana: Player
) -> None:
    await in_thread(many_notes, incident, ana.ref, GAP_EVENTS + 5)
    async with opened(server, bot) as socket:
        frames = await socket.follow(incident, after=0)
        assert [frame["t"] for frame in frames] == ["sub.ok", "reset", "live"]
        assert frames[1]["snapshot"] == "/incidents/1"
        assert frames[2]["at"] == frames[1]["head"] == frames[0]["head"]
        await said(incident, ana, "and on")
        assert (await socket.hear("ev"))["from"] == frames[1]["head"] + 1


async def test_a_position_of_another_history_is_reset(
    server: Server, incident: str, bot: str
) -> None:
    async with opened(server, bot) as socket:
        kinds = [frame["t"] for frame in await socket.follow(incident, after=1, epoch="other")]
        assert kinds == ["sub.ok", "reset", "live"]
        kinds = [frame["t"] for frame in await socket.follow(incident, after=999)]
        assert kinds == ["sub.ok", "reset", "live"]


async def test_a_long_past_comes_in_frames_of_at_most_a_hundred_events(
    server: Server, incident: str, bot: str, ana: Player
) -> None:
    await in_thread(many_notes, incident, ana.ref, 230)
    async with opened(server, bot) as socket:
        frames = await socket.follow(incident, after=0)
    sizes = [len(frame["events"]) for frame in frames if frame["t"] == "ev"]
    assert max(sizes) <= 100
    assert versions(frames) == list(range(1, frames[0]["head"] + 1))
    spans = [(f["events"][0]["v"], f["events"][-1]["v"]) for f in frames if f["t"] == "ev"]
    assert spans == [(f["from"], f["to"]) for f in frames if f["t"] == "ev"]


async def test_what_was_removed_is_not_sent_in_clear(
    server: Server, incident: str, bot: str, ana: Player
) -> None:
    async with opened(server, bot) as socket:
        last = versions(await socket.follow(incident, after=0))[-1]
        await said(incident, ana, "the password is hunter2")
        posted = await socket.event("incident.message_posted")
        assert "hunter2" in posted["html"]["channel"]
        await in_thread(remove, incident, posted["data"]["message"], ana.ref)
        removed = await socket.event("incident.message_redacted")
        assert removed["v"] == posted["v"] + 1
        assert removed["data"]["message"] == posted["data"]["message"]
        assert "Message removed" in removed["html"]["message"]
        # the process has sent the text a moment ago, and must not send it from memory
        frames = await socket.follow(incident, after=last)
    assert "hunter2" not in json.dumps(frames)
    assert versions(frames) == list(range(last + 1, removed["v"] + 1))


async def test_a_stream_can_be_left(server: Server, incident: str, bot: str, ana: Player) -> None:
    async with opened(server, bot) as socket:
        await socket.follow(incident)
        await socket.say(t="unsub", stream=incident)
        await said(incident, ana, "unheard")
        await socket.say(t="ping", n=7)
        async with asyncio.timeout(5):
            while (frame := await socket.hear("ev", "pong"))["t"] != "pong":
                raise AssertionError(frame)
        assert frame["heads"] == {}


async def test_a_heartbeat_tells_the_heads_of_followed_streams(
    server: Server, incident: str, bot: str
) -> None:
    async with opened(server, bot) as socket:
        head = (await socket.follow(incident))[0]["head"]
        await socket.say(t="ping", n=7)
        pong = await socket.hear("pong")
        assert pong == {"t": "pong", "n": 7, "heads": {incident: head}}


async def test_the_board_hears_which_incidents_changed(
    server: Server, incident: str, bot: str, ana: Player
) -> None:
    async with opened(server, bot) as socket:
        await socket.follow("board")
        await said(incident, ana, "nothing that the board shows")
        await in_thread(worsen, incident, ana.ref)
        touch = await socket.hear("touch")
        assert (touch["stream"], touch["ref"]) == ("board", incident)
        # whoever comes back with an older position hears of it as well
        missed = await socket.follow("board", after=touch["position"] - 1)
        assert [frame["ref"] for frame in missed if frame["t"] == "touch"] == [incident]


async def test_followers_of_one_stream_do_not_hear_another(
    server: Server, incident: str, bot: str, ana: Player
) -> None:
    other = await in_thread(declared, ana.ref, 2)
    async with opened(server, bot) as socket:
        await socket.follow(incident)
        await said(other, ana, "over there")
        await said(incident, ana, "over here")
        frame = await socket.hear("ev")
        assert frame["stream"] == incident


async def test_people_who_look_at_a_stream_see_each_other_and_who_is_typing(
    server: Server, incident: str, bot: str, ana: Player, bo: Player
) -> None:
    bos = (await in_thread(machine, "incidents:write", name="bo's bot")).secret
    async with opened(server, bot) as here, opened(server, bos) as there:
        await here.follow(incident)
        await there.follow(incident)
        while (presence := await here.hear("presence"))["count"] != 2:
            pass
        assert [person["name"] for person in presence["people"]] == ["bo's bot", "bot"]
        await there.say(t="typing", stream=incident)
        assert (await here.hear("typing"))["name"] == "bo's bot"
