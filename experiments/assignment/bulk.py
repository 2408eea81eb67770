"""Where many units fall at once: the same hashes over columns of code units.

For planning and for checks of a whole population; a single unit is faster by `hashing`. Units of one
length are hashed together, a column of characters at a time and a few thousand rows at a time, so
that numpy does the work and the rows stay in the processor's cache.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from experiments.assignment.hashing import OFFSET, PRIME, fnv1a32

Places = NDArray[np.float64]
Words = NDArray[np.uint32]
Table = NDArray[np.uint32]

CHUNK = 16_384
MULTIPLIER = np.uint32(PRIME)  # words of 32 bits wrap where the hash masks
ZERO = np.uint32(ord("0"))
MOST_DIGITS = 10  # of a number of 32 bits


def places(seed: str, values: ArrayLike, version: int = 2) -> Places:
    """Place in [0, 1) of each text under `seed`. Raises `ValueError` for an unknown version."""
    if version not in (1, 2):
        raise ValueError(f"there is no hash version {version}")
    texts = np.asarray(values, dtype=np.str_)
    found = np.empty(len(texts), dtype=np.float64)
    for rows, units in _chunks(texts):
        found[rows] = _places_v2(seed, units) if version == 2 else _places_v1(seed, units)
    return found


def arms(found: Places, ranges: Sequence[Sequence[float]]) -> NDArray[np.int64]:
    """The arm at each place, -1 where none is: `buckets.choose`, the first range that holds it."""
    chosen = np.full(len(found), -1, dtype=np.int64)
    for index, (start, end) in reversed(list(enumerate(ranges))):
        chosen[(found >= start) & (found < end)] = index
    return chosen


def _places_v1(seed: str, units: Table) -> Places:
    tail = np.frombuffer(seed.encode("utf-16-le", "surrogatepass"), dtype="<u2")
    hashed = _mixed(np.full(units.shape[1], OFFSET, np.uint32), [*units, *tail.astype(np.uint32)])
    return (hashed % np.uint32(1_000)) / 1_000


def _places_v2(seed: str, units: Table) -> Places:
    first = _mixed(np.full(units.shape[1], fnv1a32(seed), np.uint32), units)
    return (_hash_of_digits(first) % np.uint32(10_000)) / 10_000


def _chunks(texts: NDArray[np.str_]) -> Iterator[tuple[Any, Table]]:
    """Rows that have one length in code units, and these as a table (length, rows)."""
    if texts.size == 0 or texts.dtype.itemsize == 0:
        if texts.size:
            yield slice(None), np.empty((0, len(texts)), np.uint32)
        return
    points = np.ascontiguousarray(texts).view(np.uint32).reshape(len(texts), -1)
    for start in range(0, len(points), CHUNK):
        part = points[start : start + CHUNK]
        if part[:, -1].all() and part.max() <= 0xFFFF:
            yield slice(start, start + len(part)), np.ascontiguousarray(part.T)
        else:
            yield from _mixed_lengths(part, start, texts)


def _mixed_lengths(
    part: Table, start: int, texts: NDArray[np.str_]
) -> Iterator[tuple[NDArray[np.intp], Table]]:
    width = part.shape[1]
    filled = part != 0
    lengths = np.where(filled.any(axis=1), width - filled[:, ::-1].argmax(axis=1), 0)
    wide = (part > 0xFFFF).any(axis=1)
    for length in np.unique(lengths[~wide]):
        rows = np.nonzero((lengths == length) & ~wide)[0]
        yield start + rows, np.ascontiguousarray(part[rows, :length].T)
    # Characters of two code units are rare: each of their rows goes by itself.
    for row in np.nonzero(wide)[0]:
        units = np.frombuffer(
            str(texts[start + row]).encode("utf-16-le", "surrogatepass"), dtype="<u2"
        )
        yield start + np.array([row]), units.astype(np.uint32).reshape(-1, 1)


def _mixed(state: Words, columns: Any) -> Words:
    """The hash continued over columns of code units, in place."""
    for column in columns:
        state ^= column
        state *= MULTIPLIER
    return state


def _hash_of_digits(numbers: Words) -> Words:
    """FNV-1a of each number's decimal digits, without leading zeros."""
    hashed, done = np.empty_like(numbers), numbers < 0
    for digits in range(MOST_DIGITS, 0, -1):
        least = 10 ** (digits - 1) if digits > 1 else 0
        these = (numbers >= least) & ~done
        if not these.any():
            continue
        done |= these
        rest, state = numbers[these], np.full(int(these.sum()), OFFSET, np.uint32)
        for power in range(digits - 1, -1, -1):
            digit = rest // np.uint32(10**power)
            rest -= digit * np.uint32(10**power)
            digit += ZERO
            state ^= digit
            state *= MULTIPLIER
        hashed[these] = state
    return hashed
