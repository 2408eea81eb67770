"""A series in one line of text, such as ``http_errors{service="web"}``."""

from __future__ import annotations

import json
import re
from typing import Any

from monitoring.labels import BadSeries, check_series
from monitoring.slo.definition import Selector
from monitoring.slo.exact import BadSlo

FORM = re.compile(r"\s*([^\s{}]+)\s*(?:\{(.*)\})?\s*", re.DOTALL)
LABEL = re.compile(r'\s*([^\s=",{}]+)\s*=\s*("(?:[^"\\]|\\.)*")\s*(,|\Z)', re.DOTALL)


def spell(selector: Selector) -> str:
    """The series as text."""
    if not selector.labels:
        return selector.series
    inner = [f"{name}={_quoted(value)}" for name, value in sorted(selector.labels.items())]
    return f"{selector.series}{{{', '.join(inner)}}}"


def parse(text: str, field: str) -> Selector:
    """The series that a text names. Raises `BadSlo`."""
    found = FORM.fullmatch(text)
    if found is None:
        raise BadSlo(field, 'must be a series such as http_errors{service="web"}')
    selector = Selector(found[1], _labels(found[2] or "", field))
    try:
        check_series(selector.series, selector.labels)
    except BadSeries as error:
        raise BadSlo(field, error.message) from None
    return selector


def _labels(text: str, field: str) -> dict[str, str]:
    labels: dict[str, str] = {}
    place = 0
    while text[place:].strip():
        found = LABEL.match(text, place)
        if found is None or found[1] in labels:
            raise BadSlo(field, 'has labels that are not like {service="web", zone="a"}, each once')
        labels[found[1]] = _unquoted(found[2], field)
        place = found.end()
    return labels


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _unquoted(text: str, field: str) -> str:
    try:
        value: Any = json.loads(text)
    except ValueError:
        raise BadSlo(field, "has a label's value that is not in JSON's quotes") from None
    return str(value)
