#!/usr/bin/env python3
"""Verifies an export of a Dropstitch log, offline, with nothing but this file and Python.

    python3 verify_export.py export.jsonl.gz --key KEY [--anchor anchors.jsonl]

A whole export is recomputed from its first event on: the digest of every event, the chain of
every stream, the Merkle tree (RFC 6962), and the root and Ed25519 signature (RFC 8032) of every
checkpoint. A partial export carries a proof for each event and one checkpoint. With an anchor
file, every checkpoint that was ever anchored must be a prefix of the exported log.

KEY is the log's public key as `manage.py log_stats` prints it. Take it, and the anchor file, from
somewhere else than the export. Exit code 0: verified; 1: not; 2: the file could not be read.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import hashlib
import json
import sys
import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from typing import Any, TextIO

GENESIS = bytes(32)
Point = tuple[int, int, int, int]
Line = dict[str, Any]
Anchor = tuple[int, str, bytes]
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)  # noqa: UP017 - older Pythons, too


class Wrong(Exception):
    """The export does not hold what it claims."""


# --- Ed25519, after RFC 8032, section 5.1 ---------------------------------------------------------

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)


def recover_x(y: int, sign: int) -> int:
    """The x of a point from its y and the lowest bit of x. Raises `Wrong`."""
    if y >= P:
        raise Wrong("not a point of the curve")
    squared = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(squared, (P + 3) // 8, P)
    if (x * x - squared) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if (x * x - squared) % P or (x == 0 and sign):
        raise Wrong("not a point of the curve")
    return P - x if x & 1 != sign else x


def point(encoded: bytes) -> Point:
    """A point in extended coordinates (X, Y, Z, T) from its 32 bytes."""
    value = int.from_bytes(encoded, "little")
    y = value & ((1 << 255) - 1)
    x = recover_x(y, value >> 255)
    return x, y, 1, x * y % P


def add(a: Point, b: Point) -> Point:
    """Sum of two points."""
    e = (a[1] - a[0]) * (b[1] - b[0]) % P
    f = (a[1] + a[0]) * (b[1] + b[0]) % P
    g, h = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = f - e, h - g, h + g, f + e
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(scalar: int, a: Point) -> Point:
    """A point added to itself `scalar` times."""
    total: Point = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            total = add(total, a)
        a = add(a, a)
        scalar >>= 1
    return total


def same_point(a: Point, b: Point) -> bool:
    """Whether two extended coordinates mean one point."""
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE = (recover_x(BASE_Y, 0), BASE_Y, 1, recover_x(BASE_Y, 0) * BASE_Y % P)


def signature_holds(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether an Ed25519 signature is that of `message` under the 32 bytes of `public`."""
    if len(signature) != 64 or len(public) != 32:
        return False
    s = int.from_bytes(signature[32:], "little")
    if s >= ORDER:
        return False
    try:
        r, a = point(signature[:32]), point(public)
    except Wrong:
        return False
    digest = hashlib.sha512(signature[:32] + public + message).digest()
    k = int.from_bytes(digest, "little") % ORDER
    return same_point(times(s, BASE), add(r, times(k, a)))


# --- signed notes (c2sp.org/signed-note, c2sp.org/tlog-checkpoint) --------------------------------


class Key:
    """A public key under a name: ``name+key id+base64``."""

    def __init__(self, text: str):
        self.name, claimed, encoded = text.strip().split("+", 2)
        body = base64.b64decode(encoded, validate=True)
        self.public = body[1:]
        self.id = hashlib.sha256(self.name.encode() + b"\n" + body).digest()[:4]
        if body[:1] != b"\x01" or self.id.hex() != claimed or len(self.public) != 32:
            raise ValueError(f"{text!r} is not an Ed25519 verifier key")


def signed_checkpoint(note: str, keys: list[Key]) -> tuple[int, bytes]:
    """Size and root of a note that one of the keys signed. Raises `Wrong`."""
    text, separator, signatures = note.rpartition("\n\n")
    lines = text.split("\n")
    if not separator or len(lines) < 3:
        raise Wrong("not a signed checkpoint")
    for line in signatures.splitlines():
        dash, name, encoded = line.split(" ")
        body = base64.b64decode(encoded)
        for key in keys:
            named = (dash, name, body[:4]) == ("—", key.name, key.id) and name == lines[0]
            if named and signature_holds(key.public, (text + "\n").encode(), body[4:]):
                return int(lines[1]), base64.b64decode(lines[2])
    raise Wrong("none of the given keys has signed this checkpoint")


# --- events and tree ------------------------------------------------------------------------------


def micros(text: str) -> int:
    """Microseconds since 1970 of an ISO 8601 time."""
    return (datetime.fromisoformat(text) - EPOCH) // timedelta(microseconds=1)


