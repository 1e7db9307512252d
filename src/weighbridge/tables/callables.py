"""What is known about an imported callable, by its exact name."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from weighbridge.tables.reader import by_name

_CLASS_LIKE = re.compile(r"_*[A-Z]\w*")
# Packages ship what tests them under such names. A leading underscore is left out: the tests of
# statistics are modules like `scipy.stats._page_trend_test`.
_TEST_SEGMENT = re.compile(
    r"tests?|_?testing|conftest|googletest|test_\w+|testing_\w+|[a-z]\w*_tests?(?:_\w+)?"
)

# No whole-module row is deeper; the limit keeps a name of a million dots from costing a second.
_DEEPEST = 12

# Names come out of hostile files, so what is remembered of them must stay bounded.
_REMEMBERED = 8192


@dataclass(frozen=True, slots=True)
class Dangerous:
    """A callable with an effect that no model needs.

    With `judge` set to `operands` honest files contain it too, and what it is given decides;
    `operand` then says which handler judges it. A `name` of `*` stands for a whole module.
    """

    module: str
    name: str
    effect: str
    severity: str
    judge: str
    origin: str
    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class Benign:
    """A callable that a framework writes into files, and the use that is vouched for.

    `any`: rebuilding, a call with arguments and a plain reference are all ordinary.
    `rebuild`: rebuilding from state or a plain reference; a call with arguments is not.
    `reference`: harmless as a value, never called by an honest file.
    `family`: a class of this package, rebuilt in the ordinary way.
    """

    module: str
    name: str
    use: str
    framework: str
    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class Operand:
    """How the operands of a callable are judged: by which handler, and at which positions."""

    module: str
    name: str
    judge: str
    positions: str
    source: str
    reason: str

    @property
    def indices(self) -> tuple[int, ...] | None:
        """The argument indices that decide, or None when all of them do."""
        if self.positions == "*":
            return None
        return tuple(int(index) for index in self.positions.split(","))


def _dangerous_rows() -> dict[tuple[str, str], tuple[str, ...]]:
    return by_name("dangerous.tsv", *Dangerous.__slots__)


def _benign_rows() -> dict[tuple[str, str], tuple[str, ...]]:
    return by_name("benign.tsv", *Benign.__slots__)


def _operand_rows() -> dict[tuple[str, str], tuple[str, ...]]:
    return by_name("operands.tsv", *Operand.__slots__)


def _with_parents(module: str) -> Iterator[str]:
    """Yield the module and its parents, longest first, cut at dots only."""
    segments = module.split(".", _DEEPEST)[:_DEEPEST]
    for end in range(len(segments), 0, -1):
        yield ".".join(segments[:end])


@lru_cache(_REMEMBERED)
def dangerous(module: str, name: str) -> Dangerous | None:
    """Look up a callable among the dangerous ones.

    An exact row wins; otherwise the whole-module row of the module or of its nearest parent. A
    row for `Class` says nothing about `Class.method`.

    Args:
        module: Module as the file spells it.
        name: Qualified name as the file spells it.

    Returns:
        The row, or None.
    """
    known = _dangerous_rows()
    row = known.get((module, name))
    if row is None:
        found = (known.get((parent, "*")) for parent in _with_parents(module))
        row = next((candidate for candidate in found if candidate is not None), None)
    return None if row is None else Dangerous(*row)


@lru_cache(_REMEMBERED)
def dangerous_through(module: str, name: str) -> Dangerous | None:
    """Look up what a dotted name may end at, such as `serialization.os.system` in `torch`.

    From protocol 4 on an unpickler walks the attributes of a dotted name, so an allowed module
    leads to every module that it happens to import.

    Args:
        module: Module as the file spells it.
        name: Dotted name as the file spells it.

    Returns:
        The dangerous row at the end of the path, whole-module rows included, or None.
    """
    head = name.split(".", _DEEPEST)
    for end in range(len(head) - 1, 0, -1):
        row = dangerous(".".join([module, *head[:end]]), ".".join(head[end:]))
        if row is not None:
            return row
    tail = name.rsplit(".", _DEEPEST)
    for start in range(len(tail) - 1):
        # The longest module first: `os.path` says more than `os`.
        for end in range(len(tail) - 1, start, -1):
            reached, rest = ".".join(tail[start:end]), ".".join(tail[end:])
            # Modules often import others under a private alias, such as `_os`.
            row = dangerous(reached, rest) or dangerous(reached.lstrip("_"), rest)
            if row is not None:
                return row
    return None


@lru_cache(_REMEMBERED)
def benign(module: str, name: str) -> Benign | None:
    """Look up a callable among those that frameworks save, by its exact name only.

    Args:
        module: Module as the file spells it.
        name: Qualified name as the file spells it.

    Returns:
        The row, or None.
    """
    row = _benign_rows().get((module, name))
    return None if row is None or name == "*" else Benign(*row)


@lru_cache(_REMEMBERED)
def family(module: str, name: str) -> Benign | None:
    """Look up a package whose classes are vouched for when rebuilt in the ordinary way.

    A name that is not plainly that of a class, a test module, and whatever a dangerous row
    covers get no answer: a wildcard must not vouch for what nobody has seen.

    Args:
        module: Module as the file spells it.
        name: Qualified name as the file spells it.

    Returns:
        The row of the nearest family, or None.
    """
    if _CLASS_LIKE.fullmatch(name) is None or name.endswith("__"):
        return None
    if _tests(module) or dangerous(module, name) is not None:
        return None
    row = _family_row(module)
    return None if row is None else Benign(*row)


@lru_cache(_REMEMBERED)
def of_family(module: str, name: str) -> bool:
    """Say whether a plain name belongs to a package some of whose classes are vouched for.

    A function of a class (`GaussianNB._make`) is as plain as one of a module. It does not vouch
    for the name itself. What it tells apart is a package that models are saved with from one that
    is merely installed nearly everywhere.
    """
    owner, dot, own = name.rpartition(".")
    plain = own.isidentifier() and not own.startswith("__")
    if dot:
        plain = plain and _CLASS_LIKE.fullmatch(owner) is not None
    return plain and not _tests(module) and _family_row(module) is not None


def _tests(module: str) -> bool:
    return any(map(_TEST_SEGMENT.fullmatch, module.split(".")))


def _family_row(module: str) -> tuple[str, ...] | None:
    known = _benign_rows()
    found = (known.get((f"{parent}.*", "*")) for parent in _with_parents(module))
    return next((candidate for candidate in found if candidate is not None), None)


@lru_cache(_REMEMBERED)
def operand(module: str, name: str) -> Operand | None:
    """Look up how the operands of a callable are judged.

    Args:
        module: Module as the file spells it.
        name: Qualified name as the file spells it.

    Returns:
        The row, or None when its operands do not decide.
    """
    row = _operand_rows().get((module, name))
    return None if row is None else Operand(*row)


@cache
def operand_positions() -> dict[tuple[str, str], tuple[int, ...] | None]:
    """List the operand positions that decide, for a parser that keeps only those.

    Returns:
        Argument indices by (module, name); None means all arguments.
    """
    return {key: Operand(*row).indices for key, row in _operand_rows().items()}
