"""Template tags that draw."""

from __future__ import annotations

from collections.abc import Sequence

from django import template
from django.utils.safestring import SafeString

from config.charts import Picture
from config.charts import spark as draw_spark
from config.charts import time_chart as draw_time_chart

register = template.Library()


@register.simple_tag
def time_chart(picture: Picture) -> SafeString:
    """A series over time."""
    return SafeString(draw_time_chart(picture))


@register.simple_tag
def spark(values: Sequence[float], bad_from: int | None, words: str) -> SafeString:
    """A series at a glance."""
    return SafeString(draw_spark(values, bad_from, words))