def optional_id(text: str | None) -> bytes:
    """Bytes of a UUID, none for None."""
    return uuid.UUID(text).bytes if text else b""


def content_digest(event: Line) -> bytes:
    """SHA-256 over everything an event claims, each part after its length in four bytes."""
    digest = hashlib.sha256(b"dropstitch event 1")
    for part in (
        uuid.UUID(event["event_id"]).bytes,
        event["stream"].encode(),
        event["type"].encode(),
        event["schema"].to_bytes(2, "big"),
        micros(event["occurred_at"]).to_bytes(8, "big", signed=True),
        event["actor"].encode(),
        uuid.UUID(event["command_id"]).bytes,
        optional_id(event["correlation_id"]),
        optional_id(event["causation_id"]),
        "\n".join(event["refs"]).encode(),
        hashlib.sha256(event["payload"].encode()).digest(),
    ):
        digest.update(len(part).to_bytes(4, "big") + part)
    return digest.digest()


def chained(previous: bytes, event: Line) -> bytes:
    """Hash of an event in its stream."""
    version = event["version"].to_bytes(4, "big")
    return hashlib.sha256(previous + version + content_digest(event)).digest()


def leaf(event: Line, value: bytes) -> bytes:
    """Merkle leaf of an event at its position."""
    place = event["position"].to_bytes(8, "big")
    recorded = micros(event["recorded_at"]).to_bytes(8, "big", signed=True)
    return hashlib.sha256(b"\x00" + place + recorded + value).digest()


def node(left: bytes, right: bytes) -> bytes:
    """Merkle hash over two children."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class GrowingTree:
    """The complete subtrees of a growing log, as (height, hash), largest first."""

    def __init__(self) -> None:
        self.size = 0
        self.parts: list[tuple[int, bytes]] = []

    def append(self, value: bytes) -> None:
        """Adds a leaf."""
        height = 0
        while self.parts and self.parts[-1][0] == height:
            value, height = node(self.parts.pop()[1], value), height + 1
        self.parts.append((height, value))
        self.size += 1

    def root(self) -> bytes:
        """Root over all leaves."""
        value = self.parts[-1][1]
        for _, part in reversed(self.parts[:-1]):
            value = node(part, value)
        return value


def root_from_path(value: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """Root that an inclusion path leads to (RFC 9162, section 2.1.3.2). Raises `Wrong`."""
    last = size - 1
    for sibling in path:
        if last == 0:
            raise Wrong("its proof is too long")
        if index & 1 or index == last:
            value = node(sibling, value)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            value = node(value, sibling)
        index, last = index >> 1, last >> 1
    if last:
        raise Wrong("its proof is too short")
    return value


# --- the export -----------------------------------------------------------------------------------


class Export:
    """Reads an export line by line; `problems` collects what is wrong."""

    def __init__(self, keys: list[Key], anchors: list[Anchor]):
        self.keys, self.anchors = keys, sorted(anchors)
        self.problems: list[str] = []
        self.remarks: list[str] = []
        self.heads: dict[str, tuple[int, bytes]] = {}
        self.tree = GrowingTree()
        self.events = self.checkpoints = self.compared = self.position = 0
        self.whole, self.size, self.root = True, 0, b""
        self.ended = False

    def read(self, lines: Iterable[str]) -> None:
        """Verifies all lines."""
        for number, line in enumerate(lines, start=1):
            record = json.loads(line)
            if (number == 1) != (record["kind"] == "header"):
                raise Wrong("the first line of an export, and no other, is its header")
            if self.ended:
                raise Wrong("lines follow the end")
            getattr(self, "on_" + record["kind"])(record)
        if not self.ended:
            self.problems.append("the export is cut off: its last line is missing")
        self.finish()

    def on_header(self, record: Line) -> None:
        """The export's scope and its checkpoint."""
        self.whole = record["mode"] == "whole"
        self.size, self.root = signed_checkpoint(record["checkpoint"], self.keys)

    def on_event(self, event: Line) -> None:
        """One event."""
        self.events += 1
        name = f"{event['type']} {event['event_id']} at position {event['position']}"
        if event["position"] != self.position + 1 and (
            self.whole or event["position"] <= self.position
        ):
            self.problems.append(f"{name}: it should be at {self.position + 1}")
        self.position = event["position"]
        value = self.chain(name, event)
        if self.whole:
            self.tree.append(leaf(event, value))
            self.compare_anchors()
        else:
            self.prove(name, event, value)

    def chain(self, name: str, event: Line) -> bytes:
        """The event's hash as recomputed, compared with what the export and its stream say."""
        version, head = self.heads.get(event["stream"], (0, GENESIS))
        previous = head if self.whole else bytes.fromhex(event["previous"])
        if self.whole and event["version"] != version + 1:
            self.problems.append(f"{name}: {event['stream']} goes from {version} to its version")
        if event["version"] == version + 1 and previous != head:
            self.problems.append(f"{name}: it does not continue its stream")
        value = chained(previous, event)
        if value.hex() != event["hash"]:
            self.problems.append(f"{name}: it has been changed")
        self.heads[event["stream"]] = event["version"], bytes.fromhex(event["hash"])
        return value

    def prove(self, name: str, event: Line, value: bytes) -> None:
        """Compares the root that the event's proof leads to with the checkpoint's."""
        path = [bytes.fromhex(step) for step in event["proof"]]
        try:
            root = root_from_path(leaf(event, value), event["position"] - 1, self.size, path)
        except Wrong as error:
            self.problems.append(f"{name}: {error}")
            return
        if root != self.root:
            self.problems.append(f"{name}: its proof does not lead to the signed root")

    def on_checkpoint(self, record: Line) -> None:
        """One checkpoint of a whole export, which comes right after its last event."""
        self.checkpoints += 1
        size, root = signed_checkpoint(record["note"], self.keys)
        self.compare(f"checkpoint at {size}", size, root)

    def compare(self, source: str, size: int, root: bytes) -> None:
        """Compares a signed root with that of the events so far."""
        if size != self.tree.size:
            self.problems.append(f"{source}: it stands after event {self.tree.size}")
        elif root != self.tree.root():
            self.problems.append(f"{source}: its root is not that of the first {size} events")
        else:
            self.compared += 1

    def compare_anchors(self) -> None:
        """Compares anchors whose size has been reached."""
        while self.anchors and self.anchors[0][0] == self.tree.size:
            size, source, root = self.anchors.pop(0)
            self.compare(source, size, root)

    def on_end(self, record: Line) -> None:
        """The last line, which counts the others."""
        self.ended = True
        if (record["events"], record["checkpoints"]) != (self.events, self.checkpoints):
            self.problems.append("events or checkpoints are missing: the last line counts more")

    def finish(self) -> None:
        """What can be said only at the end."""
        if self.whole and (self.tree.size != self.size or self.tree.root() != self.root):
            self.problems.append(f"the export's checkpoint is for {self.size} other events")
        for size, source, root in self.anchors:
            if size > self.size:
                gone = f"{size} events were signed, the export knows of {self.size}"
                self.problems.append(f"{source}: {gone}")
            elif size == self.size and root != self.root:
                self.problems.append(f"{source}: another root was signed for {size} events")
            elif size < self.size:
                self.remarks.append(f"{source}: only a whole export can be compared with it")


