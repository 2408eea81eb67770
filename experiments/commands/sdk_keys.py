"""SDK keys: what a GrowthBook SDK asks with. They are no secret, since browsers carry them."""

from __future__ import annotations

from eventlog.core import Command, Event, Refused
from experiments import events
from experiments.commands.checks import check_environment, check_text
from experiments.state import SdkKey


class SdkKeyCommand(Command[SdkKey]):
    """Continues the story of one key."""

    blank = SdkKey()
    key: str

    @property
    def stream(self) -> str:
        return f"sdk:{self.key}"


class IssueSdkKey(SdkKeyCommand):
    """Lets SDKs of an environment ask by this key."""

    supplied = ("key",)
    environment: str
    name: str
    encrypted: bool = False

    def decide(self, state: SdkKey) -> list[Event]:
        check_environment(self.environment)
        check_text(self.name, "name", limit=200, empty=False)
        if state.environment:
            raise Refused("This key is taken.", code="exists", field="key")
        return [
            events.SdkKeyIssued(
                key=self.key,
                environment=self.environment,
                name=self.name,
                encrypted=self.encrypted,
            )
        ]


class RevokeSdkKey(SdkKeyCommand):
    """Nobody gets an answer by it any more."""

    reason: str = ""

    def decide(self, state: SdkKey) -> list[Event]:
        check_text(self.reason, "reason")
        if not state.environment:
            raise Refused("There is no such key.", code="unknown", field="key")
        if state.revoked:
            return []
        return [events.SdkKeyRevoked(key=self.key, reason=self.reason)]
