"""What calls of particular functions lead to: imports by name, attributes by name, decoders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weighbridge.budget import Budget
from weighbridge.errors import ParseError
from weighbridge.formats.python import decoding, folding
from weighbridge.formats.python.code_objects import collect
from weighbridge.formats.python.effects import exactly_known, known
from weighbridge.formats.python.marshal_reader import CodeObject, read
from weighbridge.formats.python.values import (
    UNKNOWN,
    Const,
    Function,
    Items,
    Ref,
    Value,
    items_of,
    sequence,
)
from weighbridge.tables.scripts import script_act

if TYPE_CHECKING:
    from weighbridge.formats.python.evaluation import Evaluator

_IMPORTERS = frozenset(
    {"builtins.__import__", "importlib.import_module", "importlib.__import__", "imp.load_module"}
)
_LOCATORS = frozenset({"pkgutil.resolve_name", "pydoc.locate"})
# Of what runs code by the table of acts, these are given files, modules or code objects.
_NO_TEXT = frozenset(
    {
        "builtins.execfile",
        "code.InteractiveInterpreter.runcode",
        "runpy._run_code",
        "runpy.run_module",
        "runpy.run_path",
        "types.CodeType",
        "types.FunctionType",
    }
)
_ITEM_GETTERS = frozenset({"get", "__getitem__", "pop", "setdefault"})
_ATTRIBUTE_GETTERS = frozenset({"__getattribute__", "__getattr__"})
_MOST_MAPPED = 4096
_DATA = frozenset(dir(str)) | frozenset(dir(dict)) | frozenset(dir(list))


def call(
    reader: Evaluator,
    owner: Value,
    name: str,
    function: Value,
    arguments: list[Value],
    keywords: dict[str, Value],
) -> Value:
    """Note a call and return what is known about its result.

    Args:
        reader: where names are noted and looked up.
        owner: what `name` was taken from, for a method.
        name: of the method, or empty.
        function: what is called.
        arguments: positional arguments.
        keywords: keyword arguments.
    """
    if isinstance(function, Function):
        return reader.run_function(function, arguments)
    if isinstance(owner, Const) and reader.charge(owner, *arguments):
        return folding.method(owner.value, name, arguments, keywords)
    if isinstance(owner, Items):
        return _item_method(reader, owner, name, arguments)
    reached = _reach(reader, owner, name, arguments)
    if reached is not None:
        return reached
    if not isinstance(function, Ref):
        return UNKNOWN
    path = function.path
    if path.startswith("@"):
        return _getter(reader, path, arguments)
    if path == "builtins.getattr" and len(arguments) > 1:
        return _getattr(reader, arguments)
    if isinstance(owner, Ref) and owner.result and name in _DATA and not exactly_known(path):
        return UNKNOWN  # `os.getcwd().split("/")` says nothing that `os.getcwd` does not
    reader.note_call(path)
    if known(path) is not None:
        _note_constants(reader, [*arguments, *keywords.values()])
    return _result(reader, path, arguments, keywords)


def _reach(reader: Evaluator, owner: Value, name: str, arguments: list[Value]) -> Value | None:
    """Follow a method that returns a module, an attribute or an item by its name."""
    text = _text(arguments, 0)
    if name == "load_module" and text is not None:
        return _import(reader, text)
    if isinstance(owner, Ref) and arguments:
        if name in _ITEM_GETTERS and _is_namespace(owner):
            return reader.item(owner, arguments[0])
        if name in _ATTRIBUTE_GETTERS and text is not None:
            return reader.attribute(owner, text)
    return None


def _result(
    reader: Evaluator, path: str, arguments: list[Value], keywords: dict[str, Value]
) -> Value:
    text = _text(arguments, 0)
    first = arguments[0] if arguments else UNKNOWN
    if path in _IMPORTERS:
        wanted = text if text is not None else _word(keywords, "name")
        whole = path == "importlib.import_module" or "fromlist" in keywords or len(arguments) > 3
        return UNKNOWN if wanted is None else _import(reader, wanted, whole)
    if path in _LOCATORS and text is not None:
        reader.names.add_import(text.partition(":")[0])
        return Ref(text.replace(":", "."))
    if script_act(path) == "exec" and path not in _NO_TEXT:
        source = first if arguments else keywords.get("source", UNKNOWN)
        if isinstance(source, Const) and isinstance(source.value, str | bytes):
            reader.run_text(source.value, "eval" if path.endswith("eval") else "exec")
    namespace = _namespace(path, arguments)
    if namespace is not None:
        return namespace
    if path in ("operator.attrgetter", "operator.methodcaller") and text is not None:
        return Ref(f"@{path}:{text}")
    return _computed(reader, path, arguments, keywords)


def _namespace(path: str, arguments: list[Value]) -> Value | None:
    """Return what `globals()`, `locals()` and `vars(module)` stand for."""
    if path in ("builtins.globals", "builtins.locals") or path == "builtins.vars" and not arguments:
        return Ref("@globals")
    if path == "builtins.vars" and isinstance(arguments[0], Ref):
        return Ref(f"{arguments[0].path}.__dict__")
    return None


def _computed(
    reader: Evaluator, path: str, arguments: list[Value], keywords: dict[str, Value]
) -> Value:
    first = arguments[0] if arguments else UNKNOWN
    if path == "functools.partial" and isinstance(first, Ref | Function):
        return first
    if path == "builtins.map" and len(arguments) == 2:
        return _map(reader, arguments[0], items_of(arguments[1]))
    if path == "marshal.loads" and isinstance(first, Const) and isinstance(first.value, bytes):
        _unmarshal(reader, first.value)
    if path.startswith("builtins.str.") and isinstance(first, Const) and reader.charge(first):
        return folding.method(first.value, path[13:], arguments[1:], keywords)
    if not reader.charge(*arguments):
        return Ref(path)
    computed = decoding.call(path, arguments)
    if computed == UNKNOWN and not path.startswith("builtins."):
        return Ref(path, result=True)
    return computed


def _import(reader: Evaluator, module: str, whole: bool = True) -> Value:
    reader.names.add_import(module)
    return Ref(module if whole else module.partition(".")[0])


def _getattr(reader: Evaluator, arguments: list[Value]) -> Value:
    name = _text(arguments, 1)
    if name is None or name.startswith("__"):
        reader.note_call("builtins.getattr")
    return UNKNOWN if name is None else reader.attribute(arguments[0], name)


def _getter(reader: Evaluator, path: str, arguments: list[Value]) -> Value:
    """Follow `operator.attrgetter('system')(os)` and `operator.methodcaller`."""
    kind, _, name = path.partition(":")
    if not name or not arguments:
        return UNKNOWN
    value = arguments[0]
    for step in name.split(".", 20):
        value = reader.attribute(value, step)
    if isinstance(value, Ref) and kind == "@operator.methodcaller":
        reader.note_call(value.path)
    return value


def _map(reader: Evaluator, function: Value, items: list[Value] | None) -> Value:
    results: list[Value] = []
    for item in (items or [UNKNOWN])[:_MOST_MAPPED]:
        results.append(call(reader, UNKNOWN, "", function, [item], {}))
    return UNKNOWN if items is None else sequence(results)


def _item_method(reader: Evaluator, owner: Items, name: str, arguments: list[Value]) -> Value:
    if name in _ITEM_GETTERS and arguments:
        return reader.item(owner, arguments[0])
    if name == "append" and len(arguments) == 1 and len(owner.values) < _MOST_MAPPED:
        owner.values[len(owner.values)] = arguments[0]
    elif name == "reverse":
        owner.values = dict(enumerate(reversed(list(owner.values.values()))))
    elif name in ("values", "copy"):
        return sequence(list(owner.values.values()))
    return UNKNOWN


def _unmarshal(reader: Evaluator, data: bytes) -> None:
    try:
        value = read(data, Budget())
    except ParseError:
        reader.names.complete = False
        return
    if isinstance(value, CodeObject):
        collect(value, reader.names)


def _note_constants(reader: Evaluator, values: list[Value]) -> None:
    for value in values:
        shown = list(value.values.values()) if isinstance(value, Items) else [value]
        for item in shown[:64]:
            if isinstance(item, Const) and isinstance(item.value, str | bytes):
                reader.names.add_constant(item.value)


def _is_namespace(owner: Ref) -> bool:
    return owner.path in ("@globals", "sys.modules", "builtins") or owner.path.endswith("__dict__")


def _text(arguments: list[Value], position: int) -> str | None:
    value = arguments[position] if len(arguments) > position else UNKNOWN
    return value.value if isinstance(value, Const) and isinstance(value.value, str) else None


def _word(keywords: dict[str, Value], name: str) -> str | None:
    return _text([keywords.get(name, UNKNOWN)], 0)
