"""Charts as plain SVG made on the server: no script, no inline style, text for screen readers.

Every number that is drawn also stands in a table behind the chart; see the templates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

_WIDTH, _HEIGHT = 560, 180
_LEFT, _RIGHT, _TOP, _BOTTOM = 36, 8, 8, 24


@dataclass(frozen=True, slots=True)
class Series:
    """A named row of numbers; the name is a class of the style sheet too."""

    name: str
    values: Sequence[int]


def stacked_area(labels: Sequence[str], series: Sequence[Series], title: str) -> SafeString:
    """Return an area chart with the series on top of each other, the first at the bottom."""
    totals = [sum(one.values[at] for one in series) for at in range(len(labels))]
    most = _ceiling(max(totals, default=0))
    floor = [0] * len(labels)
    areas = []
    for one in series:
        top = [below + value for below, value in zip(floor, one.values, strict=True)]
        if any(one.values):
            there = [f"{_x(at, len(labels)):.1f},{_y(v, most):.1f}" for at, v in enumerate(top)]
            back = [f"{_x(at, len(labels)):.1f},{_y(v, most):.1f}" for at, v in enumerate(floor)]
            areas.append((one.name, " ".join([*there, *reversed(back)]), one.name))
        floor = top
    body = format_html_join(
        "", '<polygon class="area {}" points="{}"><title>{}</title></polygon>', areas
    )
    ends = [(_LEFT, "start", labels[0]), (_WIDTH - _RIGHT, "end", labels[-1])] if labels else []
    marks = format_html_join(
        "", _TEXT, ((x, _HEIGHT - 6, anchor, text) for x, anchor, text in ends)
    )
    return _figure(title, most, body + marks)


def histogram(bars: Sequence[tuple[str, int]], title: str) -> SafeString:
    """Return bars with their numbers above and their names below."""
    most = _ceiling(max((count for _, count in bars), default=0))
    step = (_WIDTH - _LEFT - _RIGHT) / max(len(bars), 1)
    shapes, words = [], []
    for at, (name, count) in enumerate(bars):
        x, y = _LEFT + at * step, _y(count, most)
        middle = f"{x + step / 2:.1f}"
        shapes.append((f"{x + 4:.1f}", f"{y:.1f}", f"{step - 8:.1f}",
                       f"{_HEIGHT - _BOTTOM - y:.1f}", name, f"{count:,}"))  # fmt: skip
        words.append((middle, f"{_HEIGHT - 6}", "middle", name))
        if count:
            words.append((middle, f"{max(y - 4, 10):.1f}", "middle", f"{count:,}"))
    body = format_html_join(
        "",
        '<rect class="bar" x="{}" y="{}" width="{}" height="{}"><title>{}: {}</title></rect>',
        shapes,
    )
    return _figure(title, most, body + format_html_join("", _TEXT, words))


_TEXT = '<text x="{}" y="{}" text-anchor="{}">{}</text>'


def _figure(title: str, most: int, body: SafeString) -> SafeString:
    grid = format_html_join(
        "",
        '<line class="grid" x1="{}" x2="{}" y1="{}" y2="{}"/>'
        '<text x="{}" y="{}" text-anchor="end">{}</text>',
        (
            (_LEFT, _WIDTH - _RIGHT, y, y, _LEFT - 6, f"{y + 4:.1f}", f"{value:,}")
            for value in sorted({0, most // 2, most})
            for y in (round(_y(value, most), 1),)
        ),
    )
    return format_html(
        '<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">{}{}</svg>',
        _WIDTH,
        _HEIGHT,
        title,
        grid,
        body,
    )


def _x(at: int, count: int) -> float:
    return _LEFT + (_WIDTH - _LEFT - _RIGHT) * at / max(count - 1, 1)


def _y(value: float, most: int) -> float:
    return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - value / most)


def _ceiling(value: int) -> int:
    """Return a round number that nothing exceeds, even so that its half is one too."""
    step = 1
    while value > 10 * step:
        step *= 10
    return max(2, -(-value // (2 * step)) * 2 * step)
