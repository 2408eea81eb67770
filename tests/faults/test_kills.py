"""A small campaign of kills; `./dropstitch bench faults` is the large one."""

from __future__ import annotations

from benchmarks.campaign import PARTS, Campaign
from benchmarks.up import Up


def test_what_was_acknowledged_outlives_the_kill_of_every_part() -> None:
    with Up() as up:
        campaign = Campaign(up, seed=11, kills=1, rate=20, pause=1)
        verdict = campaign.run()
    assert campaign.kills.failed == []
    assert all(campaign.kills.recovered[part] for part in PARTS)
    assert len(campaign.client.outcomes.acknowledged) > 20
    assert len(campaign.client.outcomes.refused) > 0
    assert verdict.clean, verdict
