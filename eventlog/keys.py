"""Keys of personal data, one per subject: what an immutable log needs in order to forget.

A personal field is stored as ``{"$pii": subject, "ct": base64(nonce + ciphertext)}``, AES-256-GCM
under the key of its subject and bound to its event and field. The hashes of the log cover the
ciphertext. Destroying a key therefore erases the text for good, while every proof still holds.

A subject such as ``incident:7/message:9`` has its key wrapped by the key of ``incident:7``, and
that one by the installation's master key, so that either destruction takes the message along.
"""

from __future__ import annotations

import base64
import os
import re
import time
import uuid
from collections.abc import Callable, Iterable
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import connection, transaction

from eventlog import erasures
from eventlog.core import ERASED, Event, Refused, canonical, personal_fields
from eventlog.secrets import installation_key

Json = Any
Key = bytes | None

NONCE = 12
KEY = 32
CACHE_SECONDS = 5.0
CACHED_KEYS = 50_000
MARK = '"$pii":"'
_subject_in_text = re.compile(re.escape(MARK) + r'([^"\\]+)"')
_plain_value = re.compile(r'[^/"\\\s]+')

_forget: list[Callable[[], None]] = []


class WrongMasterKey(Exception):
    """A stored key of personal data was wrapped by another master key than the configured one."""


def on_shred(forget: Callable[[], None]) -> None:
    """Registers what must forget decrypted values when any key is destroyed."""
    _forget.append(forget)


def seal_fields(event: Event, payload: dict[str, Json], event_id: uuid.UUID) -> dict[str, Json]:
    """The payload with its personal fields as ciphertext. Makes the keys that do not exist yet.

    Raises `Refused` when a subject has been erased: nothing more is written about it.
    """
    subjects = {
        name: subject_of(template, payload)
        for name, template in personal_fields(type(event)).items()
        if payload[name] is not None
    }
    keys = _keys_for_writing(subjects.values())
    sealed = {
        name: {"$pii": subject, "ct": _encrypt(keys[subject], payload[name], event_id, name)}
        for name, subject in subjects.items()
    }
    return payload | sealed


def open_fields(payload: dict[str, Json], event_id: uuid.UUID) -> dict[str, Json]:
    """The payload with its personal fields readable; `ERASED` where their key is gone."""
    closed = {name: value for name, value in payload.items() if _is_sealed(value)}
    if not closed:
        return payload
    return payload | {name: _opened(value, event_id, name) for name, value in closed.items()}


def warm(texts: Iterable[str]) -> None:
    """Fetches the keys that stored payloads will need, all in one query."""
    missing = {
        subject for text in texts for subject in subjects_in(text) if not _cache.knows(subject)
    }
    if missing:
        _fetch(missing)


def refresh(texts: Iterable[str]) -> set[str]:
    """Fetches the keys of stored payloads anew, in one query; returns the erased subjects.

    For readers that may not be seconds behind an erasure, as remembered keys are.
    """
    subjects = {subject for text in texts for subject in subjects_in(text)}
    if subjects:
        _fetch(subjects)
    return {subject for subject in subjects if _cache.get(subject) is None}


def subjects_in(text: str) -> list[str]:
    """Subjects under whose keys a stored payload holds ciphertext."""
    return _subject_in_text.findall(text) if MARK in text else []


def shred(subject: str) -> None:
    """Destroys the key of a subject and of everything beneath it. There is no way back.

    The caller appends the event that says so, in the same transaction. A subject without a key
    is marked, so that none is made for it later.
    """
    destroy(subject)
    transaction.on_commit(lambda: erasures.remember(subject))


