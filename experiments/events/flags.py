"""What can have happened to flags, saved groups, layers and SDK keys.

Streams are ``flag:<key>``, ``group:<key>``, ``layer:<key>`` and ``sdk:<key>``; times are ISO texts
in UTC. Who did it and when are the record's `actor` and `occurred_at`.
"""

from __future__ import annotations

from dataclasses import field, replace
from typing import Any

from eventlog.core import Event
from experiments.state import KEPT_REVISIONS, Flag, Group, Layer, Proposal, SdkKey, Serving


class FlagCreated(Event):
    """A flag began, off in every environment."""

    type = "flag.created"
    refs = ("owner",)
    flag: str
    kind: str
    default: Any = None
    environments: list[str] = field(default_factory=list)
    owner: str = ""
    description: str = ""
    expires_on: str = ""
    needs_approval: bool = False

    def evolve(self, state: Flag) -> Flag:
        first = Serving(default=self.default, revision=1, revisions={1: (self.default, [])})
        return replace(
            state,
            kind=self.kind,
            needs_approval=self.needs_approval,
            described=(self.owner, self.description, self.expires_on, self.needs_approval),
            serving=dict.fromkeys(self.environments, first),
        )


class FlagDescribed(Event):
    """Owner, description, expiry or the need for approval changed."""

    type = "flag.described"
    refs = ("owner",)
    flag: str
    owner: str = ""
    description: str = ""
    expires_on: str = ""
    needs_approval: bool = False

    def evolve(self, state: Flag) -> Flag:
        described = (self.owner, self.description, self.expires_on, self.needs_approval)
        return replace(state, needs_approval=self.needs_approval, described=described)


class FlagRulesSet(Event):
    """What is served in an environment is this from now on; everything that was set stays known.

    `restores` is the earlier revision that came back, 0 for a change; `proposal` and `proposed_by`
    tell what was approved.
    """

    type = "flag.rules_set"
    refs = ("proposed_by",)
    flag: str
    environment: str
    revision: int
    default: Any = None
    rules: list[dict[str, Any]] = field(default_factory=list)
    comment: str = ""
    restores: int = 0
    proposal: str = ""
    proposed_by: str = ""

    def evolve(self, state: Flag) -> Flag:
        before = state.serving.get(self.environment, Serving())
        kept = {**before.revisions, self.revision: (self.default, self.rules)}
        newest = dict(sorted(kept.items())[-KEPT_REVISIONS:])
        after = replace(
            before,
            default=self.default,
            rules=self.rules,
            revision=self.revision,
            revisions=newest,
        )
        waiting = {k: v for k, v in state.proposals.items() if k != self.proposal}
        serving = {**state.serving, self.environment: after}
        return replace(state, serving=serving, proposals=waiting)


class FlagTurned(Event):
    """A flag was turned on or off in an environment; off gives everybody the default."""

    type = "flag.turned"
    flag: str
    environment: str
    enabled: bool
    reason: str = ""

    def evolve(self, state: Flag) -> Flag:
        before = state.serving.get(self.environment, Serving())
        serving = {**state.serving, self.environment: replace(before, enabled=self.enabled)}
        return replace(state, serving=serving)


class FlagChangeProposed(Event):
    """Somebody wants other rules; somebody else has to approve them."""

    type = "flag.change_proposed"
    refs = ("by",)
    flag: str
    proposal: str
    environment: str
    based_on: int
    by: str
    default: Any = None
    rules: list[dict[str, Any]] = field(default_factory=list)
    comment: str = ""

    def evolve(self, state: Flag) -> Flag:
        proposed = Proposal(
            environment=self.environment,
            default=self.default,
            rules=self.rules,
            comment=self.comment,
            by=self.by,
            based_on=self.based_on,
        )
        return replace(state, proposals={**state.proposals, self.proposal: proposed})


class FlagChangeRejected(Event):
    """A proposed change was turned down or taken back."""

    type = "flag.change_rejected"
    flag: str
    proposal: str
    reason: str = ""

    def evolve(self, state: Flag) -> Flag:
        waiting = {k: v for k, v in state.proposals.items() if k != self.proposal}
        return replace(state, proposals=waiting)


class FlagArchived(Event):
    """It is served no more; its story stays."""

    type = "flag.archived"
    flag: str
    reason: str = ""

    def evolve(self, state: Flag) -> Flag:
        return replace(state, archived=True, proposals={})


class FlagRestored(Event):
    """An archived flag is back, as it was and off everywhere."""

    type = "flag.restored"
    flag: str

    def evolve(self, state: Flag) -> Flag:
        off = {name: replace(one, enabled=False) for name, one in state.serving.items()}
        return replace(state, archived=False, serving=off)


class GroupSaved(Event):
    """A group is this from now on: ``{"type": "list" | "condition", …}`` as SDKs read it."""

    type = "group.saved"
    group: str
    definition: dict[str, Any]
    description: str = ""

    def evolve(self, state: Group) -> Group:
        return Group(self.definition)


class GroupRemoved(Event):
    """Rules that name the group match nobody by it."""

    type = "group.removed"
    group: str
    reason: str = ""

    def evolve(self, state: Group) -> Group:
        return Group(None)


class LayerCreated(Event):
    """A line of `size` segments on which units are placed by `unit` under `salt`."""

    type = "layer.created"
    layer: str
    unit: str
    salt: str
    size: int
    cool_down: int = 0
    is_holdout: bool = False
    description: str = ""

    def evolve(self, state: Layer) -> Layer:
        return replace(
            state,
            unit=self.unit,
            salt=self.salt,
            size=self.size,
            cool_down=self.cool_down,
            is_holdout=self.is_holdout,
        )


class SegmentsAllocated(Event):
    """Segments belong to an experiment from now on, besides those that it has."""

    type = "layer.segments_allocated"
    refs = ("experiment",)
    layer: str
    experiment: str
    segments: list[int]

    def evolve(self, state: Layer) -> Layer:
        owned = tuple(sorted({*state.owners.get(self.experiment, ()), *self.segments}))
        rested = {k: v for k, v in state.cooling.items() if k not in set(self.segments)}
        owners = {**state.owners, self.experiment: owned}
        return replace(state, owners=owners, cooling=rested, draws=state.draws + 1)


class SegmentsReleased(Event):
    """Segments belong to the experiment no more; they rest until `cool_until`."""

    type = "layer.segments_released"
    refs = ("experiment",)
    layer: str
    experiment: str
    segments: list[int]
    cool_until: str
    reason: str = ""

    def evolve(self, state: Layer) -> Layer:
        gone = set(self.segments)
        left = tuple(s for s in state.owners.get(self.experiment, ()) if s not in gone)
        others = {k: v for k, v in state.owners.items() if k != self.experiment}
        owners = {**others, self.experiment: left} if left else others
        cooling = {**state.cooling, **dict.fromkeys(self.segments, self.cool_until)}
        return replace(state, owners=owners, cooling=cooling)


class SdkKeyIssued(Event):
    """SDKs of an environment may ask by this key; with `encrypted`, the answer is sealed."""

    type = "sdk.key_issued"
    key: str
    environment: str
    name: str
    encrypted: bool = False

    def evolve(self, state: SdkKey) -> SdkKey:
        return replace(state, environment=self.environment)


class SdkKeyRevoked(Event):
    """Nobody gets an answer by this key any more."""

    type = "sdk.key_revoked"
    key: str
    reason: str = ""

    def evolve(self, state: SdkKey) -> SdkKey:
        return replace(state, revoked=True)
