"""Operators of TorchScript that reach outside the model."""

from dataclasses import dataclass
from functools import lru_cache

from weighbridge.tables.reader import by_name


@dataclass(frozen=True, slots=True)
class TorchOperator:
    """An operator with an effect beyond computing."""

    module: str
    name: str
    effect: str
    phrase: str
    source: str
    reason: str


@lru_cache(4096)
def torch_operator(dotted: str) -> TorchOperator | None:
    """Look up an operator by the dotted name that TorchScript source uses, or return None."""
    module, _, name = dotted.rpartition(".")
    row = by_name("torch_operators.tsv", *TorchOperator.__slots__).get((module, name))
    return None if row is None else TorchOperator(*row)
