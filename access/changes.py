"""Which events are changes to what serves people, and what they are called in “what changed?”.

Each app declares its kinds beside its events:

    declare("flag.turned", sentence=lambda said: f"turned {said['flag']} on", subject="flag")

so that whoever ranks suspects needs to know no app. A change is *routine* when it alters nothing
that anybody is served; its base-rate key groups changes whose usual frequency is to be compared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Said = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ChangeKind:
    """A kind of change, by the type of its event.

    `family` is what sort of thing changed (flag, model, data, deployment, …), `subject` the field
    of the event that holds its ref, empty where that is the stream. Where one type of event is
    several sorts of change, `sort` tells the family and `everyday` the routine ones by what is said.
    """

    type: str
    family: str
    subject: str
    sentence: Callable[[Said], str]
    routine: bool = False
    sort: Callable[[Said], str] | None = None
    everyday: Callable[[Said], bool] | None = None

    def family_of(self, said: Said) -> str:
        """What sort of thing changed."""
        return self.sort(said) if self.sort else self.family

    def is_routine(self, said: Said) -> bool:
        """Whether it alters nothing that anybody is served."""
        return self.everyday(said) if self.everyday else self.routine

    def subject_of(self, stream: str, said: Said) -> str:
        """Ref of what changed, by an event of this stream."""
        return str(said.get(self.subject, "")) if self.subject else stream

    def base_rate_key(self, said: Said) -> str:
        """Changes of one key are counted together: of this type, in this environment."""
        environment = said.get("environment", "")
        return f"{self.type} {environment}".strip()


_kinds: dict[str, ChangeKind] = {}


def declare(kind: ChangeKind) -> None:
    """Adds a kind. Raises `TypeError` for a second one of an event type."""
    known = _kinds.get(kind.type)
    if known is not None and known.family != kind.family:
        raise TypeError(f"{kind.type} is declared as a change twice")
    _kinds[kind.type] = kind


def kinds() -> Mapping[str, ChangeKind]:
    """Every declared kind by the type of its event."""
    return _kinds
