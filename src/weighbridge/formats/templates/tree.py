"""Going over the tree of a template."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2.nodes import Node


def walk(node: Node) -> Iterator[Any]:
    """Yield every node, parents first, in the order of the text; no recursion, however deep."""
    pending = [node]
    while pending:
        item = pending.pop()
        yield item
        pending.extend(reversed(list(item.iter_child_nodes())))
