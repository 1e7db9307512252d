"""What is known about the names in a Keras configuration."""

from dataclasses import dataclass
from functools import cache, lru_cache

from weighbridge.tables.reader import by_name, rows

_DEEPEST = 12


@dataclass(frozen=True, slots=True)
class KerasApi:
    """A function or module of Keras that models are made of, or that no model needs.

    `kind` is that of the finding, or `clean`. A `name` of `*` stands for everything in the module
    that has no row of its own; a `module` that ends in `.*` for all modules below it.
    """

    module: str
    name: str
    kind: str
    effect: str
    severity: str
    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class KerasField:
    """A setting of a layer that names a file; `outside` is the kind when it leads elsewhere."""

    layer: str
    field: str
    outside: str
    effect: str
    source: str
    reason: str


@lru_cache(8192)
def keras_api(module: str, name: str) -> KerasApi | None:
    """Look up a name of Keras by its canonical module.

    An exact row wins, then a row for that name below a module, then the nearest whole module.

    Args:
        module: Dotted module that begins with `keras` or `tensorflow`.
        name: As the configuration gives it.

    Returns:
        The row, or None.
    """
    known = by_name("keras_api.tsv", *KerasApi.__slots__)
    parts = module.split(".")[:_DEEPEST]
    parents = [".".join(parts[:end]) for end in range(len(parts), 0, -1)]
    keys = [(module, name)]
    keys += [(f"{parent}.*", name) for parent in parents]
    keys += [(parent, "*") for parent in parents]
    found = next((known[key] for key in keys if key in known), None)
    return None if found is None else KerasApi(*found)


@cache
def _names() -> frozenset[str]:
    return frozenset(row[0] for row in rows("keras_names.tsv", "name", "source", "reason"))


def is_keras_name(name: str) -> bool:
    """Say whether Keras itself finds this name, which older files give without a module."""
    return name in _names()


@lru_cache(1024)
def keras_field(layer: str, field: str) -> KerasField | None:
    """Look up a setting that names a file, or return None."""
    row = by_name("keras_fields.tsv", *KerasField.__slots__).get((layer, field))
    return None if row is None else KerasField(*row)