def destroy(subject: str) -> None:
    """What `shred` does, without a line in the erasure ledger."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO eventlog_subject_key (subject, parent, wrapped_key, shredded_at)"
            " VALUES (%s, %s, NULL, clock_timestamp()) ON CONFLICT DO NOTHING",
            [subject, _parent(subject)],
        )
        cursor.execute(
            "UPDATE eventlog_subject_key SET wrapped_key = NULL, shredded_at = clock_timestamp()"
            " WHERE (subject = %s OR starts_with(subject, %s)) AND shredded_at IS NULL",
            [subject, f"{subject}/"],
        )
    forget()
    transaction.on_commit(forget)


def forget() -> None:
    """Drops every unwrapped key and decrypted value that this process holds."""
    _cache.clear()
    for each in _forget:
        each()


def subject_of(template: str, payload: dict[str, Json]) -> str:
    """The subject that a template names in an event. Raises `ValueError` for unfit values."""
    values = {name: str(value) for name, value in payload.items() if f"{{{name}}}" in template}
    for name, value in values.items():
        if not _plain_value.fullmatch(value):
            raise ValueError(f"{name}={value!r} cannot be part of a subject's name")
    return template.format_map(values)


def lineage(subject: str) -> list[str]:
    """The subject with those above it, root first."""
    parts = subject.split("/")
    return ["/".join(parts[: count + 1]) for count in range(len(parts))]


def _parent(subject: str) -> str | None:
    return subject.rpartition("/")[0] or None


def _is_sealed(value: Json) -> bool:
    return isinstance(value, dict) and value.keys() == {"$pii", "ct"}


def _bound_to(event_id: uuid.UUID, name: str) -> bytes:
    return event_id.bytes + name.encode()


def _encrypt(key: bytes, value: Json, event_id: uuid.UUID, name: str) -> str:
    nonce = os.urandom(NONCE)
    body = AESGCM(key).encrypt(nonce, canonical(value), _bound_to(event_id, name))
    return base64.b64encode(nonce + body).decode()


def _opened(sealed: dict[str, str], event_id: uuid.UUID, name: str) -> Json:
    subject, held = sealed["$pii"], _cache.knows(sealed["$pii"])
    value = _decrypt(_key_for_reading(subject), sealed["ct"], _bound_to(event_id, name))
    if value is ERASED and held:
        # The remembered key may stem from a transaction that was rolled back: ask again.
        _cache.drop(subject)
        return _decrypt(_key_for_reading(subject), sealed["ct"], _bound_to(event_id, name))
    return value


def _decrypt(key: Key, text: str, bound_to: bytes) -> Json:
    if key is None:
        return ERASED
    try:
        body = base64.b64decode(text, validate=True)
        return orjson.loads(AESGCM(key).decrypt(body[:NONCE], body[NONCE:], bound_to))
    except (InvalidTag, ValueError):
        return ERASED


def _wrap(key: bytes, above: bytes, subject: str) -> bytes:
    nonce = os.urandom(NONCE)
    return nonce + AESGCM(above).encrypt(nonce, key, subject.encode())


def _unwrap(wrapped: Key, above: Key, subject: str) -> Key:
    if wrapped is None or above is None:
        return None
    try:
        return AESGCM(above).decrypt(wrapped[:NONCE], wrapped[NONCE:], subject.encode())
    except InvalidTag as error:
        raise WrongMasterKey(f"LOG_MASTER_KEY does not open the key of {subject}") from error


def _keys_for_writing(subjects: Iterable[str]) -> dict[str, bytes]:
    """Keys of subjects and of those above them, straight from the table."""
    wanted = sorted({part for subject in subjects for part in lineage(subject)})
    rows, keys = _rows(wanted), dict[str, bytes]()
    for subject in wanted:  # a subject sorts after those above it
        above = keys[parent] if (parent := _parent(subject)) else _master()
        wrapped = rows[subject] if subject in rows else _created(subject, above)
        key = _unwrap(wrapped, above, subject)
        if key is None:
            raise Refused(f"the personal data of {subject} has been erased", code="erased")
        keys[subject] = key
    return keys


def _created(subject: str, above: bytes) -> Key:
    """The wrapped key of a new subject: ours, or that of a transaction that came first."""
    wrapped = _wrap(os.urandom(KEY), above, subject)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO eventlog_subject_key (subject, parent, wrapped_key)"
            " VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
            [subject, _parent(subject), wrapped],
        )
    return _rows([subject])[subject]


def _rows(subjects: Iterable[str]) -> dict[str, Key]:
    """Wrapped keys by subject, None where shredded; subjects without a row are left out."""
    wanted = list(subjects)
    if not wanted:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT subject, wrapped_key FROM eventlog_subject_key WHERE subject = ANY(%s)",
            [wanted],
        )
        return {subject: None if key is None else bytes(key) for subject, key in cursor}


def _key_for_reading(subject: str) -> Key:
    if not _cache.knows(subject):
        _fetch([subject])
    return _cache.get(subject)


def _fetch(subjects: Iterable[str]) -> None:
    wanted = list(subjects)
    rows = _rows({part for subject in wanted for part in lineage(subject)})
    for subject in wanted:
        key: Key = _master()
        for part in lineage(subject):
            key = _unwrap(rows.get(part), key, part)
        _cache.put(subject, key)


def _master() -> bytes:
    return installation_key("log_master_key")


class _Cache:
    """Unwrapped keys for a few seconds: the time within which an erasure reaches every process."""

    def __init__(self) -> None:
        self._keys: dict[str, tuple[float, Key]] = {}

    def knows(self, subject: str) -> bool:
        until, _ = self._keys.get(subject, (0.0, None))
        return time.monotonic() < until

    def get(self, subject: str) -> Key:
        return self._keys.get(subject, (0.0, None))[1]

    def put(self, subject: str, key: Key) -> None:
        if len(self._keys) >= CACHED_KEYS:
            self.clear()
        self._keys[subject] = (time.monotonic() + CACHE_SECONDS, key)

    def drop(self, subject: str) -> None:
        self._keys.pop(subject, None)

    def clear(self) -> None:
        self._keys.clear()


_cache = _Cache()
