"""How things of the registry are named: ``kind:namespace/name@version``, one text for one thing.

A ref is the name of the thing's stream, what other apps call it by and what an address holds. The
namespace and the version may be missing. What would make two names alike is percent-encoded, and
what is too long for a stream's name ends in a digest of the whole.
"""

from __future__ import annotations

import hashlib
import re
import uuid

LONGEST = 160  # of a key; a stream's name has 200 characters at most
KEPT = 120
APART = re.compile(r"[%~\s\x00-\x1f\x7f]")
EDGES = uuid.UUID("8e2c1a4e-3b7d-5f60-9a3e-6d1f7c2b9e04")


def ref_of(kind: str, name: str, namespace: str = "", version: str = "") -> str:
    """The ref of a thing; the same parts give the same ref and other parts another one."""
    key = _quoted(name, "@" if namespace else "@/")
    if namespace:
        key = f"{_quoted(namespace, '@/')}/{key}"
    if version:
        key += f"@{_quoted(version, '')}"
    if len(key) > LONGEST:
        key = f"{key[:KEPT]}~{hashlib.sha256(key.encode()).hexdigest()[:32]}"
    return f"{kind}:{key}"


def _quoted(text: str, also: str) -> str:
    text = APART.sub(_percent, text)
    for character in also:
        text = text.replace(character, f"%{ord(character):02X}")
    return text


def _percent(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found[0].encode())


def node_of(ref: str) -> int:
    """The number that a thing has in the graph: 63 bits of the SHA-256 of its ref.

    Half the index of a UUID, and the same after a rebuild. Two of a million things share one with
    a chance of 5e-8; the second is refused then.
    """
    return int.from_bytes(hashlib.sha256(ref.encode()).digest()[:8]) >> 1


def edge_of(source: str, kind: str, target: str, key: str = "") -> str:
    """The id of an edge; `key` tells several of one kind between the same two apart."""
    return str(uuid.uuid5(EDGES, "\n".join((source, kind, target, key))))
