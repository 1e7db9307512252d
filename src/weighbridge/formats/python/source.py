"""Source text to a fact: what it imports and calls, resolved through what hides it.

The text is parsed, never compiled. What cannot be parsed is searched for imports and calls by
pattern instead, and the fact then says that it is not complete.
"""

from __future__ import annotations

import hashlib
import re

from weighbridge.budget import Budget
from weighbridge.facts.pickles import Code
from weighbridge.formats.python import fallback
from weighbridge.formats.python.effects import TEXT_LENGTH, Names, excerpt
from weighbridge.formats.python.parsing import parse, uncollected
from weighbridge.formats.python.reading import Reader

# With these, what runs is not what is written.
_COOKIE = re.compile(
    r"^[ \t\f]*#.*?coding[:=][ \t]*(?:utf[-_]?7|utf[-_]?16|utf[-_]?32|\w*escape|idna|punycode)",
    re.M | re.I,
)


def source_fact(  # noqa: PLR0913 - a fact has that many fields
    text: str,
    *,
    stream: int | None,
    member: str | None,
    offset: int,
    call: int | None,
    name: str,
    budget: Budget,
) -> Code:
    """Describe Python source text.

    Args:
        text: the source, a piece of it, or a lone expression.
        stream: number of the pickle stream that carries it.
        member: place inside the file.
        offset: where it begins, in bytes.
        call: number of the call that takes it.
        name: of the function, module or file.
        budget: its `ast_bytes` bounds what is parsed.
    """
    names = read_source(text, budget)
    return Code(
        stream=stream,
        member=member,
        offset=offset,
        origin="python-source",
        name=excerpt(name, 200),
        call=call,
        imports=tuple(names.imports),
        calls=tuple(names.calls),
        constants=tuple(names.constants),
        complete=names.complete,
        text=excerpt(text, TEXT_LENGTH),
        sha256=hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest(),
    )


def read_source(text: str, budget: Budget) -> Names:
    """Return the names that source text uses."""
    names = Names()
    limit = budget.limits.ast_bytes
    tree = parse(text) if len(text) <= limit else None
    if tree is None or _COOKIE.search("\n".join(text[:1000].split("\n", 2)[:2])):
        names.complete = False
    if tree is not None:
        with uncollected():
            Reader(names).read(tree)
    if not names.complete:
        fallback.scan(text[:limit], names)
    return names
