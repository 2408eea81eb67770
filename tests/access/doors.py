"""REST doors that exist for tests only: one of every kind that apps build from `access.api`."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from access.api.commands import CommandView
from access.api.conditional import answer
from access.doors import PUBLIC, public
from access.models import Person
from config.urls import handler400, handler403, handler404, handler500  # noqa: F401
from config.urls import urlpatterns as real
from eventlog import store
from tests.eventlog.lamps import Lamp as LampState
from tests.eventlog.lamps import PutOut, Toggle


class Bulb(serializers.Serializer[Any]):
    watts = serializers.IntegerField(min_value=1)


class Bulbs(serializers.Serializer[Any]):
    points = Bulb(many=True)


class People(ListAPIView[Person]):
    required_action = PUBLIC
    queryset = Person.objects.all()
    order = ("role", "-added_at", "id")

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        rows = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response([row.sign_in_name for row in rows or ()])


class Lamp(APIView):
    required_action = {"GET": "incidents:read", "POST": "incidents:write"}

    def get(self, request: Request, lamp: Any) -> Response:
        state, version = store.load(f"lamp:{lamp}", LampState())
        return answer(request, version, {"lit": state.lit})

    def post(self, request: Request, lamp: Any) -> Response:
        Bulbs(data=request.data).is_valid(raise_exception=True)
        return Response(request.data)


class Undeclared(APIView):
    def get(self, request: Request) -> Response:
        return Response({"open": True})


class Broken(APIView):
    required_action = PUBLIC

    def get(self, request: Request) -> Response:
        raise RuntimeError("a secret detail")


@public
def broken_page(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("a secret detail")


class ToggleView(CommandView):
    command = Toggle
    required_action = "incidents:write"
    location = "lamp"


urlpatterns = [
    path(
        "api/test/",
        include(
            [
                path("people", People.as_view()),
                path("lamps/<uuid:lamp>", Lamp.as_view(), name="lamp"),
                path("lamps/<uuid:lamp>/toggle", ToggleView.as_view()),
                path(
                    "lamps/<uuid:lamp>/put-out",
                    CommandView.as_view(
                        command=PutOut, required_action="incidents:write", location="lamp"
                    ),
                ),
                path("undeclared", Undeclared.as_view()),
                path("broken", Broken.as_view()),
            ]
        ),
    ),
    path("broken-page", broken_page),
    *real,
]
