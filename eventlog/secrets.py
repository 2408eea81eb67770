"""The installation's own keys: from the environment, or made once in the data folder."""

from __future__ import annotations

import base64
import binascii
import os
import threading
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

LENGTH = 32


@lru_cache
def installation_key(name: str) -> bytes:
    """The 32 bytes of a setting such as ``log_signing_key``.

    Production demands the setting. Elsewhere a key that is missing is drawn on first use and
    kept in the data folder, readable by its owner only. Raises `ImproperlyConfigured`.
    """
    text = getattr(settings.ENV, name) or _kept(settings.ENV.dropstitch_data / "keys" / name)
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ImproperlyConfigured(f"{name.upper()} is not base64") from error
    if len(key) != LENGTH:
        raise ImproperlyConfigured(f"{name.upper()} holds {len(key)} bytes instead of {LENGTH}")
    return key


def _kept(path: Path) -> str:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _draw(path)
    return path.read_text().strip()


def _draw(path: Path) -> None:
    # Several threads and processes may start at once: all must end up with the key of the first.
    draft = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(base64.b64encode(os.urandom(LENGTH)).decode() + "\n")
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
