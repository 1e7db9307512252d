"""What can be said about text that Python cannot parse: Python 2, damaged, or far too large.

Imports and dotted calls are found by pattern, and aliases from `import` lines are resolved. Every
pattern is linear.
"""

from __future__ import annotations

import re
import unicodedata

from weighbridge.formats.python.effects import BUILTINS, CUSTOMARY, Names, is_library

MOST_TEXT = 2 << 20
MOST_MATCHES = 20_000

_IMPORT = re.compile(r"(?:^|[;:\n])[ \t]*import[ \t]+([\w., \t]{1,2000})")
_FROM = re.compile(
    r"(?:^|[;:\n])[ \t]*from[ \t]+([\w.]{1,200})[ \t]+import[ \t(]+([^)\n;]{1,2000})"
)
_CALL = re.compile(r"(?<![\w.])([^\W\d]\w{0,100}(?:\.\w{1,100}){0,8})[ \t]{0,4}\(")
_STATEMENT = re.compile(r"(?:^|[;:\n])[ \t]*exec[ \t]+[\"'\w]")
_DYNAMIC = re.compile(r"(?:__import__|import_module)[ \t]*\([ \t]*['\"]([\w.]{1,100})['\"]")
_DYNAMIC_CALL = re.compile(
    r"(?:__import__|import_module)[ \t]*\([ \t]*['\"]([\w.]{1,100})['\"][ \t]*\)"
    r"((?:\.\w{1,100}){1,8})[ \t]*\("
)


def scan(text: str, into: Names) -> None:
    """Add the imports and calls that patterns find in `text`."""
    text = unicodedata.normalize("NFKC", text[:MOST_TEXT])
    known: dict[str, str] = dict(CUSTOMARY)
    for found in _limited(_FROM, text):
        _from(found.group(1), found.group(2), known, into)
    for found in _limited(_IMPORT, text):
        for entry in found.group(1).split(","):
            _import(entry, known, into)
    for found in _limited(_DYNAMIC, text):
        into.add_import(found.group(1))
    for found in _limited(_DYNAMIC_CALL, text):
        into.add_call(found.group(1) + found.group(2))
    for found in _limited(_CALL, text):
        _call(found.group(1), known, into)
    if _STATEMENT.search(text):
        into.add_call("builtins.exec")


def _limited(pattern: re.Pattern[str], text: str) -> list[re.Match[str]]:
    found = pattern.finditer(text)
    return [match for match, _ in zip(found, range(MOST_MATCHES), strict=False)]


def _import(entry: str, known: dict[str, str], into: Names) -> None:
    words = entry.split()
    if not words:
        return
    into.add_import(words[0])
    if len(words) > 2 and words[1] == "as":
        known[words[2]] = words[0]
    else:
        known[words[0].partition(".")[0]] = words[0].partition(".")[0]


def _from(module: str, names: str, known: dict[str, str], into: Names) -> None:
    into.add_import(module)
    for entry in names.split(","):
        words = entry.replace("\\", " ").split()
        if words and words[0].isidentifier():
            into.add_import(f"{module}.{words[0]}")
            known[words[-1]] = f"{module}.{words[0]}"


def _call(dotted: str, known: dict[str, str], into: Names) -> None:
    first, dot, rest = dotted.partition(".")
    if first in known and (dot or first not in CUSTOMARY):
        into.add_call(known[first] + dot + rest)
    elif not dot and first in BUILTINS:
        into.add_call(f"builtins.{first}")
    elif dot and is_library(first):
        into.add_call(dotted)
