"""skops models: a zip with ``schema.json`` and arrays (skops ``io`` documentation).

Every node of the schema names ``__module__``, ``__class__`` and the ``__loader__`` that rebuilds
it. What a node would import becomes an import fact, so the rules judge it like any other.
"""

from __future__ import annotations

from collections.abc import Iterator

from weighbridge.containers.base import Archive
from weighbridge.errors import ParseError
from weighbridge.facts.pickles import Import
from weighbridge.formats.context import Context, Place
from weighbridge.text.json_text import loads

NAME = "skops"
LOADERS = ("skops.io.load",)
_SCHEMA_LIMIT = 64 << 20
_NODES = 500_000
# Nodes that call or fetch what they name; the others rebuild an instance of a class.
_USES = {
    "FunctionNode": (),
    "TypeNode": (),
    "MethodNode": ("rebuild",),
    "PartialNode": ("rebuild",),
    "OperatorFuncNode": ("call",),
}


def read_schema(context: Context, archive: Archive, place: Place) -> None:
    """Add an import fact for each distinct symbol that the schema names."""
    inner = place.inside("schema.json", LOADERS)
    member = next((m for m in archive.members if m.name == "schema.json"), None)
    if member is None or member.source is None:
        context.gap(inner, NAME, "malformed-schema", "schema.json cannot be read")
        return
    try:
        schema = loads(member.source.read_at(0, _SCHEMA_LIMIT), "malformed-schema")
    except ParseError as error:
        context.gap_from(inner, NAME, error)
        return
    version = schema.get("_skops_version") if isinstance(schema, dict) else None
    if isinstance(version, str):
        context.metadata(inner, NAME, "_skops_version", version[:100])
    seen: dict[tuple[str, str, str], int] = {}
    for node in _nodes(schema):
        module, name = node.get("__module__"), node.get("__class__")
        loader = node.get("__loader__")
        if isinstance(module, str) and isinstance(name, str) and isinstance(loader, str):
            key = (module[:500], name[:500], loader[:80])
            seen[key] = seen.get(key, 0) + 1
            if loader == "MethodNode":
                _method(context, inner, node)
    for (module, name, loader), count in list(seen.items())[: context.budget.limits.imports]:
        uses = _USES.get(loader, ("rebuild",))
        context.add(
            Import(
                0, inner.member, 0, module, name, module, name, loader, count, uses, False, False
            )
        )


def _method(context: Context, place: Place, node: dict[str, object]) -> None:
    """A method that is reached through dunders leads anywhere (CVE-2025-54413)."""
    content = node.get("content")
    name = content.get("func") if isinstance(content, dict) else None
    if isinstance(name, str) and name.startswith("__"):
        text = f"a method node reaches for {name[:80]!r}"
        context.anomaly(place, NAME, "skops-dunder-method", text)


def _nodes(schema: object) -> Iterator[dict[str, object]]:
    pending = [schema]
    count = 0
    while pending and count < _NODES:
        count += 1
        item = pending.pop()
        if isinstance(item, dict):
            if "__loader__" in item:
                yield item
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item)
