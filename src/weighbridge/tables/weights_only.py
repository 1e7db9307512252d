"""The names that torch's restricted unpickler accepts."""

from functools import cache

from weighbridge.tables.reader import rows

_COLUMNS = ("module", "name", "source", "reason")


@cache
def weights_only_names() -> frozenset[str]:
    """List the accepted names, module and name joined by a dot as torch compares them."""
    table = rows("weights_only.tsv", *_COLUMNS)
    return frozenset(f"{module}.{name}" for module, name, _source, _reason in table)


def weights_only_allows(module: str, name: str) -> bool:
    """Say whether `torch.load(weights_only=True)` accepts an import by default.

    Args:
        module: Module as the file spells it.
        name: Name as the file spells it.
    """
    return f"{module}.{name}" in weights_only_names()
