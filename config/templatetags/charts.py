"""Template tags that draw. They take plain values, so that no app has to know the drawing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from django import template
from django.utils.safestring import SafeString

from config.charts import Band, Cell, Mark, Picture, Span
from config.charts import spark as draw_spark
from config.charts import time_chart as draw_time_chart

register = template.Library()

KNOWN = {field.name for field in fields(Picture)}


@register.simple_tag
def time_chart(picture: Mapping[str, Any]) -> SafeString:
    """A series over time: the fields of `Picture`, its cells, bands and spans as plain tuples."""
    known = {name: value for name, value in picture.items() if name in KNOWN}
    known["cells"] = [Cell(*cell) for cell in picture["cells"]]
    known["band"] = [Band(*band) for band in picture.get("band", ())]
    known["spans"] = [Span(*span) for span in picture.get("spans", ())]
    known["marks"] = [Mark(**mark) for mark in picture.get("marks", ())]
    return SafeString(draw_time_chart(Picture(**known)))


@register.simple_tag
def spark(values: Sequence[float], bad_from: int | None, words: str) -> SafeString:
    """A series at a glance."""
    return SafeString(draw_spark(values, bad_from, words))