def read_anchors(path: str, keys: list[Key]) -> tuple[list[Anchor], list[str]]:
    """Anchors of a file as (size, source, root), and what is wrong with it."""
    anchors: list[Anchor] = []
    problems: list[str] = []
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            source = f"anchor file line {number}"
            try:
                note = json.loads(line)["note"]
            except (ValueError, KeyError):
                print(f"{source} is torn and proves nothing", file=sys.stderr)  # noqa: T201
                continue
            try:
                size, root = signed_checkpoint(note, keys)
                anchors.append((size, source, root))
            except Wrong as error:
                problems.append(f"{source}: {error}")
    return anchors, problems


def opened(path: str) -> TextIO:
    """The export as lines of text, unpacked if need be."""
    with open(path, "rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    if packed:
        return gzip.open(path, "rt", encoding="utf-8")
    return open(path, encoding="utf-8")


def main(arguments: list[str] | None = None) -> int:
    """Verifies one export; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("export")
    parser.add_argument("--key", action="append", required=True, help="may be given repeatedly")
    parser.add_argument("--anchor", help="file of checkpoints kept outside the database")
    options = parser.parse_args(arguments)
    try:
        keys = [Key(text) for text in options.key]
        anchors, problems = read_anchors(options.anchor, keys) if options.anchor else ([], [])
        export = Export(keys, anchors)
        with opened(options.export) as lines:
            export.read(lines)
    except Wrong as error:
        print(f"NOT VERIFIED: {error}")  # noqa: T201
        return 1
    except (OSError, ValueError, LookupError, TypeError, AttributeError, EOFError) as error:
        print(f"NOT READ: {error!r}")  # noqa: T201
        return 2
    return tell(export, problems + export.problems)


def tell(export: Export, problems: list[str]) -> int:
    """Prints the outcome."""
    for line in (problems + export.remarks)[:20]:
        print(line)  # noqa: T201
    looked = f"{export.events} events, {export.compared} checkpoints and anchors"
    if problems:
        print(f"NOT VERIFIED: {len(problems)} problems in {looked}")  # noqa: T201
        return 1
    scope = "the whole log" if export.whole else "a part of the log"
    print(f"verified: {scope}, {looked}, root {export.root.hex()} at {export.size}")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
