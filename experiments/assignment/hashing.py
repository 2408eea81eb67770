"""Where a unit falls between 0 and 1: GrowthBook's hashes v1 and v2, and PlanOut's.

GrowthBook (docs, "Build your own SDK", section Hashing): FNV-1a of 32 bits over UTF-16 code units,
as JavaScript's `charCodeAt` gives them. Version 1 has 1,000 places and lets experiments of one
seed length influence each other; version 2 hashes twice and has 10,000.
PlanOut (Bakshy, Eckles, Bernstein 2014): the first 15 hexadecimal digits of a SHA-1.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import TypeVar

OFFSET, PRIME, MASK = 0x811C9DC5, 0x01000193, 0xFFFFFFFF
VERSIONS = (1, 2)
PLANOUT_SCALE = float(0xFFFFFFFFFFFFFFF)

Choice = TypeVar("Choice")


def units(text: str) -> Iterable[int]:
    """UTF-16 code units of a text; characters beyond the first plane are two."""
    if text.isascii():
        return text.encode()
    return memoryview(text.encode("utf-16-le", "surrogatepass")).cast("H")


def fnv1a32(text: str, state: int = OFFSET) -> int:
    """FNV-1a of 32 bits; `state` continues an earlier hash, so that a prefix is hashed once."""
    for unit in text.encode() if text.isascii() else units(text):
        state = (state ^ unit) * PRIME & MASK
    return state


def bucket(seed: str, value: str, version: int) -> float | None:
    """Place in [0, 1) of `value` under `seed`; None for a version that is not known."""
    if version == 2:
        return fnv1a32(str(fnv1a32(value, fnv1a32(seed)))) % 10_000 / 10_000
    if version == 1:
        return fnv1a32(value + seed) % 1_000 / 1_000
    return None


def seed_from(text: str) -> str:
    """A seed for what `text` names.

    A digest, since FNV-1a places the ids of a sequence alike under seeds that are alike: of 276
    pairs of ``layer 0`` … ``layer 23`` over 100,000 sequential ids, one had p = 4e-6.
    """
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


class Placing:
    """`bucket` for one seed and version, with the seed hashed beforehand."""

    __slots__ = ("_seed", "_start", "_version")

    def __init__(self, seed: str, version: int):
        self._seed, self._version, self._start = seed, version, fnv1a32(seed)

    def __call__(self, value: str) -> float | None:
        if self._version != 2:
            return bucket(self._seed, value, self._version)
        # Both rounds in place: two calls cost as much as the hashing of a short id.
        state = self._start
        for unit in value.encode() if value.isascii() else units(value):
            state = (state ^ unit) * PRIME & MASK
        again = OFFSET
        for unit in b"%d" % state:
            again = (again ^ unit) * PRIME & MASK
        return again % 10_000 / 10_000


def planout_number(salt: str, unit: str) -> int:
    """PlanOut's hash: 60 bits of the SHA-1 of ``salt.unit``."""
    # SHA-1 is what the format prescribes; nothing is kept secret by it.
    digest = hashlib.sha1(f"{salt}.{unit}".encode("utf-8", "surrogatepass"), usedforsecurity=False)
    return int(digest.hexdigest()[:15], 16)


def planout_uniform(salt: str, unit: str, low: float = 0.0, high: float = 1.0) -> float:
    """A number of [low, high] for the unit."""
    return low + (high - low) * (planout_number(salt, unit) / PLANOUT_SCALE)


def planout_integer(salt: str, unit: str, low: int, high: int) -> int:
    """A whole number of low … high, both included."""
    return low + planout_number(salt, unit) % (high - low + 1)


def planout_choice(salt: str, unit: str, choices: Sequence[Choice]) -> Choice:
    """One of the choices, each equally likely."""
    return choices[planout_number(salt, unit) % len(choices)]


def planout_weighted(
    salt: str, unit: str, choices: Sequence[Choice], weights: Sequence[float]
) -> Choice:
    """One of the choices, as likely as its weight; the last where rounding leaves none."""
    stop, reached = planout_uniform(salt, unit, 0.0, sum(weights)), 0.0
    for choice, weight in zip(choices, weights, strict=True):
        reached += weight
        if stop <= reached:
            return choice
    return choices[-1]


def planout_sample(salt: str, unit: str, choices: Sequence[Choice], draws: int) -> list[Choice]:
    """`draws` of the choices: the beginning of a Fisher-Yates shuffle of its own for the unit."""
    shuffled = list(choices)
    for index in range(len(shuffled) - 1, 0, -1):
        other = planout_number(salt, f"{unit}.{index}") % (index + 1)
        shuffled[index], shuffled[other] = shuffled[other], shuffled[index]
    return shuffled[:draws]
