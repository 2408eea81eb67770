"""Whether labels and feedback can be learnt from: they come, look as usual, and people agree.

The own series counts labels, by class and by actor where these are named. Arrival is the share of
the labels expected; the classes are compared with a frozen reference by the population stability
index; an annotator's disagreement with everybody else's by the interval of Newcombe (1998); and one
actor's share of all labels shows click fraud or a single busy annotator. Labels that a filter should
have cleaned are not to be trusted while the filter does not run.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import ClassVar

import numpy as np

from monitoring.kinds import distances
from monitoring.kinds.base import BadParameter, State, figure, parameter
from monitoring.kinds.framed import (
    OWN,
    Finding,
    Frame,
    Framed,
    Wanted,
    duration,
    selected,
)
from monitoring.kinds.intervals import is_count, newcombe, only_numbers, wilson
from monitoring.kinds.reference import Counts, Reference, tally
from monitoring.slo.definition import Selector

EXPECTED, DISAGREED, COMPARED, FILTER = "expected", "disagreed", "compared", "filter"
CONFIDENCE = 0.999


class LabelHealth(Framed):
    """Arrival, distribution, disagreement and concentration of labels."""

    name: ClassVar[str] = "label_health"
    summary: ClassVar[str] = "Labels or feedback stay away, shift, contradict or come from too few."
    urgency: ClassVar[str] = "concern"

    label: str = parameter("Label that names the class.", "")
    actor: str = parameter("Label that names the annotator or user.", "")
    expected: str = parameter("Series that counts the labels that should have come.", "")
    disagreed: str = parameter("Series that counts an actor's labels that others contradict.", "")
    compared: str = parameter("Series that counts an actor's labels that others gave as well.", "")
    filter: str = parameter("Series of the job that filters labels; above 0 when it ran.", "")
    min_arrival: float = parameter("Least share of the expected labels.", 0.8, minimum=0, maximum=1)
    max_disagreement: float = parameter(
        "Disagreement beyond that of all others that is tolerated.", 0.1, minimum=0, maximum=1
    )
    max_actor: float = parameter("Largest share of one actor.", 0.3, minimum=0, maximum=1)
    max_shift: float = parameter("Largest stability index of the classes.", 0.1, minimum=0)
    reference: str = parameter("Least length of the reference of the classes.", "7d")
    min_count: int = parameter("Least labels that are judged.", 200, minimum=1)
    delay: str = parameter("Time after which labels are complete; empty for at once.", "")
    window: str = parameter("Length of the window.", "1d")

    def check(self) -> None:
        """Refuses nothing to judge, halves of a pair, and what cannot be read."""
        super().check()
        duration(self.reference, "reference")
        for role in (EXPECTED, DISAGREED, COMPARED, FILTER):
            if getattr(self, role):
                selected(getattr(self, role), role)
        if bool(self.disagreed) != bool(self.compared):
            missing = COMPARED if self.disagreed else DISAGREED
            raise BadParameter(missing, "must be given with the other of `disagreed`, `compared`")
        if self.disagreed and not self.actor:
            raise BadParameter("actor", "must be given with `disagreed`")
        if not (self.label or self.actor or self.expected or self.filter):
            raise BadParameter("expected", "or `label`, `actor` or `filter` must be given")
        if duration(self.window, "window") < self.tick:
            raise BadParameter("window", "must not be shorter than `every`")
        if self.lookback > timedelta(days=366):
            raise BadParameter("window", "and `delay` must not be more than a year together")

    @property
    def lookback(self) -> timedelta:
        """The window, and the time in which labels are still coming."""
        return duration(self.window, "window") + self._late

    @property
    def _late(self) -> timedelta:
        return duration(self.delay, "delay") if self.delay else timedelta(0)

    def wanted(self, own: Selector) -> Mapping[str, Wanted]:
        """Labels by class and actor, and what else is named."""
        found = {OWN: Wanted(own.series, own.labels, self._by)}
        for role in (EXPECTED, DISAGREED, COMPARED, FILTER):
            if text := getattr(self, role):
                by = (self.actor,) if role in (DISAGREED, COMPARED) else ()
                found[role] = selected(text, role, by)
        return found

    @property
    def _by(self) -> tuple[str, ...]:
        return tuple(name for name in (self.label, self.actor) if name)

    def look(self, frame: Frame, at: datetime, memory: State) -> Finding:
        """Everything that is wrong with the labels of the window."""
        until = at - self._late
        after = until - duration(self.window, "window")
        bounds = (after.timestamp(), until.timestamp())
        part = {role: [each.within(*bounds) for each in tracks] for role, tracks in frame.items()}
        if not only_numbers(part):
            return Finding(None, "Some counts are no numbers.", error=True)
        totals = {role: _by_actor(part, role) for role in (EXPECTED, DISAGREED, COMPARED)}
        classes = self._tally(part, self.label)
        n = math.fsum(classes.values()) if is_count(*classes.values()) else -1.0
        if not is_count(n, *(count for counts in totals.values() for count in counts.values())):
            return Finding(None, "Counts are negative or too large.", error=True)
        if any(hits > totals[COMPARED].get(key, 0.0) for key, hits in totals[DISAGREED].items()):
            return Finding(None, "More labels are contradicted than compared.", error=True)
        reference = Reference.load(memory)
        was_frozen = reference.frozen
        if self.label and not was_frozen:
            width, length = duration(self.window, "window"), duration(self.reference, "reference")
            reference.learn(part.get(OWN, ()), until, width, length, self.min_count)
        told = [
            self._filtered(frame),
            self._arrival(n, math.fsum(totals[EXPECTED].values())),
            *self._people(part, n),
            self._disagreement(totals[DISAGREED], totals[COMPARED]),
            self._shift(reference, classes, n) if was_frozen else None,
        ]
        return self._found([text for text in told if text is not None], n, reference)

    def _tally(self, part: Frame, name: str) -> Counts:
        place = self._by.index(name) if name else None
        if place is None:
            return tally([each._replace(key=("all",)) for each in part.get(OWN, ())])
        return tally(part.get(OWN, ()), place)

    def _found(self, told: list[str], n: float, reference: Reference) -> Finding:
        """`told` has an empty text for each check that found nothing wrong."""
        faults = [text for text in told if text]
        learning = bool(self.label) and not reference.frozen
        memory = reference.dump() if self.label else None
        if faults:
            wrong = " ".join(f"{fault[:1].upper()}{fault[1:]}." for fault in faults)
            return Finding(True, wrong, value=n, n=int(n), memory=memory)
        length = duration(self.reference, "reference")
        later = f" {reference.learning(length, self.min_count)}" if learning else ""
        if not told:
            few = f"{figure(n)} labels: too few to judge, of {self.min_count}.{later}"
            return Finding(None, few, n=int(n), memory=memory)
        fine = f"{figure(n)} labels came, and nothing is wrong with them.{later}"
        return Finding(False, fine, value=n, n=int(n), memory=memory)

    def _filtered(self, frame: Frame) -> str | None:
        if not self.filter:
            return None
        values = [each.values[-1] for each in frame.get(FILTER, ()) if each.values.size]
        return "" if values and values[-1] > 0 else "the filter of labels did not run"

    def _arrival(self, n: float, expected: float) -> str | None:
        if expected < self.min_count:
            return None
        if wilson(min(n, expected), expected, CONFIDENCE).hi >= self.min_arrival:
            return ""
        return f"only {figure(n)} of {figure(expected)} labels came"

    def _people(self, part: Frame, n: float) -> list[str]:
        if not self.actor or n < self.min_count:
            return []
        counts = self._tally(part, self.actor)
        most = max(counts, key=lambda key: counts[key])
        if wilson(counts[most], n, CONFIDENCE).lo <= self.max_actor:
            return [""]
        return [f"{figure(100 * counts[most] / n)} % of labels come from {most}"]

    def _disagreement(self, disagreed: Counts, compared: Counts) -> str | None:
        """The annotator who surely disagrees most, beside all the others together."""
        pairs = {key: (disagreed.get(key, 0.0), of) for key, of in compared.items()}
        enough = [key for key, (_, of) in pairs.items() if of >= self.min_count]
        whole = [math.fsum(column) for column in zip(*pairs.values(), strict=True)]
        worst: tuple[float, str] | None = None
        for key in enough:
            rest = (whole[0] - pairs[key][0], whole[1] - pairs[key][1])
            if rest[1] < self.min_count:
                continue
            rest = (min(max(rest[0], 0.0), rest[1]), rest[1])
            confidence = 1 - (1 - CONFIDENCE) / len(enough)
            gap = newcombe(pairs[key], rest, confidence).lo
            worst = max(worst, (gap, key)) if worst else (gap, key)
        if worst is None:
            return None
        if worst[0] <= self.max_disagreement:
            return ""
        hits, of = pairs[worst[1]]
        others = (whole[0] - hits) / (whole[1] - of)
        return (
            f"annotator {worst[1]} disagrees in {figure(100 * hits / of)} % of labels, "
            f"the others in {figure(100 * others)} %"
        )

    def _shift(self, reference: Reference, classes: Counts, n: float) -> str | None:
        if n < self.min_count:
            return None
        names = sorted({*reference.counts, *classes})
        was, now = (
            np.array([c.get(key, 0.0) for key in names]) for c in (reference.counts, classes)
        )
        index, noise = distances.psi(was, now)
        limit = max(self.max_shift, noise)
        if index <= limit:
            return ""
        most = names[int(np.argmax(np.abs(now / now.sum() - was / was.sum())))]
        return (
            f"classes shifted: the stability index is {figure(index)}, above {figure(limit)}, "
            f"most of it in {most}, from {reference.told()}"
        )


def _by_actor(part: Frame, role: str) -> Counts:
    return tally(each if each.key else each._replace(key=("all",)) for each in part.get(role, ()))
