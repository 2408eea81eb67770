"""What every page needs: icons, severities, and times that a script may bring to the reader's zone."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

SHAPES = {
    1: '<path d="M7 1.5 13 12.5H1z"/>',
    2: '<rect x="1.75" y="1.75" width="10.5" height="10.5"/>',
    3: '<circle cx="7" cy="7" r="5.5"/>',
    4: '<path d="M1.5 5.75h11v2.5h-11z"/>',
}
FORMATS = {
    "clock": "%H:%M",
    "second": "%H:%M:%S",
    "day": "%a %-d %b",
    "date": "%A %-d %B %Y",
    "stamp": "%-d %b %H:%M",
    "full": "%-d %b %Y %H:%M:%S",
}


@register.simple_tag
def icon(name: str, size: str = "") -> SafeString:
    """An icon of the sprite; decoration only, since a word always stands beside it."""
    return format_html(
        '<svg class="i{}" aria-hidden="true"><use href="{}#i-{}"/></svg>',
        " i--sm" if size == "small" else "",
        static("icons.svg"),
        name,
    )


@register.simple_tag
def severity(level: int | None, closed: bool = False) -> SafeString:
    """Severity as colour, shape and word; hollow and grey once closed."""
    if level is None:
        return SafeString('<span class="sev sev--4 ink-3">not rated</span>')
    kind = "closed" if closed else level
    return format_html(
        '<span class="sev sev--{}"><svg viewBox="0 0 14 14" aria-hidden="true">{}</svg>SEV{}</span>',
        kind,
        SafeString(SHAPES[int(level)]),
        level,
    )


@register.simple_tag
def when(at: datetime | None, form: str = "clock") -> SafeString:
    """A moment in UTC that `time.js` rewrites in the reader's zone. `form` is a key of FORMATS."""
    if at is None:
        return SafeString('<span class="ink-3">–</span>')
    utc = at.astimezone(UTC)
    return format_html(
        '<time datetime="{}" data-time="{}" title="{}">{}</time>',
        utc.isoformat().replace("+00:00", "Z"),
        form,
        utc.strftime("%A %-d %B %Y, %H:%M:%S UTC"),
        utc.strftime(FORMATS[form]),
    )


@register.simple_tag(takes_context=True)
def ago(context: template.Context, at: datetime | None, form: str = "ago") -> SafeString:
    """A moment as a distance from now: `ago`, `since` (a bare duration) or `due` (in the future)."""
    if at is None:
        return SafeString('<span class="ink-3">–</span>')
    utc = at.astimezone(UTC)
    words = {"ago": "{} ago", "since": "{}", "due": "in {}"}[form]
    return format_html(
        '<time datetime="{}" data-time="{}" title="{}">{}</time>',
        utc.isoformat().replace("+00:00", "Z"),
        form,
        utc.strftime("%A %-d %B %Y, %H:%M:%S UTC"),
        words.format(duration(abs(context["now"] - utc))),
    )


@register.filter
def duration(span: timedelta | float | None) -> str:
    """A length of time in at most two units: ``45 s``, ``12 min``, ``5 h 20``, ``3 d 4 h``."""
    if span is None:
        return "–"
    seconds = int(span.total_seconds() if isinstance(span, timedelta) else span)
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86_400
    if seconds < 60:
        return f"{seconds} s"
    if minutes < 60:
        return f"{minutes} min"
    if hours < 24:
        return f"{hours} h {minutes % 60:02d}"
    return f"{days} d {hours % 24} h" if days < 14 else f"{days} d"


@register.filter
def initial(name: str) -> str:
    """The letter in a person's disc."""
    return (name or "?").lstrip("@")[:1].upper()


@register.filter
def grouped(value: int) -> str:
    """A count with every digit, in groups of three."""
    return f"{value:,}"


@register.filter
def percent(share: float) -> str:
    """A share as signed per cent."""
    return f"{share * 100:+.2f} %".replace("-", "−")


@register.filter
def number(value: float | None) -> str:
    """A measured value with the digits that matter: four significant ones, grouped thousands."""
    if value is None:
        return "–"
    if not math.isfinite(value):
        return "not a number"
    size = abs(value)
    if size and (size >= 1e7 or size < 1e-4):
        text = f"{value:.4g}"
    else:
        places = max(0, 3 - math.floor(math.log10(size))) if size else 0
        text = f"{value:,.{places}f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.replace("-", "−")


@register.filter
def as_utc(at: datetime | None) -> str:
    """ISO 8601 with a Z, for attributes."""
    return "" if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")


@register.filter
def address(ref: str) -> str:
    """Path of the page about an entity, by its ref."""
    kind, _, name = ref.partition(":")
    return f"/{kind}s/{name}"


@register.filter
def whereabouts(link: str) -> str:
    """The address of a link: itself, or the page about the thing whose ref it is."""
    if link.startswith(("https://", "http://")):
        return link
    return address(link) if link.startswith("monitor:") else f"/models/{link}"
