"""SDK keys and the keys that unseal what they fetch."""

from __future__ import annotations

import base64
import hashlib
import hmac

from django.conf import settings

PREFIX = "sdk-"


def new_key(drawn: str) -> str:
    """An SDK key from a drawn id: the same again when the same request is repeated."""
    digest = hmac.digest(settings.SECRET_KEY.encode(), f"sdk key {drawn}".encode(), "sha256")
    return PREFIX + base64.b32encode(digest[:15]).decode().lower()


def decryption_key(key: str) -> str:
    """The AES-128 key of an SDK key, in base64. It follows from the installation's secret."""
    digest = hmac.digest(settings.SECRET_KEY.encode(), f"sdk seal {key}".encode(), hashlib.sha256)
    return base64.b64encode(digest[:16]).decode()
