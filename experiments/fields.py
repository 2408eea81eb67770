"""What fields of forms say and what they mean: values, lists of them, JSON, shares.

Values are JSON, except those of a text flag. What a field shows, it reads back as it was.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import orjson

from eventlog.core import Refused, null_character_at
from experiments.state import Kind

BLANKS = " \t\r"  # not all that Python takes for blank: values may begin with the others


def members_text(values: list[Any]) -> str:
    """Values of a list as a field shows them: a line each, or JSON where that would lose a type."""
    plain = all(
        isinstance(value, str) and _is_plain(value) and value[:1] != "[" for value in values
    )
    return "\n".join(values) if plain else orjson.dumps(values).decode()


def members_of(text: str, field: str) -> list[Any]:
    """The values that a field lists. Raises `Refused`."""
    if not text.startswith("["):
        return [line.strip(BLANKS) for line in lines_of(text)]
    found: list[Any] = read_json(text, field)
    return found


def value_text(kind: str, value: Any) -> str:
    """A value as it stands in a field; a text that a line could not hold is quoted as in JSON."""
    if kind == Kind.STRING and isinstance(value, str) and _is_plain(value):
        return value
    return "" if value is None else orjson.dumps(value).decode()


def _is_plain(text: str) -> bool:
    return text == text.strip() and text.isprintable() and not text.startswith('"')


def value_of(kind: str, text: str, field: str) -> Any:
    """The value that a field says. Raises `Refused`."""
    is_plain = kind == Kind.STRING and not text.startswith('"')
    return text if is_plain else read_json(text, field)


def lines_of(text: str) -> list[str]:
    """The lines of a field that say something."""
    return [line for line in text.split("\n") if line.strip(BLANKS)]


def read_json(text: str, field: str) -> Any:
    """JSON in a field. Raises `Refused`."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Refused(f"This is not JSON: {error}.", "bad_json", field) from error
    if null_character_at(value) is not None:
        raise Refused("May not hold the null character.", "bad_json", field)
    return value


def pretty(value: Any) -> str:
    """JSON over several lines, nothing for what is empty."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode() if value else ""


def percent(share: float) -> str:
    """A share as per cent; `share_of` reads the very same float back."""
    return f"{Decimal(repr(share)) * 100:f}".rstrip("0").rstrip(".") or "0"


def share_of(text: str, field: str) -> float:
    """The share that a field says in per cent. Raises `Refused`."""
    try:
        # Through its decimal digits, so that 10 per cent is 0.1 and not a neighbour of it.
        share = Decimal(text.rstrip("% ").replace(",", ".")) / 100
    except ArithmeticError as error:
        raise Refused("Must be per cent, such as 12.5.", "bad_value", field) from error
    if not share.is_finite() or not 0 <= share <= 1:
        raise Refused("Must be 0 to 100 per cent.", "bad_value", field)
    return float(share)
