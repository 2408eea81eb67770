"""Serializers made from the dataclasses that queries return, so that the description cannot lie."""

from __future__ import annotations

import dataclasses
import types
from datetime import datetime
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from rest_framework import serializers

PLAIN: dict[type, type[serializers.Field[Any, Any, Any, Any]]] = {
    str: serializers.CharField,
    int: serializers.IntegerField,
    float: serializers.FloatField,
    bool: serializers.BooleanField,
    datetime: serializers.DateTimeField,
    UUID: serializers.UUIDField,
}


@cache
def shape_of(cls: type) -> type[serializers.Serializer[Any]]:
    """The serializer class of a dataclass; nested ones and lists included."""
    hints = get_type_hints(cls)
    fields = {field.name: _field(hints[field.name]) for field in dataclasses.fields(cls)}
    return type(cls.__name__, (serializers.Serializer,), {"__doc__": cls.__doc__, **fields})


def _field(hint: Any, **options: Any) -> serializers.Field[Any, Any, Any, Any]:
    if get_origin(hint) in (types.UnionType, Union):
        inner = next(arm for arm in get_args(hint) if arm is not type(None))
        return _field(inner, allow_null=True)
    if get_origin(hint) is list:
        (inner,) = get_args(hint)
        if dataclasses.is_dataclass(inner):
            return shape_of(inner)(many=True, **options)  # type: ignore[arg-type]
        return serializers.ListField(child=_field(inner), **options)
    if dataclasses.is_dataclass(hint):
        return shape_of(hint)(**options)  # type: ignore[arg-type]
    return PLAIN[hint](**options)
