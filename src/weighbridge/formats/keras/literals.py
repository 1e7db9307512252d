"""Literals of a configuration that are worth keeping: arguments, paths and addresses."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from weighbridge.text.secrets import mask

LENGTH = 300
_MOST = 20
_CONSTANT = "_CONSTANT_VALUE"
_PATH = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]{1,15}://|[A-Za-z]:[\\/]|[\\/~]|\.\.?[\\/]", re.ASCII)
_KEYS = frozenset(
    "vocabulary merges proto filepath filename file_path path directory dirname url uri origin "
    "handle fname model_path weights weights_path checkpoint cache_dir tokenizer".split()
)


def excerpt(text: str, limit: int = LENGTH) -> str:
    """Return the beginning of a text, credentials masked, fit to be encoded."""
    return mask(text[:limit]).encode("utf-8", "backslashreplace").decode("utf-8")


def shown(value: object) -> str | None:
    """Return a literal as text, None for what is none."""
    if isinstance(value, str):
        return excerpt(value)
    if isinstance(value, bool | int | float):
        return json.dumps(value)[:LENGTH]
    return None


def outward(config: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    """Return the members of a configuration that name a file or an address."""
    found = (
        (excerpt(key, 80), excerpt(value))
        for key, value in config.items()
        if isinstance(value, str) and (key in _KEYS or _PATH.match(value))
    )
    return tuple(pair for _, pair in zip(range(_MOST), found, strict=False))


def scalars(config: object) -> tuple[tuple[str, str], ...]:
    """Return the literal members of a configuration."""
    if not isinstance(config, Mapping):
        return ()
    pairs = ((excerpt(str(key), 80), shown(value)) for key, value in config.items())
    found = ((key, value) for key, value in pairs if value is not None)
    return tuple(pair for _, pair in zip(range(_MOST), found, strict=False))


def call_arguments(*holders: object) -> tuple[tuple[str, str], ...]:
    """Return the literals that a function gets when the model is rebuilt.

    Args:
        holders: the object itself and the layer around it, each with `inbound_nodes`, and in its
            `config` the `arguments` of a Lambda layer.
    """
    found: list[tuple[str, str]] = []
    for holder in holders:
        if isinstance(holder, Mapping):
            found.extend(_nodes(holder.get("inbound_nodes")))
            config = holder.get("config")
            if isinstance(config, Mapping):
                found.extend(scalars(config.get("arguments")))
    return tuple(found[:_MOST])


def _nodes(nodes: object) -> Iterator[tuple[str, str]]:
    for node in nodes[:_MOST] if isinstance(nodes, list) else ():
        if isinstance(node, Mapping):
            arguments = node.get("args")
            for value in arguments[:_MOST] if isinstance(arguments, list) else ():
                text = shown(value)
                if text is not None:
                    yield "", text
            yield from scalars(node.get("kwargs"))
        elif isinstance(node, list):
            yield from _old_node(node)


def _old_node(node: list[object]) -> Iterator[tuple[str, str]]:
    """Keras 2: `[layer, node, tensor, arguments]`, a constant in the place of the third."""
    entries = node[:_MOST] if node and isinstance(node[0], list) else [node]
    for entry in entries:
        if not isinstance(entry, list) or len(entry) < 3:
            continue
        text = shown(entry[2]) if entry[0] == _CONSTANT else None
        if text is not None:
            yield "", text
        if len(entry) > 3:
            yield from scalars(entry[3])
