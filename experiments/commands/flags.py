"""Flags: created, described, changed with or without approval, turned on and off, rolled back."""

from __future__ import annotations

from dataclasses import field
from typing import Any

from eventlog.core import Command, Event, Refused
from experiments import events
from experiments.commands.checks import (
    check_date,
    check_environment,
    check_key,
    check_text,
)
from experiments.commands.rules import check_phases, check_rules, check_value
from experiments.state import Flag, Kind, Serving

MAX_ENVIRONMENTS = 20
MAX_PROPOSALS = 20


class FlagCommand(Command[Flag]):
    """Continues the story of one flag; `flag` is its key."""

    blank = Flag()
    flag: str

    @property
    def stream(self) -> str:
        return f"flag:{self.flag}"


class CreateFlag(FlagCommand):
    """Begins a flag, off in its environments: everybody gets `default` until it is turned on."""

    kind: str
    default: Any
    environments: list[str] = field(default_factory=lambda: ["production"])
    owner: str = ""
    description: str = ""
    expires_on: str = ""
    needs_approval: bool = False

    def decide(self, state: Flag) -> list[Event]:
        check_key(self.flag, "flag")
        if state.kind:
            raise Refused("There is a flag with this key already.", code="exists", field="flag")
        if self.kind not in list(Kind):
            sentence = f"Must be one of {', '.join(Kind)}."
            raise Refused(sentence, code="bad_value", field="kind", current=list(Kind))
        check_value(self.kind, self.default, "default")
        if not 0 < len(self.environments) <= MAX_ENVIRONMENTS:
            sentence = f"Needs 1 to {MAX_ENVIRONMENTS} environments."
            raise Refused(sentence, code="bad_value", field="environments")
        for environment in self.environments:
            check_environment(environment, "environments")
        check_description(self)
        return [
            events.FlagCreated(
                flag=self.stream,
                kind=self.kind,
                default=self.default,
                environments=sorted(set(self.environments)),
                owner=self.owner,
                description=self.description,
                expires_on=self.expires_on,
                needs_approval=self.needs_approval,
            )
        ]


class DescribeFlag(FlagCommand):
    """Says who owns it, what it is for, until when it is wanted, and whether two must agree."""

    owner: str = ""
    description: str = ""
    expires_on: str = ""
    needs_approval: bool = False

    def decide(self, state: Flag) -> list[Event]:
        require_flag(state)
        check_description(self)
        said = (self.owner, self.description, self.expires_on, self.needs_approval)
        if said == state.described:
            return []
        return [
            events.FlagDescribed(
                flag=self.stream,
                owner=self.owner,
                description=self.description,
                expires_on=self.expires_on,
                needs_approval=self.needs_approval,
            )
        ]


class SetRules(FlagCommand):
    """Changes what is served in an environment, or proposes to where two must agree.

    `expected` is the revision that the author has seen; another one is refused.
    """

    supplied = ("proposal",)
    proposal: str = ""
    environment: str
    default: Any
    rules: list[dict[str, Any]] = field(default_factory=list)
    comment: str = ""
    expected: int | None = None
    by: str = ""

    def decide(self, state: Flag) -> list[Event]:
        before = require_serving(state, self.environment)
        check_value(state.kind, self.default, "default")
        check_rules(state.kind, self.rules)
        check_text(self.comment, "comment")
        if self.expected is not None and self.expected != before.revision:
            sentence = "The rules have changed in the meantime; look at them again."
            raise Refused(sentence, "stale", "expected", before.revision)
        if (self.default, self.rules) == (before.default, before.rules):
            return []
        check_phases(rules_until(before), self.rules)
        if state.needs_approval:
            return [self._proposed(state, before)]
        return [rules_set(self, before, self.default, self.rules, self.comment)]

    def _proposed(self, state: Flag, before: Serving) -> Event:
        if len(state.proposals) >= MAX_PROPOSALS:
            sentence = f"{MAX_PROPOSALS} proposals wait already; approve or reject one first."
            raise Refused(sentence, code="too_many", field="flag")
        return events.FlagChangeProposed(
            flag=self.stream,
            proposal=self.proposal,
            environment=self.environment,
            based_on=before.revision,
            by=self.by,
            default=self.default,
            rules=self.rules,
            comment=self.comment,
        )


