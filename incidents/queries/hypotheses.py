"""What is thought to have caused an incident, in the order in which people look into it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from incidents.models import EvidenceRow, HypothesisRow
from incidents.queries.names import actor, named, names_of
from incidents.queries.values import Named


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for or against; withdrawn ones stay, with who took them back and why."""

    id: UUID
    version: int
    side: str
    text: str
    link: str
    added_by: Named
    added_at: datetime
    withdrawn_by: Named | None
    withdrawn_at: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What somebody thinks; people call it by `number`, as in H2, and look into it at `place`.

    `speaks_for` and `speaks_against` count the evidence that stands.
    """

    id: UUID
    number: int
    place: int
    text: str
    cause: str
    owner: Named | None
    entities: list[str]
    status: str
    reason: str
    proposed_by: Named
    proposed_at: datetime
    judged_by: Named | None
    judged_at: datetime | None
    speaks_for: int
    speaks_against: int
    evidence: list[Evidence]


def hypotheses(incident: UUID | str, after: int = 0, limit: int | None = None) -> list[Hypothesis]:
    """Hypotheses of an incident from a place on, each with its evidence. Four queries at most."""
    wanted = HypothesisRow.objects.filter(incident=incident, place__gt=after)
    rows = list(wanted.order_by("place")[:limit])
    if not rows:
        return []
    found = EvidenceRow.objects.filter(
        incident=incident, hypothesis__in=[row.hypothesis for row in rows]
    )
    evidence = defaultdict[UUID, list[EvidenceRow]](list)
    for row in found.order_by("version"):
        evidence[row.hypothesis].append(row)
    names = names_of(
        [ref for row in rows for ref in (row.owner, row.proposed_by, row.judged_by)]
        + [ref for each in evidence.values() for e in each for ref in (e.added_by, e.withdrawn_by)]
    )
    return [_hypothesis(row, evidence[row.hypothesis], names) for row in rows]


def hypothesis_called(incident: UUID | str, number: int) -> UUID | None:
    """Id of the hypothesis with a number, as in H2."""
    rows = HypothesisRow.objects.filter(incident=incident, number=number)
    return rows.values_list("hypothesis", flat=True).first()


def _hypothesis(
    row: HypothesisRow, evidence: list[EvidenceRow], names: dict[str, str]
) -> Hypothesis:
    standing = [one.side for one in evidence if one.withdrawn_at is None]
    return Hypothesis(
        id=row.hypothesis,
        number=row.number,
        place=row.place,
        text=row.text,
        cause=row.cause,
        owner=named(row.owner, names),
        entities=row.entities,
        status=row.status,
        reason=row.reason,
        proposed_by=actor(row.proposed_by, names),
        proposed_at=row.proposed_at,
        judged_by=named(row.judged_by, names),
        judged_at=row.judged_at,
        speaks_for=standing.count("for"),
        speaks_against=standing.count("against"),
        evidence=[_evidence(one, names) for one in evidence],
    )


def _evidence(row: EvidenceRow, names: dict[str, str]) -> Evidence:
    return Evidence(
        id=row.evidence,
        version=row.version,
        side=row.side,
        text=row.text,
        link=row.link,
        added_by=actor(row.added_by, names),
        added_at=row.added_at,
        withdrawn_by=named(row.withdrawn_by, names),
        withdrawn_at=row.withdrawn_at,
        reason=row.reason,
    )
