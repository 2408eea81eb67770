"""Payloads that only the holder of a key can read: AES in CBC mode, ``iv.ciphertext`` in base64.

The format is the SDKs'. It keeps rules from the curious and proves nothing about their origin.
"""

from __future__ import annotations

import base64
import binascii
import os

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7

BLOCK = 128


def encrypt(text: str, key: str) -> str:
    """The text under a base64 key of 16, 24 or 32 bytes. Raises `ValueError` for another key."""
    iv = os.urandom(16)
    padder = PKCS7(BLOCK).padder()
    padded = padder.update(text.encode()) + padder.finalize()
    encryptor = Cipher(AES(base64.b64decode(key, validate=True)), CBC(iv)).encryptor()
    sealed = encryptor.update(padded) + encryptor.finalize()
    return f"{base64.b64encode(iv).decode()}.{base64.b64encode(sealed).decode()}"


def decrypt(sealed: str, key: str) -> str | None:
    """The text, or None when the key or the sealed text is not sound."""
    iv, dot, body = sealed.partition(".")
    if not dot:
        return None
    try:
        parts = [base64.b64decode(part, validate=True) for part in (key, iv, body)]
        decryptor = Cipher(AES(parts[0]), CBC(parts[1])).decryptor()
        padded = decryptor.update(parts[2]) + decryptor.finalize()
        unpadder = PKCS7(BLOCK).unpadder()
        return (unpadder.update(padded) + unpadder.finalize()).decode()
    except (binascii.Error, ValueError):
        return None
