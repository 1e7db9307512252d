"""Pure functions that a hidden payload may be wrapped with."""

from dataclasses import dataclass
from functools import lru_cache

from weighbridge.tables.reader import by_name


@dataclass(frozen=True, slots=True)
class Decoder:
    """A decoding function: the transform it applies to the argument at `position`."""

    module: str
    name: str
    transform: str
    position: int
    source: str
    reason: str


@lru_cache(256)
def decoder(module: str, name: str) -> Decoder | None:
    """Look up a decoding function by its exact name.

    Args:
        module: Module as the file spells it.
        name: Qualified name as the file spells it.

    Returns:
        The row, or None.
    """
    row = by_name("decoders.tsv", *Decoder.__slots__).get((module, name))
    if row is None:
        return None
    _module, _name, transform, position, source, reason = row
    return Decoder(module, name, transform, int(position), source, reason)
