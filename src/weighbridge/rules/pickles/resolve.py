"""Finds out what a computed callee comes to, without running anything.

``getattr(__import__("os"), "system")`` names no dangerous callable by itself, but comes to
``os.system``. Each step follows a documented resolver of the standard library, or one of the
helpers by which dill and cloudpickle look things up.
"""

from __future__ import annotations

import re
from dataclasses import replace

from weighbridge.facts.expressions import Expression, Persistent, Result, Sequence, Symbol, Text
from weighbridge.facts.pickles import Call

_DEPTH = 12
_BUILTINS = ("builtins", "__builtin__")
_CLASS = re.compile(r"_*[A-Z]\w*")
_MODULE_GETTERS = frozenset(
    {
        ("builtins", "__import__"),
        ("__builtin__", "__import__"),
        ("importlib", "import_module"),
        ("importlib", "__import__"),
        ("importlib._bootstrap", "_gcd_import"),
        ("importlib._bootstrap", "__import__"),
        ("_frozen_importlib", "_gcd_import"),
        ("_frozen_importlib", "__import__"),
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
        ("builtins", "object.__getattribute__"),
        ("builtins", "type.__getattribute__"),
        ("inspect", "getattr_static"),
        ("dill._dill", "_getattribute"),
        ("dill._dill", "_get_attr"),
        ("pickle", "_getattribute"),
        ("cloudpickle.cloudpickle", "_getattribute"),
    }
)
_ITEM_GETTERS = frozenset(
    {
        ("operator", "getitem"),
        ("_operator", "getitem"),
        ("builtins", "dict.get"),
        ("builtins", "dict.__getitem__"),
    }
)
# Text that both a module and a name can stand in, as two arguments.
_PAIR_GETTERS = frozenset(
    {
        ("numpy.core", "_ufunc_reconstruct"),
        ("scipy._lib._uarray._backend", "unpickle_function"),
    }
)
_TYPE_GETTERS = frozenset(
    {
        ("dill._dill", "_load_type"),
        ("dill.dill", "_load_type"),
        ("cloudpickle.cloudpickle", "_builtin_type"),
        ("cloudpickle.cloudpickle_fast", "_builtin_type"),
    }
)
# dill's own words for types; the makers of code and of bound methods are left out:
# what they make is examined, and calling it is judged by itself.
_TYPES = {
    "FileType": ("_io", "FileIO"),
    "BufferedRandomType": ("_io", "BufferedRandom"),
    "BufferedReaderType": ("_io", "BufferedReader"),
    "BufferedWriterType": ("_io", "BufferedWriter"),
    "TextWrapperType": ("_io", "TextIOWrapper"),
    "PyTextWrapperType": ("_pyio", "TextIOWrapper"),
    "PyBufferedRandomType": ("_pyio", "BufferedRandom"),
    "PyBufferedReaderType": ("_pyio", "BufferedReader"),
    "PyBufferedWriterType": ("_pyio", "BufferedWriter"),
    "PartialType": ("functools", "partial"),
    "AttrGetterType": ("operator", "attrgetter"),
    "ItemGetterType": ("operator", "itemgetter"),
    "SuperType": ("builtins", "super"),
    "ExitType": ("_sitebuiltins", "Quitter"),
    "ModuleType": ("types", "ModuleType"),
    "MethodType": None,
    "CodeType": None,
    "FunctionType": None,
    "LambdaType": None,
}
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
        ("functools", "lru_cache"),
        ("functools", "singledispatch"),
        ("_functools", "partial"),
        ("_functools", "reduce"),
        ("operator", "call"),
        ("_operator", "call"),
        ("types", "MethodType"),
        ("torch._tensor", "_rebuild_from_type_v2"),
        ("jax._src.array", "_reconstruct_array"),
    }
)
ACCESSORS = frozenset(
    {
        ("operator", "attrgetter"),
        ("operator", "methodcaller"),
        ("_operator", "attrgetter"),
        ("_operator", "methodcaller"),
    }
)
_METHOD_CALLERS = frozenset({("operator", "methodcaller"), ("_operator", "methodcaller")})
_PARTIALS = frozenset({("functools", "partial"), ("_functools", "partial")})
_ITEM_ACCESSORS = frozenset({("operator", "itemgetter"), ("_operator", "itemgetter")})

# Class methods that every class of a package has from one parent, under which the tables know
# them: Keras pickles a model as `getattr(Sequential, "_unpickle_model")(BytesIO(...))`.
_INHERITED = {
    ("keras", "_unpickle_model"): (
        "keras.src.saving.keras_saveable",
        "KerasSaveable._unpickle_model",
    ),
}

Named = tuple[str, str]
Calls = dict[int, Call]


def names_of(expression: Expression, calls: Calls, depth: int = 0) -> Named | None:
    """Return module and qualified name of the object `expression` comes to, if that is certain.

    A module itself is returned with an empty name.
    """
    if isinstance(expression, Symbol):
        return expression.module, expression.name
    if isinstance(expression, Persistent):
        return _legacy_class(expression)
    if not isinstance(expression, Result) or depth > _DEPTH:
        return None
    call = calls.get(expression.call)
    if call is None or call.shown_once:
        return None
    callee = names_of(call.callee, calls, depth + 1)
    if callee is None or callee in ACCESSORS or callee in _ITEM_ACCESSORS:
        return _through_accessor(call, calls, depth)
    return _looked_up(callee, call, calls, depth)


