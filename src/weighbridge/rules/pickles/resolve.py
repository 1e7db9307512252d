"""Finds out what a computed callee comes to, without running anything.

``getattr(__import__("os"), "system")`` names no dangerous callable by itself, but comes to
``os.system``. Each step follows a documented resolver of the standard library.
"""

from __future__ import annotations

from weighbridge.facts.expressions import Expression, Result, Symbol, Text
from weighbridge.facts.pickles import Call

_DEPTH = 12
_MODULE_GETTERS = frozenset(
    {
        ("builtins", "__import__"),
        ("__builtin__", "__import__"),
        ("importlib", "import_module"),
        ("importlib", "__import__"),
        ("importlib._bootstrap", "_gcd_import"),
        ("importlib._bootstrap", "__import__"),
        ("cloudpickle.cloudpickle", "subimport"),
        ("dill._dill", "_import_module"),
    }
)
_NAME_GETTERS = frozenset(
    {
        ("pkgutil", "resolve_name"),
        ("pydoc", "locate"),
        ("pydoc", "resolve"),
        ("logging.config", "_resolve"),
        ("unittest.mock", "_importer"),
    }
)
_ATTRIBUTE_GETTERS = frozenset(
    {
        ("builtins", "getattr"),
        ("__builtin__", "getattr"),
        ("inspect", "getattr_static"),
        ("dill._dill", "_getattribute"),
        ("pickle", "_getattribute"),
    }
)
_APPLIERS = frozenset(
    {
        ("builtins", "map"),
        ("builtins", "filter"),
        ("__builtin__", "map"),
        ("__builtin__", "filter"),
        ("__builtin__", "apply"),
        ("__builtin__", "reduce"),
        ("itertools", "starmap"),
        ("functools", "reduce"),
        ("functools", "partial"),
        ("_functools", "partial"),
        ("_functools", "reduce"),
        ("types", "MethodType"),
        ("torch._tensor", "_rebuild_from_type_v2"),
        ("jax._src.array", "_reconstruct_array"),
    }
)

Named = tuple[str, str]


def names_of(expression: Expression, calls: dict[int, Call], depth: int = 0) -> Named | None:
    """Return module and qualified name of the object `expression` comes to, if that is certain.

    A module itself is returned with an empty name.
    """
    if isinstance(expression, Symbol):
        return expression.module, expression.name
    if not isinstance(expression, Result) or depth > _DEPTH:
        return None
    call = calls.get(expression.call)
    if call is None or call.shown_once:
        return None
    callee = names_of(call.callee, calls, depth + 1)
    if callee is None:
        return _through_accessor(call, calls, depth)
    texts = [a.value if isinstance(a, Text) else None for a in call.arguments]
    if callee in _MODULE_GETTERS and texts and texts[0]:
        return texts[0], ""
    if callee in _NAME_GETTERS and texts and texts[0]:
        return _split(texts[0])
    if callee in _ATTRIBUTE_GETTERS and len(texts) > 1 and texts[1]:
        return _attribute(names_of(call.arguments[0], calls, depth + 1), texts[1])
    if callee in _APPLIERS and call.arguments:
        return names_of(call.arguments[0], calls, depth + 1)
    return None


def _through_accessor(call: Call, calls: dict[int, Call], depth: int) -> Named | None:
    """``attrgetter("system")(module)`` and ``methodcaller("system", ...)(module)``."""
    if not isinstance(call.callee, Result) or not call.arguments:
        return None
    maker = calls.get(call.callee.call)
    if maker is None or not maker.arguments or not isinstance(maker.arguments[0], Text):
        return None
    if names_of(maker.callee, calls, depth + 1) not in ACCESSORS:
        return None
    owner = names_of(call.arguments[0], calls, depth + 1)
    return _attribute(owner, maker.arguments[0].value)


ACCESSORS = frozenset(
    {
        ("operator", "attrgetter"),
        ("operator", "methodcaller"),
        ("_operator", "attrgetter"),
        ("_operator", "methodcaller"),
    }
)


def _attribute(owner: Named | None, name: str) -> Named | None:
    if owner is None:
        return None
    module, parent = owner
    return (module, f"{parent}.{name}" if parent else name)


def _split(name: str) -> Named:
    if ":" in name:
        module, _, rest = name.partition(":")
        return module, rest
    module, _, rest = name.rpartition(".")
    return (module, rest) if module else (name, "")


def callables_in(call: Call, calls: dict[int, Call]) -> list[Named]:
    """Return what `call` itself invokes: its callee, and a function it is told to apply."""
    found = []
    direct = names_of(call.callee, calls)
    if direct is not None:
        found.append(direct)
    accessor = _through_accessor(call, calls, 0)
    if accessor is not None:
        found.append(accessor)
    if direct in _APPLIERS and call.arguments:
        applied = names_of(call.arguments[0], calls)
        if applied is not None:
            found.append(applied)
    return found
