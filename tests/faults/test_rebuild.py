"""A rebuild while commands run; `./dropstitch bench rebuild` does it with a thousand reads."""

from __future__ import annotations

from benchmarks.rebuild import Rebuilding
from benchmarks.up import Up


def test_every_read_during_a_rebuild_equals_the_rows_at_the_version_it_states() -> None:
    with Up() as up:
        rebuilding = Rebuilding(up, reads=60)
        found = rebuilding.run()
        rebuilding.seen.answers[0]["facts"]["title"] = "What nobody ever wrote"
        noticed = rebuilding.compare()["wrong"]
    assert found.rebuilds >= 1
    assert found.commands > 20
    assert found.seen.failures == []
    assert found.compared >= 60
    assert found.wrong == []
    assert found.fired_again == 0
    assert found.drifted == ""
    assert len(noticed) == 1