class ApproveChange(FlagCommand):
    """A second person agrees; the rules are served from now on."""

    proposal: str
    by: str = ""

    def decide(self, state: Flag) -> list[Event]:
        proposed = require_proposal(state, self.proposal)
        if proposed.by == self.by:
            sentence = "Somebody else than the author has to approve."
            raise Refused(sentence, code="own_proposal", field="proposal")
        before = require_serving(state, proposed.environment)
        if before.revision != proposed.based_on:
            sentence = "The rules have changed since this was proposed; it has to be made anew."
            raise Refused(sentence, "stale", "proposal", before.revision)
        return [
            events.FlagRulesSet(
                flag=self.stream,
                environment=proposed.environment,
                revision=before.revision + 1,
                default=proposed.default,
                rules=proposed.rules,
                comment=proposed.comment,
                proposal=self.proposal,
                proposed_by=proposed.by,
            )
        ]


class RejectChange(FlagCommand):
    """Turns a proposed change down, or takes one's own back."""

    proposal: str
    reason: str = ""

    def decide(self, state: Flag) -> list[Event]:
        require_proposal(state, self.proposal)
        check_text(self.reason, "reason")
        return [
            events.FlagChangeRejected(flag=self.stream, proposal=self.proposal, reason=self.reason)
        ]


class TurnFlag(FlagCommand):
    """Turns a flag on or off in an environment. Off is the kill switch and asks nobody."""

    environment: str
    enabled: bool
    reason: str = ""

    def decide(self, state: Flag) -> list[Event]:
        before = require_serving(state, self.environment)
        check_text(self.reason, "reason")
        if before.enabled == self.enabled:
            return []
        return [
            events.FlagTurned(
                flag=self.stream,
                environment=self.environment,
                enabled=self.enabled,
                reason=self.reason,
            )
        ]


class RollBackFlag(FlagCommand):
    """Serves an earlier revision again, as a new one. Going back asks nobody."""

    environment: str
    revision: int
    comment: str = ""

    def decide(self, state: Flag) -> list[Event]:
        before = require_serving(state, self.environment)
        check_text(self.comment, "comment")
        if self.revision not in before.revisions:
            known = sorted(before.revisions)
            sentence = f"There is no revision {self.revision} to go back to."
            raise Refused(sentence, "unknown", "revision", known)
        default, rules = before.revisions[self.revision]
        if (default, rules) == (before.default, before.rules):
            return []
        return [rules_set(self, before, default, rules, self.comment, self.revision)]


