"""Makes text from untrusted bytes harmless to a terminal, a log and a reader's eye."""

from __future__ import annotations

import unicodedata

# Control, format (bidirectional marks, zero-width), surrogate, private and unassigned characters.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def visible(text: str, limit: int | None = None) -> str:
    """Return `text` with every invisible or controlling character written as an escape.

    Args:
        text: anything.
        limit: cut after this many characters, with an ellipsis.
    """
    if limit is not None and len(text) > limit:
        text = text[:limit] + "…"
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        char if unicodedata.category(char) not in _HIDDEN else _escape(char) for char in text
    )


def _escape(char: str) -> str:
    return char.encode("unicode-escape", "surrogatepass").decode("ascii")
