"""Experiments: designed, looked at by somebody else, queued, started, ramped, stopped, decided."""

from __future__ import annotations

from dataclasses import field
from datetime import datetime
from typing import Any

from eventlog.core import Command, Event, Refused
from experiments import events
from experiments.commands.checks import check_key, check_text, in_utc
from experiments.commands.design import check_change, sound_design
from experiments.state import LIVE, PLANNED, Experiment, Status

# Addresses of their own under /experiments/.
RESERVED = ("new", "metrics", "calendar", "planner", "plan", "offline")
CAUSES = ("harm", "confidence", "crash", "end", "person")
DECISIONS = ("ship", "abandon", "iterate")
TRUE_AND_GOOD = "true and good"
FINDINGS = (TRUE_AND_GOOD, "explained")


class ExperimentCommand(Command[Experiment]):
    """Continues the story of one experiment; `experiment` is its key."""

    blank = Experiment()
    experiment: str

    @property
    def stream(self) -> str:
        return f"experiment:{self.experiment}"


class DesignExperiment(ExperimentCommand):
    """Writes the design down, or changes it. While it runs, a change needs a reason and is marked.

    A changed design has to be looked at again. `definitions` are those of the design's metrics.
    """

    supplied = ("definitions",)
    design: dict[str, Any]
    reason: str = ""
    by: str = ""
    definitions: dict[str, Any] = field(default_factory=dict)

    def decide(self, state: Experiment) -> list[Event]:
        check_key(self.experiment, "experiment")
        if self.experiment in RESERVED:
            raise Refused("This key is taken by a page.", "bad_value", "experiment")
        made = sound_design(self.design)
        for one in made["metrics"]:
            if one["metric"] not in self.definitions:
                sentence = f"There is no metric {one['metric']!r} in the library."
                raise Refused(sentence, "unknown", "metrics")
        if made == state.design:
            return []
        is_running = state.status in LIVE
        if is_running:
            check_change(state.design, made, self.reason)
        elif state.status not in ("", *PLANNED, Status.STOPPED):
            raise Refused(f"It is {state.status}.", "finished", "experiment", state.status)
        check_text(self.reason, "reason")
        return [
            events.ExperimentDesigned(
                experiment=self.stream,
                design=made,
                by=self.by,
                flag=f"flag:{made['flag']}",
                reason=self.reason,
                is_running=is_running,
                definitions=self.definitions if is_running else {},
            )
        ]


class AskForReview(ExperimentCommand):
    """Shows the design to somebody else."""

    def decide(self, state: Experiment) -> list[Event]:
        require(state, Status.DRAFT)
        return [events.ReviewAsked(experiment=self.stream)]


class ReviewDesign(ExperimentCommand):
    """Approves the design, or sends it back. The designer may take it back and not approve."""

    approve: bool
    by: str = ""
    comment: str = ""

    def decide(self, state: Experiment) -> list[Event]:
        check_text(self.comment, "comment")
        said = {"experiment": self.stream, "by": self.by, "comment": self.comment}
        if self.approve:
            require(state, Status.IN_REVIEW)
            if self.by == state.designed_by:
                sentence = "Somebody else than the designer has to approve."
                raise Refused(sentence, "own_design", "by")
            return [events.DesignApproved(**said)]
        require(state, Status.IN_REVIEW, Status.APPROVED, Status.QUEUED)
        return [events.DesignSentBack(**said)]


class QueueExperiment(ExperimentCommand):
    """Lets it start by itself once its time has come and its layer has room; low `rank` first."""

    not_before: datetime | None = None
    rank: int = 100

    def decide(self, state: Experiment) -> list[Event]:
        require(state, Status.APPROVED, Status.QUEUED)
        if not 0 <= self.rank <= 1_000:
            raise Refused("Must be 0 to 1,000.", "bad_value", "rank")
        begin = in_utc(max(self.not_before or self.at, self.at))
        return [events.ExperimentQueued(experiment=self.stream, not_before=begin, rank=self.rank)]


