"""Signing in with a name (or e-mail) and a password, with lock-out that tells nothing.

Every refusal looks the same and takes as long: wrong name, wrong password, deactivated, locked.
"""

from __future__ import annotations

import ipaddress
import unicodedata
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.hashers import check_password, make_password
from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Q
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from access.models import Person, SignInAttempt
from eventlog.clock import now

PER_NAME = 5
PER_ADDRESS = 30
LOCKED_FOR = timedelta(minutes=15)
KEPT_FOR = timedelta(days=1)
HERE = "127.0.0.1"


def normal(name: str) -> str:
    """A sign-in name as it is compared: compatibility form, case folded, no outer spaces."""
    return unicodedata.normalize("NFKC", name).casefold().strip()


class Backend(BaseBackend):
    """Django's authentication backend; the request gives the address that attempts come from."""

    def authenticate(
        self,
        request: HttpRequest | None,
        sign_in_name: str = "",
        password: str = "",
        **_: Any,
    ) -> Person | None:
        """The person, or None."""
        attempt = _register(sign_in_name, _address(request))
        person = _find(sign_in_name)
        matches = _matches(person, password)
        if _locked(attempt) or not matches or person is None:
            return None
        SignInAttempt.objects.filter(name_digest=attempt.name_digest).delete()
        SignInAttempt.objects.filter(at__lt=attempt.at - KEPT_FOR).delete()
        return person

    def get_user(self, user_id: UUID) -> Person | None:
        """The person of a session, None once deactivated."""
        return (
            Person.objects.select_related("credential")
            .filter(id=user_id, deactivated_at=None)
            .first()
        )


def _register(name: str, address: str) -> SignInAttempt:
    # Written before it is counted, so that attempts side by side all see one another.
    digest = salted_hmac("access.sign_in", normal(name), algorithm="sha256").hexdigest()
    return SignInAttempt.objects.create(name_digest=digest, address=address, at=now())


def _locked(attempt: SignInAttempt) -> bool:
    recent = SignInAttempt.objects.filter(at__gt=attempt.at - LOCKED_FOR)
    return (
        recent.filter(name_digest=attempt.name_digest).count() > PER_NAME
        or recent.filter(address=attempt.address).count() > PER_ADDRESS
    )


def _find(name: str) -> Person | None:
    wanted = normal(name)
    if not wanted or "\x00" in wanted:
        return None
    found = Person.objects.select_related("credential").filter(deactivated_at=None)
    by_name = found.filter(sign_in_name=wanted).first()
    if by_name is not None:
        return by_name
    # An address that two accounts share identifies neither.
    same = list(found.filter(~Q(email=""), email__iexact=wanted)[:2])
    return same[0] if len(same) == 1 else None


def _matches(person: Person | None, password: str) -> bool:
    encoded = ""
    if person is not None:
        try:
            encoded = person.credential.password
        except ObjectDoesNotExist:
            encoded = ""
    if not encoded:
        make_password(password)
        return False
    return check_password(password, encoded)


def _address(request: HttpRequest | None) -> str:
    if request is None:
        return HERE
    text = request.META.get("REMOTE_ADDR", "")
    if settings.ENV.trusted_proxy:
        # The last entry is the proxy's own; those before it are whatever the sender claims.
        text = request.headers.get("X-Forwarded-For", text).rpartition(",")[2]
    try:
        return str(ipaddress.ip_address(text.strip()))
    except ValueError:
        return HERE
