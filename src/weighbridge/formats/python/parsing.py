"""Source text to a syntax tree, without surprises: every refusal of the parser is None."""

from __future__ import annotations

import ast
import gc
import re
import textwrap
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

# The parser needs about four microseconds for each of these; more would take over a second.
MOST_TOKENS = 200_000
_PUNCTUATION = "\n(),.=[]:{}+-*;"
_REFUSED = (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError)
_SURROGATE = re.compile(r"[\ud800-\udfff]")


def parse(text: str, most: int = MOST_TOKENS) -> ast.Module | None:
    """Return the tree of a module, of an indented piece of one, or of a lone expression.

    Args:
        text: what may be Python.
        most: tokens, roughly, above which the parser is not asked.
    """
    if rough_tokens(text) > most:
        return None
    with warnings.catch_warnings(), uncollected():
        warnings.simplefilter("ignore")
        for candidate in _candidates(text):
            try:
                return ast.parse(candidate)
            except _REFUSED:
                continue
    return None


@contextmanager
def uncollected() -> Iterator[None]:
    """Keep the garbage collector away while a tree grows, of which nothing is garbage.

    It would go through all that was made so far again and again, a growing part of the time.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def rough_tokens(text: str) -> int:
    """Return about how many tokens a text has, quickly."""
    return len(text.split()) + sum(text.count(mark) for mark in _PUNCTUATION)


def _candidates(text: str) -> Iterator[str]:
    text = _SURROGATE.sub("?", text.removeprefix("\ufeff"))
    yield text
    if text[:1].isspace():
        yield textwrap.dedent(text)
        yield "if 1:\n" + text
        yield text.strip()


def statements(tree: ast.Module) -> Iterator[ast.stmt]:
    """Yield every statement, those inside of others included; expressions are not entered."""
    pending: list[ast.AST] = list(reversed(tree.body))
    while pending:
        node = pending.pop()
        if isinstance(node, ast.stmt):
            yield node
        for field in ("body", "orelse", "handlers", "finalbody", "cases"):
            inner = getattr(node, field, None)
            if isinstance(inner, list):
                pending.extend(reversed(inner))