class StartExperiment(ExperimentCommand):
    """Serves its rule to the first step's share. `definitions` are its metrics as they are now."""

    supplied = ("definitions", "seed")
    seed: str
    definitions: dict[str, Any] = field(default_factory=dict)
    reason: str = ""

    def decide(self, state: Experiment) -> list[Event]:
        require(state, Status.APPROVED, Status.QUEUED)
        check_text(self.reason, "reason")
        return [
            events.ExperimentStarted(
                experiment=self.stream,
                flag=f"flag:{state.design['flag']}",
                environment=state.design["environment"],
                phase=state.phase + 1,
                seed=self.seed,
                coverage=state.design["ramp"][0]["coverage"],
                definitions=self.definitions,
                reason=self.reason,
            )
        ]


class RampExperiment(ExperimentCommand):
    """Lets another share of the units take part: the next step's, or any other by hand."""

    coverage: float
    reason: str = ""

    def decide(self, state: Experiment) -> list[Event]:
        require(state, Status.RUNNING)
        check_text(self.reason, "reason")
        if not 0 < self.coverage <= 1:
            raise Refused("Must be a share above 0.", "bad_value", "coverage")
        if self.coverage == state.coverage:
            return []
        steps = [one["coverage"] for one in state.design["ramp"]]
        step = sum(one <= self.coverage for one in steps) - 1
        return [
            events.ExperimentRamped(
                **place(self, state), coverage=self.coverage, step=max(step, 0), reason=self.reason
            )
        ]


class PauseExperiment(ExperimentCommand):
    """Gives everybody the default for a while."""

    reason: str = ""

    def decide(self, state: Experiment) -> list[Event]:
        if state.status == Status.PAUSED:
            return []
        require(state, Status.RUNNING)
        check_text(self.reason, "reason")
        return [events.ExperimentPaused(**place(self, state), reason=self.reason)]


class ResumeExperiment(ExperimentCommand):
    """Goes on with the arms that units had."""

    reason: str = ""

    def decide(self, state: Experiment) -> list[Event]:
        if state.status == Status.RUNNING:
            return []
        require(state, Status.PAUSED)
        check_text(self.reason, "reason")
        return [events.ExperimentResumed(**place(self, state), reason=self.reason)]


class StopExperiment(ExperimentCommand):
    """Takes its rule away: everybody gets the flag's default. It can be decided then."""

    cause: str
    reason: str
    evidence: dict[str, Any] = field(default_factory=dict)

    def decide(self, state: Experiment) -> list[Event]:
        if self.cause not in CAUSES:
            raise Refused(f"Must be one of {', '.join(CAUSES)}.", "bad_value", "cause")
        check_text(self.reason, "reason", empty=False)
        require(state, *LIVE)
        return [
            events.ExperimentStopped(
                **place(self, state),
                title=state.design["title"],
                owner=state.design["owner"],
                phase=state.phase,
                cause=self.cause,
                reason=self.reason,
                evidence=self.evidence,
            )
        ]


class ObserveStop(ExperimentCommand):
    """Notes that every process that serves flags serves without it."""

    seconds: float
    processes: int
    revision: int

    def decide(self, state: Experiment) -> list[Event]:
        if state.status != Status.STOPPED or state.observed:
            return []
        return [
            events.StopObserved(
                **stopped(self, state),
                seconds=self.seconds,
                processes=self.processes,
                revision=self.revision,
            )
        ]


class MissStop(ExperimentCommand):
    """Notes that its end was not seen in time."""

    seconds: float
    sentence: str

    def decide(self, state: Experiment) -> list[Event]:
        if state.status != Status.STOPPED or state.observed:
            return []
        return [
            events.StopNotObserved(
                **stopped(self, state), seconds=self.seconds, sentence=self.sentence
            )
        ]


