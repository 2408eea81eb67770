"""The identity of a series: its name and labels, checked, in one canonical form."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

import orjson

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.:/-]{0,199}")
LABEL = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,99}")
MAX_LABELS = 20
MAX_LABEL_VALUE = 200


class BadSeries(ValueError):
    """A series' name or labels cannot be used."""

    def __init__(self, field: str, code: str, message: str):
        super().__init__(message)
        self.field, self.code, self.message = field, code, message


def check_series(name: object, labels: object) -> None:
    """Raises `BadSeries` unless the name and labels are well formed."""
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise BadSeries(
            "series",
            "bad_series",
            "A name has 1 to 200 letters, digits or _ . : / - and begins with a letter or _.",
        )
    if not isinstance(labels, Mapping):
        raise BadSeries("labels", "bad_labels", "Labels are an object of texts.")
    if len(labels) > MAX_LABELS:
        raise BadSeries("labels", "too_many_labels", f"A series has at most {MAX_LABELS} labels.")
    for label, value in labels.items():
        _check_label(label, value)


def _check_label(label: object, value: object) -> None:
    if not isinstance(label, str) or not LABEL.fullmatch(label):
        message = (
            "A label's name has 1 to 100 letters, digits or _ . - and begins with a letter or _."
        )
        raise BadSeries("labels", "bad_label", message)
    if (
        not isinstance(value, str)
        or not 1 <= len(value) <= MAX_LABEL_VALUE
        or not value.isprintable()
    ):
        message = f"The value of a label is a printable text of 1 to {MAX_LABEL_VALUE} characters."
        raise BadSeries(f"labels.{label}", "bad_label", message)


def check_unit(unit: object) -> None:
    """Raises `BadSeries` unless it is a short printable text; empty for none."""
    if not isinstance(unit, str) or len(unit) > 40 or not unit.isprintable():
        raise BadSeries("unit", "bad_unit", "A unit is a printable text of at most 40 characters.")


def fingerprint(name: str, labels: Mapping[str, str]) -> str:
    """SHA-256 (hex) of a series' identity, whatever the order of its labels."""
    text = orjson.dumps([name, dict(labels)], option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(text).hexdigest()
