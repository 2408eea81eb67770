"""The log's page: a verification is background work whose outcome the page shows."""

from __future__ import annotations

from uuid import uuid4

import pytest

from config.models import Verification
from config.tasks import verify_log
from eventlog.clock import now
from tests.cast import Player


def asked(by: Player) -> Verification:
    """A verification that somebody has asked for."""
    at = now()
    return Verification.objects.create(id=uuid4(), asked_by=by.ref, started_at=at, moved_at=at)


def test_a_verification_counts_events_and_says_who_asked(sealer: object, ana: Player) -> None:
    verify_log(str(asked(ana).id))
    done = Verification.objects.get()
    page = ana.browser.get("/log/verification").content.decode()
    assert done.ended_at is not None
    assert done.problems == []
    assert f"{done.done:,} events" in done.summary
    assert "Passed" in page
    assert "by Ana" in page


def test_a_running_verification_shows_how_far_it_is(ana: Player) -> None:
    Verification.objects.filter(id=asked(ana).id).update(done=25, total=100)
    page = ana.browser.get("/log/verification").content.decode()
    assert 'aria-valuenow="25"' in page
    assert "Verify the whole log" not in page


def test_a_verification_that_stopped_moving_can_be_asked_for_again(ana: Player) -> None:
    run = asked(ana)
    Verification.objects.filter(id=run.id).update(moved_at=run.started_at.replace(year=2020))
    page = ana.browser.get("/log/verification").content.decode()
    assert "Did not finish" in page
    assert "Verify the whole log" in page


@pytest.mark.parametrize("path", ["/log/verification", "/log/checkpoint"])
def test_somebody_without_rights_learns_nothing(mallory: Player, path: str) -> None:
    assert mallory.browser.get(path).status_code == 403
