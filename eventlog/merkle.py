"""Merkle trees as Certificate Transparency builds them (RFC 6962, section 2.1), in pure Python.

A leaf's index is its position less one. Hashes are kept 256 to a block: the hash of every
complete run of 256^level leaves is stored once under (level, index), so that a root, an
inclusion proof or a consistency proof of a log of any size reads a few blocks and no more.
Level 0 are the leaf hashes themselves.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence

WIDTH_BITS = 8
WIDTH = 1 << WIDTH_BITS
EMPTY_ROOT = hashlib.sha256().digest()

Block = Sequence[bytes]
Tile = tuple[int, int, bytes]


def node(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node over the hashes of its two children."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def fold(hashes: Sequence[bytes]) -> bytes:
    """Root over equal, complete subtrees whose number is a power of two."""
    row = list(hashes)
    while len(row) > 1:
        row = [node(row[at], row[at + 1]) for at in range(0, len(row), 2)]
    return row[0]


def perfect_parts(start: int, end: int) -> Iterator[tuple[int, int]]:
    """Complete subtrees that tile the leaves [start, end), largest first, as (height, index).

    `start` is a multiple of the largest power of two not above the length, as in every range
    that the recursion of RFC 6962 meets.
    """
    while start < end:
        height = (end - start).bit_length() - 1
        yield height, start >> height
        start += 1 << height


def joined(parts: Sequence[bytes]) -> bytes:
    """Root over complete subtrees of falling size: the smallest two are joined first."""
    root = parts[-1]
    for part in reversed(parts[:-1]):
        root = node(part, root)
    return root


class Tree:
    """Roots and proofs over stored blocks.

    `read(level, block)` returns the hashes with index 256·block up to 256·block + 255 of that
    level, as many as there are. Every block is read at most once by one tree, so a tree is for
    one question or a few, not for keeping while the log grows.
    """

    def __init__(self, read: Callable[[int, int], Block]):
        self._read = read
        self._blocks: dict[tuple[int, int], Block] = {}

    def root(self, size: int) -> bytes:
        """Root over the first `size` leaves. Raises `LookupError` where the log is shorter."""
        return self._range(0, size) if size else EMPTY_ROOT

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """Audit path of the leaf `index` in the tree of `size` leaves (RFC 6962, 2.1.1)."""
        if not 0 <= index < size:
            raise ValueError(f"no leaf {index} in a tree of {size}")
        return self._path(index, 0, size)

    def consistency(self, old: int, new: int) -> list[bytes]:
        """Proof that the tree of `old` leaves begins the tree of `new` leaves (2.1.2)."""
        if not 0 < old <= new:
            raise ValueError(f"no consistency between sizes {old} and {new}")
        return self._extension(old, 0, new, True)

    def _path(self, index: int, start: int, end: int) -> list[bytes]:
        if end - start == 1:
            return []
        middle = start + _split(end - start)
        if index < middle:
            return [*self._path(index, start, middle), self._range(middle, end)]
        return [*self._path(index, middle, end), self._range(start, middle)]

    def _extension(self, old: int, start: int, end: int, whole: bool) -> list[bytes]:
        if old == end:
            return [] if whole else [self._range(start, end)]
        middle = start + _split(end - start)
        if old <= middle:
            return [*self._extension(old, start, middle, whole), self._range(middle, end)]
        return [*self._extension(old, middle, end, False), self._range(start, middle)]

    def _range(self, start: int, end: int) -> bytes:
        return joined([self._perfect(*part) for part in perfect_parts(start, end)])

    def _perfect(self, height: int, index: int) -> bytes:
        level, spare = divmod(height, WIDTH_BITS)
        first = index << spare
        block = self._block(level, first // WIDTH)
        found = block[first % WIDTH : first % WIDTH + (1 << spare)]
        if len(found) < 1 << spare:
            raise LookupError(f"level {level} has no hashes {first} to {first + (1 << spare) - 1}")
        return fold(found)

    def _block(self, level: int, block: int) -> Block:
        key = (level, block)
        if key not in self._blocks:
            self._blocks[key] = self._read(level, block)
        return self._blocks[key]


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1


class Frontier:
    """The right edge of a growing tree: what is needed to add leaves and to know the root.

    Holds fewer than 256 hashes for each level, whatever the size of the log.
    """

    def __init__(self, size: int = 0, edge: Iterable[Iterable[bytes]] = ()):
        self.size = size
        self._edge = [list(level) for level in edge]

    @classmethod
    def load(cls, size: int, read: Callable[[int, int], Block]) -> Frontier:
        """The frontier of a log of `size` leaves from its stored blocks (see `Tree`)."""
        edge = []
        for level in range(_levels(size)):
            count = size >> (WIDTH_BITS * level)
            held = read(level, count // WIDTH)[: count % WIDTH] if count % WIDTH else []
            if len(held) < count % WIDTH:
                raise LookupError(f"level {level} lacks hashes below {count}")
            edge.append(held)
        return cls(size, edge)

    def extend(self, leaves: Sequence[bytes]) -> list[Tile]:
        """Adds leaf hashes; returns the blocks that became complete, as (level, index, hash)."""
        done: list[Tile] = []
        count, self.size = self.size, self.size + len(leaves)
        fresh, level = leaves, 0
        while fresh:
            if level == len(self._edge):
                self._edge.append([])
            fresh = self._complete(level, fresh, done, count >> (WIDTH_BITS * (level + 1)))
            level += 1
        return done

    def _complete(
        self, level: int, fresh: Sequence[bytes], done: list[Tile], index: int
    ) -> list[bytes]:
        row = self._edge[level] + list(fresh)
        whole = len(row) - len(row) % WIDTH
        above = [fold(row[at : at + WIDTH]) for at in range(0, whole, WIDTH)]
        done.extend((level + 1, index + at, value) for at, value in enumerate(above))
        self._edge[level] = row[whole:]
        return above

    def root(self) -> bytes:
        """Root over all leaves so far."""
        if not self.size:
            return EMPTY_ROOT
        parts = []
        for row in reversed(self._edge):
            parts += [fold(row[at:end]) for at, end in _runs(len(row))]
        return joined(parts)


def _levels(size: int) -> int:
    return -(-size.bit_length() // WIDTH_BITS)


def _runs(count: int) -> list[tuple[int, int]]:
    """Slices of falling power-of-two length that cover [0, count)."""
    return [(i << h, (i + 1) << h) for h, i in perfect_parts(0, count)]


def includes(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether `path` proves `leaf` at `index` under `root` (RFC 9162, section 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    at, last, value = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            value = node(sibling, value)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            value = node(value, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and value == root


def extends(old: int, new: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]) -> bool:
    """Whether `path` proves the old tree to begin the new one (RFC 9162, section 2.1.4.2)."""
    if old == new:
        return not path and old_root == new_root
    if not 0 < old < new or not path:
        return False
    steps = [old_root, *path] if old & (old - 1) == 0 else list(path)
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    first = second = steps[0]
    for sibling in steps[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            first, second = node(sibling, first), node(sibling, second)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            second = node(second, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and first == old_root and second == new_root
