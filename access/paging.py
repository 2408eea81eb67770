"""Lists page by page: a cursor says after which row to go on, whatever is added meanwhile."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.core import signing
from django.db.models import Model, Q, QuerySet

Row = TypeVar("Row", bound=Model)
DEFAULT_LIMIT = 50
MAX_LIMIT = 200
SALT = "access.paging"


class BadCursor(ValueError):
    """This cursor is not one of ours, or belongs to another list."""


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Some rows, and the cursor of what follows: None at the end."""

    rows: list[Row]
    next: str | None


def page_of(
    rows: QuerySet[Row],
    order: Sequence[str],
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Page[Row]:
    """One page of a queryset in `order`: field names, ``-`` for descending.

    The fields are never null and together unique, so that no row is skipped or seen twice. Raises
    `BadCursor`.
    """
    if cursor:
        rows = rows.filter(_after(order, read_cursor(cursor, ",".join(order), len(order))))
    found = list(rows.order_by(*order)[: limit + 1])
    if len(found) <= limit:
        return Page(found, None)
    last = [getattr(found[limit - 1], name.lstrip("-")) for name in order]
    return Page(found[:limit], write_cursor(last, ",".join(order)))


def _after(order: Sequence[str], values: Sequence[Any]) -> Q:
    # (a, b) > (x, y) spelled out, since the directions may differ: a > x, or a = x and b > y.
    beyond, equal = Q(), Q()
    for name, value in zip(order, values, strict=True):
        field = name.lstrip("-")
        beyond |= equal & Q(**{f"{field}__{'lt' if name.startswith('-') else 'gt'}": value})
        equal &= Q(**{field: value})
    return beyond


def write_cursor(values: Iterable[Any], list_name: str) -> str:
    """An opaque, signed cursor that only `list_name` understands."""
    plain = [v.isoformat() if isinstance(v, datetime) else _plain(v) for v in values]
    return signing.dumps(plain, salt=f"{SALT}:{list_name}", compress=True)


def _plain(value: Any) -> Any:
    return value if isinstance(value, int | float | str) else str(value)


def read_cursor(cursor: str, list_name: str, length: int = 1) -> list[Any]:
    """The values of a cursor. Raises `BadCursor`."""
    try:
        values = signing.loads(cursor, salt=f"{SALT}:{list_name}")
    except signing.BadSignature as error:
        raise BadCursor(BadCursor.__doc__) from error
    if not isinstance(values, list) or len(values) != length:
        raise BadCursor(BadCursor.__doc__)
    return values
