"""Layers: segments of traffic, each of which belongs to one experiment at a time.

Layers hash with salts of their own and are therefore independent of each other; experiments of
one layer exclude each other (Tang, Agarwal, O'Brien, Meyer 2010, "Overlapping experiment
infrastructure"). Free segments are given out by a seeded shuffle, not from left to right, so that
the units of an experiment that ended do not all go into the same next one.
"""

from __future__ import annotations

from datetime import timedelta

from eventlog.core import Command, Event, Refused
from experiments import events
from experiments.assignment.hashing import planout_sample, seed_from
from experiments.commands.checks import check_key, check_text, in_utc
from experiments.state import Layer

LARGEST = 10_000  # segments: a place in [0, 1) has as many
LONGEST_COOL_DOWN = 90  # days


def salt_of(layer: str) -> str:
    """What places units in a layer."""
    return seed_from(f"layer {layer}")


class LayerCommand(Command[Layer]):
    """Continues the story of one layer; `layer` is its key."""

    blank = Layer()
    layer: str

    @property
    def stream(self) -> str:
        return f"layer:{self.layer}"


class CreateLayer(LayerCommand):
    """Begins a layer. Units are placed by the attribute `unit`; freed segments rest `cool_down` days.

    A holdout layer comes before every experiment: units in its allocated segments take part in none.
    """

    unit: str = "id"
    size: int = 1_000
    cool_down: int = 7
    is_holdout: bool = False
    description: str = ""

    def decide(self, state: Layer) -> list[Event]:
        check_key(self.layer, "layer")
        if state.size:
            raise Refused("There is a layer with this key already.", code="exists", field="layer")
        check_text(self.unit, "unit", limit=200, empty=False)
        check_text(self.description, "description")
        if not 2 <= self.size <= LARGEST:
            raise Refused(f"Must be 2 to {LARGEST:,} segments.", code="bad_value", field="size")
        if not 0 <= self.cool_down <= LONGEST_COOL_DOWN:
            sentence = f"Must be 0 to {LONGEST_COOL_DOWN} days."
            raise Refused(sentence, code="bad_value", field="cool_down")
        return [
            events.LayerCreated(
                layer=self.stream,
                unit=self.unit,
                salt=salt_of(self.layer),
                size=self.size,
                cool_down=self.cool_down,
                is_holdout=self.is_holdout,
                description=self.description,
            )
        ]


class Allocate(LayerCommand):
    """Gives an experiment as many segments in all: more than it has are added, fewer are freed.

    Segments that it has and keeps stay its own, so that growing moves nobody who takes part.
    """

    experiment: str
    segments: int

    def decide(self, state: Layer) -> list[Event]:
        require_layer(state)
        check_key(self.experiment, "experiment")
        owned = state.owners.get(self.experiment, ())
        if self.segments < 1:
            raise Refused("Must be at least 1; release it instead.", "bad_value", "segments")
        wanted = self.segments - len(owned)
        salt = f"{state.salt}.{self.experiment}.{state.draws}"
        if wanted < 0:
            freed = sorted(planout_sample(salt, "release", owned, -wanted))
            return [released(self, state, self.experiment, freed, "made smaller")]
        if wanted == 0:
            return []
        free = state.free(in_utc(self.at))
        if wanted > len(free):
            cooling = state.size - len(state.taken()) - len(free)
            sentence = (
                f"{wanted} more segments are asked for and {len(free)} of {state.size} are free"
            )
            resting = f"; {cooling} rest until their cool-down ends." if cooling else "."
            raise Refused(sentence + resting, "no_room", "segments", len(free))
        drawn = sorted(planout_sample(salt, "allocate", free, wanted))
        return [
            events.SegmentsAllocated(layer=self.stream, experiment=self.experiment, segments=drawn)
        ]


class Release(LayerCommand):
    """Frees all segments of an experiment."""

    experiment: str
    reason: str = ""

    def decide(self, state: Layer) -> list[Event]:
        require_layer(state)
        check_text(self.reason, "reason")
        owned = state.owners.get(self.experiment)
        if not owned:
            return []
        return [released(self, state, self.experiment, list(owned), self.reason)]


def released(
    command: LayerCommand, state: Layer, experiment: str, segments: list[int], reason: str
) -> Event:
    """The event that frees segments, which then rest."""
    return events.SegmentsReleased(
        layer=command.stream,
        experiment=experiment,
        segments=segments,
        cool_until=in_utc(command.at + timedelta(days=state.cool_down)),
        reason=reason,
    )


def require_layer(state: Layer) -> None:
    """Refuses a layer that does not exist."""
    if not state.size:
        raise Refused("There is no such layer.", code="unknown", field="layer")
