"""Every event of flags is a declared change, or is known to change nothing that is served."""

from __future__ import annotations

from access.changes import kinds
from eventlog.core import event_types

SERVES_NOTHING = {"flag.change_proposed", "flag.change_rejected", "sdk.key_issued"}
OURS = ("flag.", "group.", "layer.", "sdk.")


def test_every_event_that_changes_what_is_served_is_in_the_catalogue() -> None:
    ours = {type for type in event_types() if type.startswith(OURS)}
    assert ours
    assert ours - set(kinds()) == SERVES_NOTHING


def test_a_change_says_what_it_is_about_and_what_happened() -> None:
    said = {"flag": "flag:button", "environment": "production", "enabled": False}
    kind = kinds()["flag.turned"]
    assert (kind.sentence(said), said[kind.subject]) == (
        "turned it off in production",
        "flag:button",
    )
    assert not kind.routine
    assert kind.base_rate_key(said) == "flag.turned production"
    rules = {"environment": "staging", "restores": 0, "proposal": "", "revision": 3}
    sentence = kinds()["flag.rules_set"].sentence
    assert sentence(rules) == "changed the rules in staging"
    assert sentence({**rules, "restores": 2}) == "went back to revision 2 in staging"
    assert sentence({**rules, "proposal": "p"}) == "approved revision 3 in staging"
    layer = {"segments": [1], "experiment": "ranker"}
    assert kinds()["layer.segments_released"].sentence(layer) == "took 1 segment from ranker"


def test_every_subject_is_a_field_of_its_event() -> None:
    for type, kind in kinds().items():
        if type.startswith(OURS):
            assert kind.subject in event_types()[type].__dataclass_fields__
