"""Filters for templates. What came from a model goes through `shown`, in a ``<pre>``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

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
def shown_short(text: Any, limit: int = 60) -> str:
    """Return text from outside as one short line, shortened in the middle so that its end shows."""
    full = visible(str(text)[:2000])
    return full if len(full) <= limit else f"{full[: limit - 20]}…{full[-19:]}"


@register.filter
def count(number: int | None) -> str:
    """Return a number with separators, a dash for none."""
    return "–" if number is None else f"{number:,}"


@register.filter
def size(number: int | None) -> str:
    """Return a number of bytes for people."""
    value, unit = float(number or 0), "B"
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if value < 1000 or unit == "TB":
            break
        value /= 1000
    return f"{value:,.0f} {unit}" if unit == "B" or value >= 100 else f"{value:,.1f} {unit}"


@register.filter
def at(text: str) -> SafeString | str:
    """Return a time of the history, which is text, in words with the exact one on hover."""
    try:
        return when(datetime.fromisoformat(text))
    except ValueError:
        return text


@register.simple_tag
def copyable(text: Any, shown: Any = None) -> SafeString:
    """Return an id or hash, shortened in the middle if wished, with a button that copies it.

    The button is there for those with script only.
    """
    whole = visible(str(text))
    return format_html(
        '<code title="{}">{}</code> <button type="button" class="copy" data-copy="{}"'
        ' aria-label="Copy {}" hidden>Copy</button>',
        whole,
        whole if shown is None else shown,
        whole,
        whole[:40],
    )


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


# Drawn rather than typed, because fonts lack some of these signs.
_SHAPES = {
    "malicious": '<path d="M5 1h6l4 4v6l-4 4H5l-4-4V5z" fill="currentColor"/>',
    "suspicious": '<path d="M8 .5 15.5 8 8 15.5.5 8z" fill="currentColor"/>',
    "weakness": '<path d="M8 2 15 14H1z" fill="none" stroke="currentColor" stroke-width="2"/>',
    "inconclusive": '<circle cx="8" cy="8" r="6.5" fill="none" stroke="currentColor"'
    ' stroke-width="2" stroke-dasharray="3 2"/>',
    "clean": '<circle cx="8" cy="8" r="6.5" fill="none" stroke="currentColor" stroke-width="2"/>',
}


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
    name = word if word is not None and word in _SHAPES else "inconclusive"
    return format_html(
        '<span class="verdict {}"><svg viewBox="0 0 16 16" aria-hidden="true">{}</svg> {}</span>',
        name,
        mark_safe(_SHAPES[name]),
        name,
    )


@register.filter
def diff_kind(line: str) -> str:
    """Return what a line of a diff does, as the end of a class."""
    return {"+": "-add", "-": "-del"}.get(line[:1], "")


@register.filter
def words(text: str) -> list[str]:
    """Return the words of a text, for loops over a few of them."""
    return text.split()


@register.filter
def item(mapping: Any, key: str) -> Any:
    """Return a mapping's value, None without one."""
    return mapping.get(key) if hasattr(mapping, "get") else None


@register.filter
def number(advisory: Advisory) -> str:
    """Return an advisory's number in the bare form."""
    return bare(advisory)
