"""Objects of pathlib, as far as the text of the path is known.

`Path.home() / ".ssh" / "authorized_keys"` is one object of `pathlib.Path`, whatever made it. What
is known of its text travels with the value as a trait of its own, which no fact shows.
"""

from __future__ import annotations

import ast
import posixpath

from weighbridge.formats.python.values import NO_TRAITS, Const, Ref, Traits, Value, traits_of
from weighbridge.tables.scripts import path_traits

PATH = "pathlib.Path"
_LONGEST = 400
_TEXT = "path:"
_FROM_PARTS = frozenset({PATH, "pathlib.PosixPath", "pathlib.PurePath", "pathlib.PurePosixPath"})
_HOME = frozenset({f"{PATH}.home", "pathlib.PosixPath.home"})
_SAME = frozenset({f"{PATH}.{name}" for name in ("expanduser", "resolve", "absolute")})
_JOINED = frozenset({f"{PATH}.joinpath"})


def called(function: str, owner: Value, arguments: list[Value]) -> Value | None:
    """Return the path that a call makes, None when it makes none."""
    if function in _HOME:
        return _path("~")
    if function in _SAME:
        return _path(_text(owner))
    if function in _FROM_PARTS or function in _JOINED:
        parts = [*([owner] if function in _JOINED else []), *arguments]
        return _joined(parts) if parts else _path(".")
    return None


def divided(operation: ast.operator, left: Value, right: Value) -> Value | None:
    """Return the path that `left / right` makes, None when neither is one."""
    if not isinstance(operation, ast.Div) or not (_is_path(left) or _is_path(right)):
        return None
    return _joined([left, right])


def shown(traits: Traits) -> Traits:
    """Return traits without what is only kept to follow a path."""
    return frozenset(trait for trait in traits if not trait.startswith(_TEXT))


def _joined(parts: list[Value]) -> Value:
    texts = [_text(part) for part in parts]
    known = [text for text in texts if text is not None]
    text = posixpath.join(*known) if known and len(known) == len(texts) else None
    return _path(text, NO_TRAITS.union(*(shown(traits_of(part)) for part in parts)))


def _path(text: str | None, traits: Traits = NO_TRAITS) -> Value:
    if text is not None and len(text) <= _LONGEST:
        traits |= {_TEXT + text} | path_traits(text)
    return Ref(PATH, True, traits)


def _is_path(value: Value) -> bool:
    return isinstance(value, Ref) and value.path == PATH and value.result


def _text(value: Value) -> str | None:
    if isinstance(value, Const):
        return value.value if isinstance(value.value, str) else None
    found = (trait for trait in traits_of(value) if trait.startswith(_TEXT))
    text = next(found, None)
    return text.removeprefix(_TEXT) if text is not None and _is_path(value) else None
