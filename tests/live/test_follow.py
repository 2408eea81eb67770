"""Following a stream: what was, what comes, and nothing twice."""

from __future__ import annotations

from tests.cast import Player
from tests.live.conftest import Server, opened, said, versions


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
