"""The tree against a slow transcription of RFC 6962 and the vectors of its reference log."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventlog import merkle

# Leaf data and roots of the reference implementation of RFC 6962 (certificate-transparency,
# merkletree/merkle_tree_test.cc), quoted by most implementations of the tree since.
INPUTS = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def hashed(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def numbered(count: int) -> list[bytes]:
    return [hashed(number.to_bytes(4)) for number in range(count)]


def slow_root(leaves: Sequence[bytes]) -> bytes:
    """MTH of RFC 6962, 2.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + slow_root(leaves[:k]) + slow_root(leaves[k:])).digest()


def slow_path(m: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH of RFC 6962, 2.1.1, word for word."""
    if len(leaves) == 1:
        return []
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if m < k:
        return [*slow_path(m, leaves[:k]), slow_root(leaves[k:])]
    return [*slow_path(m - k, leaves[k:]), slow_root(leaves[:k])]


def slow_proof(m: int, leaves: Sequence[bytes], b: bool = True) -> list[bytes]:
    """SUBPROOF of RFC 6962, 2.1.2, word for word."""
    if m == len(leaves):
        return [] if b else [slow_root(leaves)]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if m <= k:
        return [*slow_proof(m, leaves[:k], b), slow_root(leaves[k:])]
    return [*slow_proof(m - k, leaves[k:], False), slow_root(leaves[:k])]


class Stored:
    """What the sealer stores: leaves, and the blocks that a frontier completed."""

    def __init__(self, leaves: Sequence[bytes], cuts: Sequence[int] = ()):
        self.levels: dict[int, dict[int, bytes]] = {0: dict(enumerate(leaves))}
        self.frontier = merkle.Frontier()
        bounds = [0, *sorted(cut % (len(leaves) + 1) for cut in cuts), len(leaves)]
        for start, end in itertools.pairwise(bounds):
            for level, index, value in self.frontier.extend(leaves[start:end]):
                assert index not in self.levels.setdefault(level, {})
                self.levels[level][index] = value

    def read(self, level: int, block: int) -> list[bytes]:
        held = self.levels.get(level, {})
        first = block * merkle.WIDTH
        return [held[at] for at in range(first, first + merkle.WIDTH) if at in held]

    def tree(self) -> merkle.Tree:
        return merkle.Tree(self.read)


def test_roots_are_those_of_the_reference_log() -> None:
    stored = Stored([hashed(data) for data in INPUTS])
    assert [stored.tree().root(size).hex() for size in range(1, 9)] == ROOTS


def test_an_empty_tree_hashes_the_empty_text() -> None:
    assert merkle.Frontier().root() == hashlib.sha256(b"").digest()
    assert Stored([]).tree().root(0) == hashlib.sha256(b"").digest()


def test_a_proof_of_the_reference_log() -> None:
    stored = Stored([hashed(data) for data in INPUTS])
    path = [step.hex() for step in stored.tree().inclusion(0, 8)]
    assert path == [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ]


@settings(max_examples=60, deadline=None)
@given(
    size=st.one_of(st.integers(1, 40), st.integers(200, 1400), st.sampled_from([256, 512, 65_536])),
    cuts=st.lists(st.integers(0, 70_000), max_size=4),
    pick=st.integers(0, 1 << 20),
)
def test_roots_and_proofs_equal_the_slow_ones(size: int, cuts: list[int], pick: int) -> None:
    leaves = numbered(size)
    stored, index, old = Stored(leaves, cuts), pick % size, pick % size + 1
    tree, root, old_root = stored.tree(), slow_root(leaves), slow_root(leaves[:old])
    assert stored.frontier.root() == tree.root(size) == root
    assert tree.root(old) == old_root
    path, proof = tree.inclusion(index, size), tree.consistency(old, size)
    assert path == slow_path(index, leaves)
    assert proof == slow_proof(old, leaves)
    assert merkle.includes(leaves[index], index, size, path, root)
    assert merkle.extends(old, size, old_root, root, proof)


def test_a_tree_of_three_levels_keeps_its_root() -> None:
    leaves = numbered(66_000)
    stored = Stored(leaves, cuts=(1, 255, 257, 65_535))
    assert stored.levels[2] == {0: slow_root(leaves[:65_536])}
    assert stored.frontier.root() == stored.tree().root(66_000) == slow_root(leaves)


@settings(max_examples=60, deadline=None)
@given(size=st.integers(1, 1200), more=st.lists(st.integers(0, 400), max_size=4))
def test_a_loaded_frontier_goes_on_like_the_one_that_grew(size: int, more: list[int]) -> None:
    leaves = numbered(size + sum(more))
    stored = Stored(leaves[:size])
    loaded, grown = merkle.Frontier.load(size, stored.read), stored.frontier
    for count in more:
        fresh = leaves[grown.size : grown.size + count]
        assert loaded.extend(fresh) == grown.extend(fresh)
    assert loaded.root() == grown.root() == slow_root(leaves)


@settings(max_examples=200, deadline=None)
@given(size=st.integers(2, 300), pick=st.integers(0, 1 << 20), flip=st.integers(0, 1 << 20))
def test_a_changed_proof_proves_nothing(size: int, pick: int, flip: int) -> None:
    leaves = numbered(size)
    tree, index, old = Stored(leaves).tree(), pick % size, pick % (size - 1) + 1
    root, old_root = tree.root(size), tree.root(old)
    path, proof = tree.inclusion(index, size), tree.consistency(old, size)
    assert not merkle.includes(leaves[index], index, size, _flipped(path, flip), root)
    assert not merkle.includes(leaves[index], index, size, path[:-1], root)
    assert not merkle.includes(leaves[index], index, size, [*path, root], root)
    assert not merkle.includes(leaves[index], (index + 1) % size, size, path, root)
    assert not merkle.extends(old, size, old_root, root, _flipped(proof, flip))
    assert not merkle.extends(old, size, old_root, root, [*proof, root])
    assert not merkle.extends(old, size, root, root, proof)


def _flipped(path: list[bytes], flip: int) -> list[bytes]:
    at, bit = flip % len(path), flip % 256
    wrong = (int.from_bytes(path[at]) ^ (1 << bit)).to_bytes(32)
    return [*path[:at], wrong, *path[at + 1 :]]


def test_questions_beyond_the_log_are_refused() -> None:
    tree = Stored(numbered(5)).tree()
    with pytest.raises(LookupError):
        tree.root(6)
    with pytest.raises(ValueError, match="no leaf 5"):
        tree.inclusion(5, 5)
    with pytest.raises(ValueError, match="sizes 6 and 5"):
        tree.consistency(6, 5)
    with pytest.raises(LookupError):
        merkle.Frontier.load(6, Stored(numbered(5)).read)
    assert not merkle.includes(b"", 3, 3, [], b"")
    assert not merkle.extends(3, 2, b"", b"", [b""])
