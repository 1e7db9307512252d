"""The graph of what holds a case's content: what it was made from, who holds it, what follows.

Three columns of bounded length; what does not fit is counted, never left out in silence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from weighbridge.platform.cases.places import files_of
from weighbridge.platform.catalog.models import Lineage, Model
from weighbridge.text.escaping import visible

_MOST = 12
_BOX, _HIGH, _GAP, _STEP = 260, 30, 90, 38
_LETTERS = 32
_FAR = 500


@dataclass(frozen=True, slots=True)
class Node:
    """A model in the graph; `number` is its page, None where it is known by name only."""

    name: str
    number: int | None = None
    more: str = ""


@dataclass(frozen=True, slots=True)
class Graph:
    """Columns from left to right with the edges between them, by position."""

    columns: tuple[tuple[Node, ...], ...]
    edges: tuple[tuple[int, int, int, str], ...]
    hidden: tuple[int, int, int]

    @property
    def empty(self) -> bool:
        """There is nothing to draw."""
        return not self.columns[1]


def graph_of(case: int, models: Sequence[Model]) -> Graph:
    """Return the graph of a case in three queries.

    Args:
        case: its number.
        models: that hold its content, most downloaded first.
    """
    shown = models[:_MOST]
    held = files_of(case).filter(version__model__in=[one.pk for one in shown]).order_by()
    copies = dict(held.values_list("version__model_id").annotate(Count("pk")))
    holders = [Node(one.name, one.pk, _files(copies.get(one.pk, 0))) for one in shown]
    above = Lineage.objects.filter(child__in=[one.pk for one in shown]).order_by("parent_name")
    rows = list(above.values_list("parent_name", "child_id", "relation")[:_FAR])
    at = {one.pk: number for number, one in enumerate(shown)}
    parents = list(dict.fromkeys(name for name, _, _ in rows))
    edges = [
        (0, parents.index(name), at[child], relation)
        for name, child, relation in rows
        if parents.index(name) < _MOST
    ]
    named = {one.name: number for number, one in enumerate(shown)}
    below = Lineage.objects.filter(parent_name__in=list(named)).select_related("child")
    kin = [row for row in below.order_by("child__name")[:_FAR] if row.child_id not in at]
    children = list({row.child_id: row.child for row in kin}.values())
    place = {one.pk: number for number, one in enumerate(children[:_MOST])}
    edges += [
        (1, named[row.parent_name], place[row.child_id], row.relation)
        for row in kin
        if row.child_id in place
    ]
    hidden = (len(parents) - _MOST, len(models) - _MOST, len(children) - _MOST)
    columns = (
        tuple(Node(name) for name in parents[:_MOST]),
        tuple(holders),
        tuple(Node(one.name, one.pk) for one in children[:_MOST]),
    )
    first, second, third = (max(0, number) for number in hidden)
    return Graph(columns, tuple(edges), (first, second, third))


def drawn(graph: Graph) -> SafeString:
    """Return the graph as SVG with a link on each model that has a page."""
    rows = max(1, *(len(c) + bool(h) for c, h in zip(graph.columns, graph.hidden, strict=True)))
    height = rows * _STEP + 28
    lines = format_html_join(
        "",
        '<path class="edge" d="M{} {} C{} {} {} {} {} {}"><title>{}</title></path>',
        (_curve(*edge) for edge in graph.edges),
    )
    heads = format_html_join(
        "",
        '<text class="head" x="{}" y="16">{}</text>',
        ((at * (_BOX + _GAP), word) for at, word in enumerate(_HEADS)),
    )
    boxes = [
        _box(column, row, node)
        for column, nodes in enumerate(graph.columns)
        for row, node in enumerate(nodes)
    ]
    boxes += [
        _rest(column, len(graph.columns[column]), count)
        for column, count in enumerate(graph.hidden)
        if count
    ]
    return format_html(
        '<svg class="graph" viewBox="0 0 {} {}" role="group" aria-label="{}">{}{}{}</svg>',
        3 * _BOX + 2 * _GAP,
        height,
        "What holds this content, what that was made from, and what was made from it",
        heads,
        lines,
        format_html_join("", "{}", ((box,) for box in boxes)),
    )


_HEADS = ("Made from", "Holds it", "Made from those")


def _place(column: int, row: int) -> tuple[int, int]:
    return column * (_BOX + _GAP), 28 + row * _STEP


def _curve(column: int, source: int, target: int, relation: str) -> tuple[int | str, ...]:
    x, y = _place(column, source)
    to_x, to_y = _place(column + 1, target)
    x, y, to_y = x + _BOX, y + _HIGH // 2, to_y + _HIGH // 2
    bend = _GAP // 2
    return (x, y, x + bend, y, to_x - bend, to_y, to_x, to_y, relation)


def _box(column: int, row: int, node: Node) -> SafeString:
    x, y = _place(column, row)
    letters = _LETTERS - len(node.more)
    full = visible(node.name, 200)
    name = full if len(full) <= letters else f"{full[: letters - 10]}…{full[-9:]}"
    box = format_html(
        '<rect x="{}" y="{}" width="{}" height="{}" rx="6"/><text x="{}" y="{}">{}</text>'
        '<text class="more" text-anchor="end" x="{}" y="{}">{}</text><title>{}</title>',
        x, y, _BOX, _HIGH, x + 8, y + 20, name, x + _BOX - 8, y + 20, node.more, full,
    )  # fmt: skip
    if node.number is None:
        return format_html('<g class="node">{}</g>', box)
    return format_html('<a class="node" href="/models/{}">{}</a>', node.number, box)


def _rest(column: int, row: int, count: int) -> SafeString:
    x, y = _place(column, row)
    return format_html('<text class="more" x="{}" y="{}">and {} more</text>', x + 8, y + 20, count)


def _files(count: int) -> str:
    return f"{count:,} file{'s' if count != 1 else ''}"
