"""A rule that must always hold between series, written as an expression.

The expression is parsed to Python's syntax tree, of which only a short list of nodes is allowed
and evaluated here; nothing is ever handed to `eval`. Numbers that are equal to within a billionth
count as equal, since sums of decimal fractions are not exact.
"""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from monitoring.kinds.base import BadParameter, State, figure, parameter
from monitoring.kinds.framed import (
    OWN,
    Finding,
    Frame,
    Framed,
    Track,
    Wanted,
    duration,
    names_in,
    selected,
)
from monitoring.slo.definition import Selector

Value = float | bool | list[float]
Row = Mapping[str, Value]

SAME = 1e-9
LONGEST, DEEPEST = 500, 40
NAMED = re.compile(r"\s*([A-Za-z_]\w*)\s*=\s*(.+?)(?:\s+by\s+([\w.,\s-]+?))?\s*", re.DOTALL)


def _same(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=SAME)


ARITHMETIC: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
COMPARISONS: dict[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.Lt: lambda a, b: a < b and not _same(a, b),
    ast.LtE: lambda a, b: a < b or _same(a, b),
    ast.Gt: lambda a, b: a > b and not _same(a, b),
    ast.GtE: lambda a, b: a > b or _same(a, b),
    ast.Eq: _same,
    ast.NotEq: lambda a, b: not _same(a, b),
}
FUNCTIONS: dict[str, Callable[[list[float]], float]] = {
    "abs": lambda numbers: abs(numbers[0]),
    "count": lambda numbers: float(len(numbers)),
    "max": max,
    "min": min,
    "sum": math.fsum,
}
LOGIC = (ast.BoolOp, ast.Compare)


class Invariant(Framed):
    """An expression over named series that must be true whenever all of them have a value."""

    name: ClassVar[str] = "invariant"
    summary: ClassVar[str] = "A rule that must always hold between series does not."
    urgency: ClassVar[str] = "page"

    rule: str = parameter("What must hold, such as good <= value and 0 <= good / value <= 1.")
    names: str = parameter(
        'Other series by name, such as good = ok{service="web"}; parts = ok by slice. '
        "The monitor's own series is `value`.",
        "",
    )
    window: str = parameter("How far back measurements are looked at.", "15m")
    needed: int = parameter("Bad looks that open a breach.", 1, minimum=1, maximum=100)
    of: int = parameter("Latest looks among which they are counted.", 1, minimum=1, maximum=100)

    def check(self) -> None:
        """Refuses a rule with anything else than numbers, names, comparisons and a few functions."""
        super().check()
        duration(self.window, "window")
        lists = {name for name, wanted in self._named().items() if wanted.by}
        _check(_parsed(self.rule), {"value", *self._named()}, lists)

    @property
    def lookback(self) -> timedelta:
        """The window."""
        return duration(self.window, "window")

    def wanted(self, own: Selector) -> Mapping[str, Wanted]:
        """The own series and the named ones."""
        return {**super().wanted(own), **self._named()}

    def _named(self) -> dict[str, Wanted]:
        found: dict[str, Wanted] = {}
        for part in filter(str.strip, self.names.split(";")):
            match = NAMED.fullmatch(part)
            if match is None or match[1] in {"value", OWN, *FUNCTIONS, *found}:
                raise BadParameter("names", f"has {part.strip()!r}, not a new name = series")
            found[match[1]] = selected(match[2], "names", names_in(match[3] or ""))
        return found

    def look(self, frame: Frame, at: datetime, memory: State) -> Finding:
        """Whether the rule held at each instant at which all single series have a value."""
        rows = self._rows(frame)
        if not rows:
            return Finding(None, "The series have no instant in common at which to check the rule.")
        tree = _parsed(self.rule)
        results = [(time, row, _holds(tree, row)) for time, row in rows]
        broken = [(time, row) for time, row, holds in results if holds is False]
        unclear = sum(holds is None for _, _, holds in results)
        numbers: dict[str, Any] = {"value": float(len(broken)), "hi": 0.0, "n": len(rows)}
        if broken:
            return Finding(True, self._sentence(broken, len(rows)), **numbers)
        if unclear:
            sentence = f"{self.rule} cannot be computed at {unclear} of {len(rows)} instants."
            return Finding(None, sentence, n=len(rows), error=True)
        return Finding(
            False, f"{self.rule} holds at every instant looked at ({len(rows)}).", **numbers
        )

    def _rows(self, frame: Frame) -> list[tuple[float, Row]]:
        """Times in order, with the number of each single series and the numbers of the lists."""
        lists = {name for name, wanted in self._named().items() if wanted.by}
        single = {
            _spelled(role): _by_time(tracks) for role, tracks in frame.items() if role not in lists
        }
        many = {role: [_by_time([each]) for each in frame.get(role, ())] for role in lists}
        if not all(single.values()):
            return []
        times = sorted(set.intersection(*map(set, single.values())))
        return [
            (
                time,
                {name: series[time] for name, series in single.items()}
                | {
                    role: [each[time] for each in found if time in each]
                    for role, found in many.items()
                },
            )
            for time in times
        ]

    def _sentence(self, broken: Sequence[tuple[float, Row]], n: int) -> str:
        _, row = broken[-1]
        used = {node.id for node in ast.walk(_parsed(self.rule)) if isinstance(node, ast.Name)}
        shown = ", ".join(f"{name} = {_shown(row[name])}" for name in sorted(used & row.keys()))
        return f"{self.rule} is broken at {len(broken)} of {n} instants; the latest has {shown}."