class ClearCheck(ExperimentCommand):
    """Says what was found behind a failed trust check, after which results are shown again.

    A mismatch of the sample ratio has no excuse: whatever made it also made the results. Only an
    effect that was too good to be believed can be found to be true and good. `failing` are the
    checks that fail now.
    """

    supplied = ("failing",)
    check: str
    finding: str
    reason: str
    by: str = ""
    failing: list[str] = field(default_factory=list)

    def decide(self, state: Experiment) -> list[Event]:
        require(state, *LIVE, Status.STOPPED)
        if self.check == "sample_ratio":
            sentence = "A mismatch of the sample ratio cannot be cleared; start another phase."
            raise Refused(sentence, "not_clearable", "check")
        if self.finding not in FINDINGS:
            raise Refused(f"Must be one of {', '.join(FINDINGS)}.", "bad_value", "finding")
        if self.finding == TRUE_AND_GOOD and self.check != "too_good":
            sentence = "Only an effect that is too good can be true and good; say what explains it."
            raise Refused(sentence, "bad_value", "finding")
        if self.check not in (*self.failing, *state.cleared):
            sentence = "Only a check that fails can be cleared."
            raise Refused(sentence, "not_failing", "check", sorted(self.failing))
        check_text(self.reason, "reason", empty=False)
        if state.cleared.get(self.check) == self.finding:
            return []
        return [
            events.CheckCleared(
                experiment=self.stream,
                check=self.check,
                finding=self.finding,
                by=self.by,
                reason=self.reason,
            )
        ]


class DecideExperiment(ExperimentCommand):
    """Says what came of it. To ship serves a variation's value to everybody as the default."""

    decision: str
    reason: str
    by: str = ""
    variation: str = ""
    evidence: dict[str, Any] = field(default_factory=dict)

    def decide(self, state: Experiment) -> list[Event]:
        require(state, Status.STOPPED)
        if self.decision not in DECISIONS:
            raise Refused(f"Must be one of {', '.join(DECISIONS)}.", "bad_value", "decision")
        check_text(self.reason, "reason", empty=False)
        keys = [one["key"] for one in state.design["variations"]]
        if (self.decision == "ship") != (self.variation in keys):
            sentence = "Name the variation to ship, and none otherwise."
            raise Refused(sentence, "bad_value", "variation", keys)
        return [
            events.ExperimentDecided(
                experiment=self.stream,
                decision=self.decision,
                by=self.by,
                flag=f"flag:{state.design['flag']}",
                reason=self.reason,
                variation=self.variation,
                evidence=self.evidence,
            )
        ]


class ArchiveExperiment(ExperimentCommand):
    """Puts a finished or abandoned experiment out of the way."""

    def decide(self, state: Experiment) -> list[Event]:
        if state.status == Status.ARCHIVED:
            return []
        require(state, Status.DRAFT, Status.DECIDED)
        return [events.ExperimentArchived(experiment=self.stream)]


def place(command: ExperimentCommand, state: Experiment) -> dict[str, Any]:
    """Where an experiment changes what is served."""
    return {
        "experiment": command.stream,
        "flag": f"flag:{state.design['flag']}",
        "environment": state.design["environment"],
    }


def stopped(command: ExperimentCommand, state: Experiment) -> dict[str, Any]:
    """What was stopped, and why."""
    return {
        **place(command, state),
        "title": state.design["title"],
        "cause": state.stopped_for,
        "reason": state.stop_reason,
    }


def require(state: Experiment, *allowed: str) -> None:
    """Refuses an experiment that is elsewhere in its life."""
    if not state.status:
        raise Refused("There is no such experiment.", "unknown", "experiment")
    if state.status not in allowed:
        raise Refused(
            f"It is {state.status}; this needs one that is {' or '.join(allowed)}.",
            "wrong_state",
            "experiment",
            state.status,
        )
