"""Signed checkpoints: one short text says how long the log is and what its Merkle root is.

The text follows two small specifications of the transparency community, so that their tools can
read it: the checkpoint (c2sp.org/tlog-checkpoint) and the signed note (c2sp.org/signed-note):

    dropstitch
    1042
    q1eS3VsvA0Yh…=

    — dropstitch kx3Ayg…=

A note is made once, stored, and served as it was stored: a root that is signed again is another
text, and whoever compares texts would suspect two histories.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings

from eventlog.secrets import installation_key

ED25519 = b"\x01"
ROOT_LENGTH = 32
SIGNATURE_LENGTH = 64


class BadNote(ValueError):
    """A checkpoint's text is not in the form of the specification."""


@dataclass(frozen=True)
class Checkpoint:
    """What a note claims: the log's name, its number of leaves and its Merkle root."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The text that is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


@dataclass(frozen=True)
class Note:
    """A parsed note: its checkpoint, the text that was signed, and (name, key id, signature)s."""

    checkpoint: Checkpoint
    text: str
    signatures: tuple[tuple[str, bytes, bytes], ...]


@dataclass(frozen=True)
class Verifier:
    """A public key under a name, written ``name+key id+base64`` (c2sp.org/signed-note)."""

    name: str
    public: bytes

    @classmethod
    def parse(cls, text: str) -> Verifier:
        """The verifier that `str` wrote. Raises `BadNote`."""
        name, _, rest = text.strip().partition("+")
        claimed, _, encoded = rest.partition("+")
        body = _decoded(encoded)
        verifier = cls(name, body[1:])
        if body[:1] != ED25519 or verifier.key_id.hex() != claimed:
            raise BadNote(f"{text!r} is not an Ed25519 verifier key")
        return verifier

    def __str__(self) -> str:
        encoded = base64.b64encode(ED25519 + self.public).decode()
        return f"{self.name}+{self.key_id.hex()}+{encoded}"

    @cached_property
    def key_id(self) -> bytes:
        """Four bytes by which a signature names its key."""
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:4]

    def verifies(self, note: Note) -> bool:
        """Whether the note bears a signature of this key."""
        mine = [sig for name, key, sig in note.signatures if (name, key) == self.identity]
        return any(self._verifies(signature, note.text) for signature in mine)

    @property
    def identity(self) -> tuple[str, bytes]:
        """Name and key id, as they stand before a signature."""
        return self.name, self.key_id

    def _verifies(self, signature: bytes, text: str) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text.encode())
        except InvalidSignature:
            return False
        return True


class Signer:
    """Signs checkpoints with an Ed25519 private key (32 bytes) under the log's name."""

    def __init__(self, origin: str, private: bytes):
        if not origin or any(c.isspace() or c == "+" for c in origin):
            raise ValueError(f"LOG_ORIGIN {origin!r} may not hold spaces or a plus sign")
        self._key = Ed25519PrivateKey.from_private_bytes(private)
        self.verifier = Verifier(origin, self._key.public_key().public_bytes_raw())

    def sign(self, size: int, root: bytes) -> str:
        """The note for a tree of `size` leaves."""
        text = Checkpoint(self.verifier.name, size, root).text()
        signature = self.verifier.key_id + self._key.sign(text.encode())
        return f"{text}\n— {self.verifier.name} {base64.b64encode(signature).decode()}\n"


def own_signer() -> Signer:
    """This installation's signer. Raises `ImproperlyConfigured` for a key that is none."""
    return Signer(settings.ENV.log_origin, installation_key("log_signing_key"))


def trusted_verifiers() -> list[Verifier]:
    """This installation's key, and those that have signed its log before. Raises `BadNote`."""
    older = [text for text in settings.ENV.log_trusted_keys.split(",") if text.strip()]
    return [own_signer().verifier, *map(Verifier.parse, older)]


def parse(note: str) -> Note:
    """Reads a signed note. Raises `BadNote`; says nothing about the signatures' worth."""
    text, separator, tail = note.rpartition("\n\n")
    if not separator or not tail.endswith("\n"):
        raise BadNote("a note is a text, an empty line and signature lines")
    signatures = tuple(_signature(line) for line in tail.splitlines())
    return Note(_checkpoint(text), text + "\n", signatures)


def _checkpoint(text: str) -> Checkpoint:
    lines = text.split("\n")
    if len(lines) < 3 or not lines[0]:
        raise BadNote("a checkpoint has an origin, a size and a root")
    origin, size, root = lines[0], lines[1], _decoded(lines[2])
    if not (size.isascii() and size.isdigit()) or size != str(int(size)):
        raise BadNote(f"{size!r} is not a size")
    if len(root) != ROOT_LENGTH:
        raise BadNote(f"a root has {ROOT_LENGTH} bytes, not {len(root)}")
    return Checkpoint(origin, int(size), root)


def _signature(line: str) -> tuple[str, bytes, bytes]:
    parts = line.split(" ")
    if len(parts) != 3 or parts[0] != "—" or not parts[1]:
        raise BadNote(f"{line!r} is not a signature line")
    body = _decoded(parts[2])
    return parts[1], body[:4], body[4:]


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise BadNote(f"{text!r} is not base64") from error


def signed_by(note: str, verifiers: Iterable[Verifier]) -> Checkpoint:
    """The checkpoint of a note that one of the verifiers signed. Raises `BadNote`."""
    parsed = parse(note)
    for verifier in verifiers:
        if verifier.name == parsed.checkpoint.origin and verifier.verifies(parsed):
            return parsed.checkpoint
    named = ", ".join(f"{name}+{key.hex()}" for name, key, _ in parsed.signatures)
    raise BadNote(f"no known key has signed it (signed by {named})")
