"""Shapes that a value in a document may have: each looks at a value and its path."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from monitoring.slo.exact import BadSlo

Shape = Callable[[Any, str], None]


def text(limit: int = 2_000, pattern: str = "", example: str = "") -> Shape:
    """A text that is not blank, of at most so many characters, in the form of a pattern."""
    form = re.compile(pattern) if pattern else None

    def check(value: Any, path: str) -> None:
        if not isinstance(value, str) or not value.strip():
            raise BadSlo(path, "must be a text that is not blank")
        if len(value) > limit:
            raise BadSlo(path, f"may have {limit:,} characters at most")
        if form is not None and not form.fullmatch(value):
            raise BadSlo(path, f"must be like {example}")

    return check


def number(
    least: float | None = None, below: float | None = None, top: float | None = None
) -> Shape:
    """A number; from `least` on, less than `below`, at most `top`."""

    def check(value: Any, path: str) -> None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise BadSlo(path, "must be a number")
        if least is not None and value < least:
            raise BadSlo(path, f"must be at least {least:g}")
        if below is not None and value >= below:
            raise BadSlo(path, f"must be less than {below:g}")
        if top is not None and value > top:
            raise BadSlo(path, f"must be at most {top:g}")

    return check


def above_zero(top: float | None = None) -> Shape:
    """A number above 0, at most `top`."""
    within = number(0, top=top)

    def check(value: Any, path: str) -> None:
        within(value, path)
        if value == 0:
            raise BadSlo(path, "must be above 0")

    return check


def boolean(value: Any, path: str) -> None:
    """True or false."""
    if not isinstance(value, bool):
        raise BadSlo(path, "must be true or false")


def nothing(value: Any, path: str) -> None:
    """No value."""
    if value is not None:
        raise BadSlo(path, "must be empty")


def one_of(*choices: str) -> Shape:
    """One of some texts."""

    def check(value: Any, path: str) -> None:
        if value not in choices or not isinstance(value, str):
            raise BadSlo(path, f"must be one of {', '.join(choices)}")

    return check


def either(*shapes: Shape) -> Shape:
    """Any of some shapes; the message is the first one's."""

    def check(value: Any, path: str) -> None:
        faults = []
        for shape in shapes:
            try:
                return shape(value, path)
            except BadSlo as fault:
                faults.append(fault)
        raise faults[0]

    return check


def listing(shape: Shape, least: int = 0, most: int = 1_000) -> Shape:
    """A list of one shape. Nothing at all stands for an empty one where it may be empty."""

    def check(value: Any, path: str) -> None:
        if value is None and not least:
            return
        if not isinstance(value, list):
            raise BadSlo(path, "must be a list")
        if not least <= len(value) <= most:
            many = f"{least}" if least == most else f"{least} to {most:,}"
            raise BadSlo(path, f"must hold {many} of them, and holds {len(value)}")
        for place, one in enumerate(value):
            shape(one, f"{path}.{place}")

    return check


def free(value: Any, path: str) -> None:
    """An object of any fields, but of some."""
    if not isinstance(value, dict) or not value:
        raise BadSlo(path, "must be an object that is not empty")


def anything(value: Any, path: str) -> None:
    """Whatever it is, it is kept."""


def texts(value: Any, path: str) -> None:
    """An object of texts."""
    _objects_of(either(text(4_000), one_of("")), value, path)


def labels(value: Any, path: str) -> None:
    """An object whose values are texts or lists of them."""
    plain = either(text(), one_of(""))
    _objects_of(either(plain, listing(plain, 1)), value, path)


def _objects_of(shape: Shape, value: Any, path: str) -> None:
    if not isinstance(value, dict):
        raise BadSlo(path, "must be an object")
    for name, inner in value.items():
        shape(inner, f"{path}.{name}")


def fields(required: Mapping[str, Shape], optional: Mapping[str, Shape] | None = None) -> Shape:
    """An object with exactly these fields."""
    known = {**required, **(optional or {})}

    def check(value: Any, path: str) -> None:
        if not isinstance(value, dict):
            raise BadSlo(path, "must be an object")
        for name in value:
            if name not in known:
                listed = ", ".join(known)
                raise BadSlo(f"{path}.{name}", f"is not known here; there are {listed}")
        for name in required:
            if name not in value:
                raise BadSlo(f"{path}.{name}", "is required")
        for name, inner in value.items():
            known[name](inner, f"{path}.{name}")

    return check