def _looked_up(callee: Named, call: Call, calls: Calls, depth: int) -> Named | None:
    """Return what the resolver `callee` hands out for the arguments of `call`."""
    texts = [a.value if isinstance(a, Text) else None for a in call.arguments]
    first = texts[0] if texts else None
    second = texts[1] if len(texts) > 1 else None
    if first is not None:
        if callee in _MODULE_GETTERS:
            return first, ""
        if callee in _NAME_GETTERS:
            return _split(first)
        if callee in _TYPE_GETTERS:
            return _TYPES.get(first, ("builtins" if first[:1].islower() else "types", first))
        if callee in _PAIR_GETTERS and second is not None:
            return first, second
    if not call.arguments:
        return None
    if callee in _ATTRIBUTE_GETTERS and second is not None:
        owner = names_of(call.arguments[0], calls, depth + 1)
        return attribute(owner or instance_of(call.arguments[0], calls), second)
    if callee in _ITEM_GETTERS and second is not None:
        return _item(call.arguments[0], second, calls, depth)
    if callee in _APPLIERS:
        known = names_of(call.arguments[0], calls, depth + 1)
        return known if _calls_one(call, known, calls, depth) else None
    return None


def _calls_one(maker: Call, known: Named | None, calls: Calls, depth: int) -> bool:
    """Say whether the state that a `partial` gets names the function that it was made with."""
    functions = [
        state.items[0] if isinstance(state, Sequence) and state.items else None
        for state in maker.state
    ]
    return all(
        function is not None and names_of(function, calls, depth + 1) == known
        for function in functions
    )


def bound(call: Call, calls: Calls) -> Call | None:
    """Return the call that the call of a `partial` or a `methodcaller` comes down to.

    What the one who made it put in goes before what the call adds; a `partial` that pickle wrote
    has it in its state.
    """
    maker = calls.get(call.callee.call) if isinstance(call.callee, Result) else None
    if maker is None or not maker.arguments or maker.shown_once:
        return None
    kind = names_of(maker.callee, calls)
    first, *given = maker.arguments
    if kind in _METHOD_CALLERS:
        named = _through_accessor(call, calls, 0)
        return named and replace(call, callee=Symbol(*named), arguments=tuple(given))
    if kind not in _PARTIALS or not _calls_one(maker, names_of(first, calls), calls, 0):
        return None
    for state in maker.state:
        given += [
            item
            for part in (state.items[1:2] if isinstance(state, Sequence) else ())
            for item in (part.items if isinstance(part, Sequence) else (part,))
        ]
    return replace(call, callee=first, arguments=(*given, *call.arguments))


def _legacy_class(expression: Persistent) -> Named | None:
    """``('module', class, file, source)``: torch before 1.6 kept whole modules by their class."""
    pid = expression.pid
    if not isinstance(pid, Sequence) or len(pid.items) < 2:
        return None
    tag, kind = pid.items[:2]
    is_module = isinstance(tag, Text) and tag.value == "module"
    return (kind.module, kind.name) if is_module and isinstance(kind, Symbol) else None


def instance_of(expression: Expression, calls: Calls) -> Named | None:
    """Return the class of the object that `expression` is an instance of, if it was just made."""
    call = calls.get(expression.call) if isinstance(expression, Result) else None
    if call is None:
        return None
    made = names_of(call.callee, calls, 1)
    return made if made is not None and _CLASS.fullmatch(made[1].rpartition(".")[2]) else None


def _item(container: Expression, key: str, calls: Calls, depth: int) -> Named | None:
    """Return what a namespace holds under `key`: a module's, a class's, or ``sys.modules``."""
    known = names_of(container, calls, depth + 1)
    if known == ("sys", "modules"):
        return key, ""
    if known is not None:
        module, name = known
        parent, _, last = name.rpartition(".")
        if last in ("__dict__", "__builtins__", "__globals__"):
            return ("builtins", key) if last == "__builtins__" else attribute((module, parent), key)
        return None
    call = calls.get(container.call) if isinstance(container, Result) else None
    if call is None or names_of(call.callee, calls, depth + 1) not in [
        (m, "vars") for m in _BUILTINS
    ]:
        return None
    owner = names_of(call.arguments[0], calls, depth + 1) if call.arguments else None
    return attribute(owner, key)


def _through_accessor(call: Call, calls: Calls, depth: int) -> Named | None:
    """``attrgetter("system")(module)``, ``methodcaller(...)(module)``, ``itemgetter(...)(...)``."""
    if not isinstance(call.callee, Result) or not call.arguments:
        return None
    maker = calls.get(call.callee.call)
    if maker is None or not maker.arguments or not isinstance(maker.arguments[0], Text):
        return None
    key = maker.arguments[0].value
    kind = names_of(maker.callee, calls, depth + 1)
    if kind in _ITEM_ACCESSORS:
        return _item(call.arguments[0], key, calls, depth)
    if kind not in ACCESSORS:
        return None
    owner = names_of(call.arguments[0], calls, depth + 1)
    return attribute(owner or instance_of(call.arguments[0], calls), key)


def attribute(owner: Named | None, name: str) -> Named | None:
    """Return the name of an attribute of `owner`; ``__call__`` is the object itself."""
    if owner is None:
        return None
    module, parent = owner
    if name == "__call__" and parent:
        return owner
    inherited = _INHERITED.get((module.partition(".")[0], name))
    if inherited is not None and _CLASS.fullmatch(parent):
        return inherited
    return module, f"{parent}.{name}" if parent else name


def _split(name: str) -> Named:
    if ":" in name:
        module, _, rest = name.partition(":")
        return module, rest
    module, _, rest = name.rpartition(".")
    return (module, rest) if module else (name, "")


def callables_in(call: Call, calls: Calls) -> list[Named]:
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