def _spelled(role: str) -> str:
    return "value" if role == OWN else role


def _shown(value: Value) -> str:
    if isinstance(value, list):
        return f"{len(value)} numbers with the sum {figure(math.fsum(value))}"
    return figure(float(value))


def _by_time(tracks: Iterable[Track]) -> dict[float, float]:
    return {
        float(time): float(value)
        for track in tracks
        for time, value in zip(track.times, track.values, strict=True)
    }


def _parsed(rule: str) -> ast.expr:
    if len(rule) > LONGEST:
        raise BadParameter("rule", f"must not be longer than {LONGEST} characters")
    try:
        return ast.parse(rule.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise BadParameter("rule", "is no expression such as good <= total") from None


def _check(tree: ast.expr, names: set[str], lists: set[str]) -> None:
    if not _is_logic(tree):
        raise BadParameter("rule", "must compare something, such as good <= total")
    _check_node(tree, names, lists, 0)


def _is_logic(node: ast.expr) -> bool:
    return isinstance(node, LOGIC) or (
        isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)
    )


def _check_node(node: ast.expr, names: set[str], lists: set[str], depth: int) -> None:
    """Refuses what is not on the list. A list of numbers may only stand within a function."""
    if depth > DEEPEST:
        raise BadParameter("rule", "is nested too deeply")
    inner: list[ast.expr] = []
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            if isinstance(number, int) and number.bit_length() > 1000:
                raise BadParameter("rule", "has a number that is too large")
        case ast.Name(id=name) if name in names - lists:
            pass
        case ast.Name(id=name):
            told = "must be within sum, min, max or count" if name in lists else "is not in `names`"
            raise BadParameter("rule", f"{name} {told}")
        case ast.BoolOp(values=inner) if all(map(_is_logic, inner)):
            pass
        case ast.UnaryOp(op=ast.Not(), operand=operand) if _is_logic(operand):
            inner = [operand]
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand) if not _is_logic(operand):
            inner = [operand]
        case ast.BinOp(op=op, left=left, right=right) if type(op) in ARITHMETIC:
            inner = [left, right]
        case ast.Compare(ops=ops, left=left, comparators=right) if all(
            type(op) in COMPARISONS for op in ops
        ):
            inner = [left, *right]
        case ast.Call(func=ast.Name(id=name), args=[_, *_] as inner, keywords=[]) if (
            name in FUNCTIONS
        ):
            if name == "abs" and len(inner) != 1:
                raise BadParameter("rule", "abs takes one number")
            is_list = isinstance(inner[0], ast.Name) and inner[0].id in lists and name != "abs"
            inner = inner[1:] if is_list and len(inner) == 1 else inner
        case _:
            raise BadParameter("rule", f"may not have {ast.unparse(node)!r}")
    if not isinstance(node, ast.BoolOp | ast.UnaryOp) and any(map(_is_logic, inner)):
        raise BadParameter("rule", "computes with a comparison")
    for each in inner:
        _check_node(each, names, lists, depth + 1)


def _holds(tree: ast.expr, row: Row) -> bool | None:
    """Whether the rule holds in a row; None if it cannot be computed, which no comparison hides."""
    try:
        return bool(_value(tree, row))
    except (ArithmeticError, ValueError):
        return None


def _value(node: ast.expr, row: Row) -> Any:
    """The value of a checked expression. Raises `ArithmeticError` or `ValueError` without one."""
    match node:
        case ast.Constant(value=number):
            return _finite(float(number))  # type: ignore[arg-type]
        case ast.Name(id=name):
            found = row[name]
            return [_finite(each) for each in found] if isinstance(found, list) else _finite(found)
        case ast.BoolOp(op=op, values=parts):
            results = [_value(part, row) for part in parts]
            return all(results) if isinstance(op, ast.And) else any(results)
        case ast.UnaryOp(op=op, operand=operand):
            value = _value(operand, row)
            return (
                not value
                if isinstance(op, ast.Not)
                else -value
                if isinstance(op, ast.USub)
                else value
            )
        case ast.BinOp(op=op, left=left, right=right):
            return _finite(ARITHMETIC[type(op)](_value(left, row), _value(right, row)))
        case ast.Compare(ops=ops, left=left, comparators=right):
            values = [_value(each, row) for each in (left, *right)]
            pairs = zip(ops, values, values[1:], strict=False)
            return all(COMPARISONS[type(op)](a, b) for op, a, b in pairs)
        case ast.Call(func=ast.Name(id=name), args=args):
            values = [_value(each, row) for each in args]
            return _finite(FUNCTIONS[name](values[0] if isinstance(values[0], list) else values))
    raise ValueError(f"{ast.unparse(node)} was not checked")


def _finite(number: float) -> float:
    if not math.isfinite(number):
        raise ArithmeticError("not a finite number")
    return number