class PlaceTrial(FlagCommand):
    """Serves an experiment's rule, another share of it, or none; the experiment was reviewed itself.

    `rule` replaces the experiment's one, None takes it away, and a `default` is served from now on.
    Only an experiment that `begins` brings its rule along and turns the flag on. One that `widens`
    is refused where somebody took the rule or turned the flag off by hand. Whatever narrows it can
    always be done.
    """

    environment: str
    experiment: str
    rule: dict[str, Any] | None = None
    default: Any = None
    sets_default: bool = False
    begins: bool = False
    widens: bool = False
    comment: str = ""

    def decide(self, state: Flag) -> list[Event]:
        if not (self.begins or self.widens or self.sets_default):
            return self._narrowed(state.serving.get(self.environment))
        before = require_serving(state, self.environment)
        if self.widens:
            self._require_served(before)
        default = self.default if self.sets_default else before.default
        check_value(state.kind, default, "default")
        rules = self._rules(before.rules)
        made: list[Event] = []
        if (default, rules) != (before.default, before.rules):
            check_rules(state.kind, rules)
            check_phases(rules_until(before), rules)
            made.append(rules_set(self, before, default, rules, self.comment))
        if self.begins and not before.enabled:
            made.append(
                events.FlagTurned(
                    flag=self.stream,
                    environment=self.environment,
                    enabled=True,
                    reason=self.comment,
                )
            )
        return made

    def _narrowed(self, before: Serving | None) -> list[Event]:
        """Nothing stands in the way of serving less: not an archived flag, not a rule that is gone."""
        if before is None or not self._places(before.rules):
            return []
        rules = self._rules(before.rules)
        if rules == before.rules:
            return []
        return [rules_set(self, before, before.default, rules, self.comment)]

    def _require_served(self, before: Serving) -> None:
        if not self._places(before.rules):
            sentence = "Somebody took its rule from the flag; stop it and start another phase."
            raise Refused(sentence, code="rule_gone", field="flag")
        if not before.enabled:
            sentence = f"Somebody turned the flag off in {self.environment}; turn it on first."
            raise Refused(sentence, code="flag_off", field="flag")

    def _places(self, rules: list[dict[str, Any]]) -> list[int]:
        return [n for n, one in enumerate(rules) if one.get("key") == self.experiment]

    def _rules(self, rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
        places = self._places(rules)
        place = places[0] if places else len(rules)
        rest = [one for n, one in enumerate(rules) if n not in places]
        return [*rest[:place], *([self.rule] if self.rule else []), *rest[place:]]


class ArchiveFlag(FlagCommand):
    """Takes a flag out of service."""

    reason: str = ""

    def decide(self, state: Flag) -> list[Event]:
        if state.archived:
            return []
        require_flag(state)
        check_text(self.reason, "reason")
        live = [name for name, one in state.serving.items() if one.enabled]
        if live:
            sentence = f"It is on in {', '.join(live)}; turn it off first."
            raise Refused(sentence, "enabled", "flag", live)
        return [events.FlagArchived(flag=self.stream, reason=self.reason)]


class RestoreFlag(FlagCommand):
    """Brings an archived flag back, off."""

    def decide(self, state: Flag) -> list[Event]:
        if not state.kind:
            raise Refused("There is no such flag.", code="unknown", field="flag")
        return [events.FlagRestored(flag=self.stream)] if state.archived else []


def rules_until(serving: Serving) -> list[list[dict[str, Any]]]:
    """The rules of every revision that is still known, oldest first, the present one last."""
    return [rules for _, (_, rules) in sorted(serving.revisions.items())]


def rules_set(
    command: SetRules | RollBackFlag | PlaceTrial,
    before: Serving,
    default: Any,
    rules: list[dict[str, Any]],
    comment: str,
    restores: int = 0,
) -> Event:
    """The event that serves these rules."""
    return events.FlagRulesSet(
        flag=command.stream,
        environment=command.environment,
        revision=before.revision + 1,
        default=default,
        rules=rules,
        comment=comment,
        restores=restores,
    )


def check_description(command: CreateFlag | DescribeFlag) -> None:
    """What people write about a flag."""
    check_text(command.owner, "owner", limit=200)
    check_text(command.description, "description")
    check_date(command.expires_on, "expires_on")


def require_flag(state: Flag) -> None:
    """Refuses a flag that is not in service."""
    if not state.kind:
        raise Refused("There is no such flag.", code="unknown", field="flag")
    if state.archived:
        raise Refused("This flag is archived.", code="archived", field="flag")


def require_serving(state: Flag, environment: str) -> Serving:
    """How a flag in service is served in one of its environments."""
    require_flag(state)
    found = state.serving.get(environment)
    if found is None:
        known = sorted(state.serving)
        sentence = f"The flag has no environment {environment!r}."
        raise Refused(sentence, "unknown", "environment", known)
    return found


def require_proposal(state: Flag, proposal: str) -> Any:
    """A proposal that waits."""
    require_flag(state)
    found = state.proposals.get(proposal)
    if found is None:
        raise Refused("No such change waits for approval.", code="unknown", field="proposal")
    return found
