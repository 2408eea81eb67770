"""Rows about accounts, tokens and sign-in.

`Person` and `Token` are read models of the log. What the log must never hold (password hashes),
or what is no story (when a token was last seen), lives in plain rows beside them. No foreign key
is enforced, so that a read model can be rebuilt beside the live one.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.core.exceptions import ObjectDoesNotExist
from django.db import models
from django.utils.crypto import salted_hmac

from access.rights import Actor, of_role, of_scopes
from access.state import Role


class Person(AbstractBaseUser):
    """An account: a human, or a service that owns tokens."""

    password: ClassVar[str] = ""  # type: ignore[misc]
    last_login = None

    id = models.UUIDField(primary_key=True, editable=False)
    sign_in_name = models.CharField(max_length=150)
    display_name = models.CharField(max_length=150)
    email = models.EmailField(blank=True)
    time_zone = models.CharField(max_length=64, default="UTC")
    role = models.CharField(max_length=32)
    added_at = models.DateTimeField()
    deactivated_at = models.DateTimeField(null=True)

    USERNAME_FIELD = "sign_in_name"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["display_name"]
    objects = BaseUserManager()

    class Meta:
        indexes = [models.Index(fields=["email"])]
        constraints = [
            models.UniqueConstraint(fields=["sign_in_name"], name="access_person_sign_in_name")
        ]
        ordering = ["sign_in_name"]
        verbose_name_plural = "people"

    def __str__(self) -> str:
        return self.display_name or "Somebody"

    @property
    def ref(self) -> str:
        """How events name this account."""
        return f"person:{self.pk}"

    @property
    def is_active(self) -> bool:  # type: ignore[override]
        """Whether the account may be used."""
        return self.deactivated_at is None

    @property
    def granted(self) -> frozenset[str]:
        """Actions that the account's role leaves it: none once deactivated."""
        return of_role(self.role) if self.is_active else frozenset()

    @property
    def is_staff(self) -> bool:
        """Whether Django's administration pages let this account in. They are read-only."""
        return "admin:read" in self.granted

    def has_usable_password(self) -> bool:
        """Not one that Django's own forms could change."""
        return False

    def has_perm(self, perm: str, obj: object = None) -> bool:
        """Django's own question: staff may view rows and change none."""
        return self.is_staff and perm.rpartition(".")[2].startswith("view_")

    def has_module_perms(self, app_label: str) -> bool:
        """Django's own question: staff may see every app."""
        return self.is_staff

    def as_actor(self) -> Actor:
        """This account as the one who asks."""
        return Actor(self.ref, str(self), self.granted, role=self.role, person=self.ref)

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        # Sessions carry this value: a new password or a new salt ends every one of them.
        try:
            credential = self.credential
        except ObjectDoesNotExist:
            credential = Credential(password="", session_salt="")
        value = credential.password + credential.session_salt
        return salted_hmac("access.session", value, secret=secret, algorithm="sha256").hexdigest()


def _one_to_one(to: type[models.Model], name: str) -> Any:
    return models.OneToOneField(
        to, models.CASCADE, primary_key=True, related_name=name, db_constraint=False
    )


class Credential(models.Model):
    """What an account proves itself with. A plain row: hashes have no place in the log."""

    person = _one_to_one(Person, "credential")
    password = models.CharField(max_length=256)
    session_salt = models.CharField(max_length=32)
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"credential of {self.person_id}"


class Token(models.Model):
    """A machine's key to the API. Only the SHA-256 of its secret is kept."""

    id = models.UUIDField(primary_key=True, editable=False)
    name = models.CharField(max_length=150)
    hint = models.CharField(max_length=12)
    digest = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    owner = models.ForeignKey(
        Person, models.DO_NOTHING, null=True, related_name="tokens", db_constraint=False
    )
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-issued_at"]

    def __str__(self) -> str:
        return f"{self.name} ({self.hint}…)"

    @property
    def ref(self) -> str:
        """How events name this token."""
        return f"token:{self.pk}"

    def in_force(self, at: datetime) -> bool:
        """Whether the token opens anything at that time."""
        unexpired = self.expires_at is None or at < self.expires_at
        return unexpired and self.revoked_at is None and (not self.owner or self.owner.is_active)

    def as_actor(self) -> Actor:
        """This token as the one who asks: its scopes, and no more than its owner may."""
        granted = of_scopes(self.scopes)
        if self.owner is None:
            return Actor(self.ref, self.name, granted, role=Role.SERVICE)
        return Actor(
            self.ref, self.name, granted & self.owner.granted, self.owner.role, self.owner.ref
        )


class TokenUse(models.Model):
    """When a token was last seen, to the minute."""

    token = _one_to_one(Token, "use")
    last_used_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.token_id} at {self.last_used_at:%Y-%m-%d %H:%M}"


class SignInAttempt(models.Model):
    """A failed, or not yet decided, attempt to sign in. Rows, so that every process counts them.

    `name_digest` is keyed: people type passwords into the wrong field.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    name_digest = models.CharField(max_length=64)
    address = models.GenericIPAddressField()
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["name_digest", "at"]),
            models.Index(fields=["address", "at"]),
        ]

    def __str__(self) -> str:
        return f"attempt from {self.address}"
