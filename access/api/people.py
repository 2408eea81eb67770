"""REST doors of accounts."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.hashers import check_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError as BadPassword
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from access.api.commands import CommandView, ReceiptSerializer
from access.commands import MAX_NAME, AddPerson, DeactivatePerson, GrantRole
from access.doors import actor_of, context_of
from access.models import Person
from access.people import new_password, set_password, store_password
from access.rights import can
from access.sign_in import normal
from access.state import Role
from eventlog.core import Command, Context
from eventlog.store import Receipt

ROLES = [role.value for role in Role]


class PersonSerializer(serializers.Serializer[Any]):
    """An account. `email` is null for those who do not manage people."""

    id = serializers.UUIDField()
    ref = serializers.CharField()
    sign_in_name = serializers.CharField()
    display_name = serializers.CharField()
    email = serializers.SerializerMethodField()
    role = serializers.ChoiceField(ROLES)
    time_zone = serializers.CharField()
    active = serializers.BooleanField(source="is_active")
    added_at = serializers.DateTimeField()

    @extend_schema_field(serializers.EmailField(allow_null=True))
    def get_email(self, person: Person) -> str | None:
        """The address, for those who may see it."""
        actor = actor_of(self.context["request"])
        return person.email if can(actor, "people:manage") or actor.person == person.ref else None


class AddPersonSerializer(serializers.Serializer[Any]):
    """Somebody new. Without a role they may sign in and nothing else."""

    sign_in_name = serializers.CharField(max_length=MAX_NAME)
    display_name = serializers.CharField(max_length=MAX_NAME)
    email = serializers.EmailField(required=False, default="", allow_blank=True)
    time_zone = serializers.CharField(default="UTC", help_text="IANA name, such as Europe/Lisbon.")
    role = serializers.ChoiceField(ROLES, default=Role.OUTSIDER.value)

    def validate_time_zone(self, name: str) -> str:
        """Known names only."""
        if name not in available_timezones():
            raise ValidationError("This is no time zone of the IANA database.")
        return name


class AddedSerializer(ReceiptSerializer):
    """A receipt with a first password. It is shown this once: null when the request is a repeat."""

    password = serializers.CharField(allow_null=True)


class AccountRoleSerializer(serializers.Serializer[Any]):
    """A role."""

    role = serializers.ChoiceField(ROLES)


class PasswordSerializer(serializers.Serializer[Any]):
    """One's password, and the one that follows it."""

    current = serializers.CharField(max_length=1000, trim_whitespace=False)
    new = serializers.CharField(max_length=1000, trim_whitespace=False)


class PeopleView(CommandView, ListAPIView[Person]):
    """Everybody with an account."""

    required_action = {"GET": "people:read", "POST": "people:manage"}
    queryset = Person.objects.all()
    order = ("sign_in_name",)
    command = AddPerson
    creates = "person"
    location = "api-person"
    serializer_class = AddPersonSerializer

    def get_serializer_class(self) -> type[Any]:
        """Accounts out, newcomers in."""
        return PersonSerializer if self.request.method == "GET" else AddPersonSerializer

    @extend_schema(request=AddPersonSerializer, responses={201: AddedSerializer})
    def post(self, request: Request, **path: Any) -> Response:
        """Gives somebody an account. The first password is in this answer and nowhere else."""
        return super().post(request, **path)

    def build(self, data: dict[str, Any], request: Request) -> Command[Any]:
        """The command, with the name as it will be compared."""
        return super().build({**data, "sign_in_name": normal(data["sign_in_name"])}, request)

    def carry_out(self, command: Command[Any], context: Context) -> Receipt:
        """The account and its credential together."""
        self.password = new_password()
        receipt = super().carry_out(command, context)
        if not receipt.repeated:
            store_password(receipt.stream.removeprefix("person:"), self.password)
        return receipt

    def respond(self, receipt: Receipt) -> Response:
        """The receipt with the password."""
        response = super().respond(receipt)
        response.data["password"] = None if receipt.repeated else self.password
        response["Cache-Control"] = "no-store"
        return response


class PersonView(APIView):
    """One account."""

    required_action = "people:read"

    def subject(self) -> str:
        """Whose account it is: one's own is open to everybody."""
        return f"person:{self.kwargs['person']}"

    @extend_schema(responses=PersonSerializer)
    def get(self, request: Request, person: Any) -> Response:
        """The account."""
        row = get_object_or_404(Person, id=person)
        return Response(PersonSerializer(row, context={"request": request}).data)


class RoleView(CommandView):
    """Changing what an account may do."""

    command = GrantRole
    serializer_class = AccountRoleSerializer
    required_action = "people:manage"
    location = "api-person"

    @extend_schema(request=AccountRoleSerializer, responses={200: ReceiptSerializer})
    def post(self, request: Request, **path: Any) -> Response:
        """Grants a role, in place of the one before."""
        get_object_or_404(Person, id=path["person"])
        return super().post(request, **path)


class DeactivateView(CommandView):
    """Closing an account."""

    command = DeactivatePerson
    required_action = "people:manage"
    location = "api-person"

    @extend_schema(request=None, responses={200: ReceiptSerializer})
    def post(self, request: Request, **path: Any) -> Response:
        """Ends the account's sessions and tokens; what it did stays."""
        get_object_or_404(Person, id=path["person"])
        return super().post(request, **path)


class PasswordView(APIView):
    """One's own password."""

    required_action = "account:use"

    @extend_schema(request=PasswordSerializer, responses={204: None})
    def post(self, request: Request) -> Response:
        """Changes the password and ends every session but this one. Not for tokens."""
        person = request.user
        if not isinstance(person, Person):
            raise PermissionDenied("Only somebody who signed in can change their password.")
        serializer = PasswordSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        wishes = serializer.validated_data
        if not check_password(wishes["current"], person.credential.password):
            raise ValidationError({"current": ["This is not your password."]})
        try:
            validate_password(wishes["new"], person)
        except BadPassword as error:
            raise ValidationError({"new": error.messages}) from error
        set_password(context_of(request), person, wishes["new"])
        person.refresh_from_db()
        update_session_auth_hash(request._request, person)
        return Response(status=204)
