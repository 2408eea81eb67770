"""JSON values as JavaScript sees them, for every SDK compares them that way.

ECMA-262: ToString (7.1.17), ToNumber (7.1.4), IsLessThan (7.2.13), SameValueZero (7.2.12). Only
what JSON can hold: null, booleans, numbers, texts, lists and objects.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import Any

Json = Any
EXACT = 2**53  # whole numbers below it are exact in a double
# Linear in the text: no digit can be taken by two parts of the pattern.
NUMERAL = re.compile(r"[+-]?(?:Infinity|(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)")
# WhiteSpace and LineTerminator (12.2, 12.3); Python strips others and leaves the byte order mark.
SPACES = "\t\n\v\f\r \xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
SPACES += "\u2028\u2029\u202f\u205f\u3000\ufeff"
BASES = {"0x": (16, re.compile("[0-9a-fA-F]+")), "0o": (8, re.compile("[0-7]+"))}
BASES |= {"0b": (2, re.compile("[01]+"))}


def text(value: Json) -> str:
    """`String(value)`."""
    if isinstance(value, str):
        return value
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return _numeral(value)
    if isinstance(value, list):
        return ",".join("" if item is None else text(item) for item in value)
    return "[object Object]"


def _numeral(value: float) -> str:
    if isinstance(value, int) and abs(value) < EXACT:
        return str(value)
    try:
        value = float(value)
    except OverflowError:
        return "Infinity" if value > 0 else "-Infinity"
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if value == 0:
        return "0"
    # Both languages take the shortest digits that read back the same, and lay them out differently.
    shortest = Decimal(repr(value)).normalize()
    exponent = shortest.adjusted()
    if -7 < exponent < 21:
        return f"{shortest:f}"
    digits = f"{shortest.scaleb(-exponent):f}"
    return f"{digits}e{exponent:+d}"


def number(value: Json) -> float:
    """`Number(value)`; NaN for what is no number."""
    if isinstance(value, bool) or value is None:
        return float(value or 0)
    if isinstance(value, int | float):
        return _finite_or_infinite(value)
    if isinstance(value, list):
        value = text(value)
    if not isinstance(value, str):
        return math.nan
    stripped = value.strip(SPACES)
    if not stripped:
        return 0.0
    if not NUMERAL.fullmatch(stripped):
        return _other_base(stripped)
    return float(stripped.replace("Infinity", "inf"))


def _other_base(numeral: str) -> float:
    """A numeral such as 0x1f; NaN for anything else."""
    base, pattern = BASES.get(numeral[:2].lower(), (0, None))
    digits = numeral[2:]
    if pattern is None or not pattern.fullmatch(digits):
        return math.nan
    return _finite_or_infinite(int(digits, base))


def _finite_or_infinite(value: float) -> float:
    """The number, or infinity for a whole number that no double reaches."""
    if isinstance(value, float) or abs(value) < EXACT:
        return value
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def is_true(value: Json) -> bool:
    """`!!value`: empty lists and objects are true, zero and NaN are not."""
    if isinstance(value, list | dict):
        return True
    return bool(value) and value == value


def kind(value: Json) -> str:
    """The name that `$type` compares."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "string"
    if isinstance(value, list):
        return "array"
    return "object" if isinstance(value, dict) else "unknown"


def is_same(left: Json, right: Json) -> bool:
    """`left === right`; objects and lists are never the same one."""
    if isinstance(left, list | dict) or isinstance(right, list | dict):
        return False
    return kind(left) == kind(right) and left == right


def is_equal(left: Json, right: Json) -> bool:
    """Whether two values are written the same, the order of an object's keys aside."""
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(is_equal, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(is_equal(left[k], right[k]) for k in left)
    return is_same(left, right)


def order(left: Json, right: Json) -> float:
    """Negative, zero or positive as left < right, equal or greater; NaN where neither holds.

    Two texts compare by their UTF-16 code units, anything else as numbers.
    """
    if isinstance(left, str) and isinstance(right, str):
        if left.isascii() and right.isascii():
            return (left > right) - (left < right)
        one, other = (s.encode("utf-16-be", "surrogatepass") for s in (left, right))
        return (one > other) - (one < other)
    here, there = number(left), number(right)
    if math.isnan(here) or math.isnan(there):
        return math.nan
    return (here > there) - (here < there)
