"""What is served in one environment at one revision: compiled, and written once for every SDK."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import orjson

from experiments.assignment import sealed
from experiments.assignment.compiled import Configuration
from experiments.serving.keys import decryption_key


@dataclass(frozen=True)
class Snapshot:
    """One environment at one revision. `kinds` are the flags' types, `off` those turned off."""

    environment: str
    revision: int
    payload: dict[str, Any]
    made_at: datetime
    sealed_bodies: dict[str, bytes] = field(default_factory=dict)

    @classmethod
    def empty(cls, environment: str) -> Snapshot:
        """An environment in which nothing is served."""
        payload: dict[str, Any] = {"features": {}, "savedGroups": {}, "kinds": {}, "off": []}
        return cls(environment, 0, payload, datetime.fromtimestamp(0, UTC))

    @cached_property
    def configuration(self) -> Configuration:
        """The features, ready to answer."""
        return Configuration(self.payload)

    @property
    def kinds(self) -> dict[str, str]:
        """Type of each flag's values."""
        kinds: dict[str, str] = self.payload["kinds"]
        return kinds

    @cached_property
    def off(self) -> frozenset[str]:
        """Flags that are turned off."""
        return frozenset(self.payload["off"])

    @cached_property
    def tag(self) -> str:
        """Names what is served: the same for the same content, in whichever process."""
        content = {key: self.payload[key] for key in ("features", "savedGroups", "off")}
        text = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
        return f"{self.revision}-{hashlib.blake2b(text, digest_size=8).hexdigest()}"

    @cached_property
    def body(self) -> bytes:
        """GrowthBook's payload."""
        return orjson.dumps(
            {
                **self._head(),
                "features": self.payload["features"],
                "savedGroups": self.payload["savedGroups"],
            }
        )

    def sealed_body(self, key: str) -> bytes:
        """The same under the key of an SDK key; sealed once, so that its tag stays true."""
        if key not in self.sealed_bodies:
            secret = decryption_key(key)
            features, groups = (
                sealed.encrypt(orjson.dumps(self.payload[part]).decode(), secret)
                for part in ("features", "savedGroups")
            )
            self.sealed_bodies[key] = orjson.dumps(
                {
                    **self._head(),
                    "features": {},
                    "encryptedFeatures": features,
                    "encryptedSavedGroups": groups,
                }
            )
        return self.sealed_bodies[key]

    def _head(self) -> dict[str, Any]:
        return {"status": 200, "experiments": [], "dateUpdated": self.made_at.isoformat()}
