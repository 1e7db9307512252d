"""Filters for templates. What came from a model goes through `shown`, in a ``<pre>``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from weighbridge.platform.advisories.models import Advisory
from weighbridge.platform.advisories.numbers import bare
from weighbridge.text.escaping import visible

register = template.Library()
_LIMIT = 4096


@register.filter
def shown(text: Any, limit: int = _LIMIT) -> str:
    """Return text from a model with hidden characters as escapes and an honest cut."""
    text = str(text)
    lines = "\n".join(visible(line) for line in text[:limit].split("\n"))
    if len(text) > limit:
        lines += f"\n… {limit:,} of {len(text):,} characters"
    return lines


@register.filter
def shown_line(text: Any) -> str:
    """Return text from a model as one line of at most 200 characters."""
    return visible(str(text), 200)


@register.filter
def short_hash(digest: str | None) -> str:
    """Return a hash shortened in the middle."""
    if not digest:
        return "not computed"
    return f"{digest[:8]}…{digest[-6:]}" if len(digest) > 20 else digest


@register.filter
def when(moment: datetime | None) -> SafeString | str:
    """Return a time in words, with the exact one on hover."""
    if moment is None:
        return "never"
    exact = moment.astimezone(UTC)
    return format_html(
        '<time datetime="{}" title="{} UTC">{}</time>',
        moment.isoformat(),
        exact.strftime("%Y-%m-%d %H:%M:%S"),
        _distance((timezone.now() - moment).total_seconds()),
    )


_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"))


def _distance(seconds: float) -> str:
    ahead = seconds < 0
    seconds = abs(seconds)
    if seconds < 60:
        return "in a moment" if ahead else "just now"
    words = duration(seconds)
    return f"in {words}" if ahead else f"{words} ago"


_SHAPES = {
    "malicious": "⯃", "suspicious": "◆", "weakness": "△", "inconclusive": "◌", "clean": "○",
}  # fmt: skip


@register.filter
def duration(seconds: float | None) -> str:
    """Return a length of time for people; a dash for none."""
    if seconds is None:
        return "–"
    for size, name in _UNITS:
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {name}{'s' if count > 1 else ''}"
    return "under a minute"


@register.filter
def verdict(word: str | None) -> SafeString:
    """Return a verdict as word and shape."""
    word = word or "inconclusive"
    shape = _SHAPES.get(word, "")
    return format_html(
        '<span class="verdict {}"><span aria-hidden="true">{}</span> {}</span>', word, shape, word
    )


@register.filter
def item(mapping: Any, key: str) -> Any:
    """Return a mapping's value, None without one."""
    return mapping.get(key) if hasattr(mapping, "get") else None


@register.filter
def number(advisory: Advisory) -> str:
    """Return an advisory's number in the bare form."""
    return bare(advisory)
