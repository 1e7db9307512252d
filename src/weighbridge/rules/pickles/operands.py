"""Judges calls of callables that honest files contain too: here the arguments decide.

One handler for each `judge` of the table of operands.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from weighbridge.facts.expressions import (
    Bytes,
    Expression,
    Mapping,
    Number,
    Result,
    Sequence,
    Symbol,
    Text,
    Unknown,
)
from weighbridge.facts.pickles import Call
from weighbridge.findings.model import Kind
from weighbridge.rules.model import StreamFacts
from weighbridge.rules.pickles.resolve import (
    ACCESSORS,
    attribute,
    instance_of,
    names_of,
)
from weighbridge.rules.pickles.symbols import Judgement, Standing, judge_name, leads_out
from weighbridge.tables.callables import dangerous, operand

_LATIN = frozenset({"latin1", "latin-1", "latin_1", "iso-8859-1", "utf-8", "utf8", "ascii"})
# Of the wrapped callables these are called while loading, the others only stored.
_CALLS_AT_ONCE = frozenset(
    {
        ("torch._tensor", "_rebuild_from_type_v2"),
        ("torch._tensor", "_rebuild_from_type"),
        ("torch.tensor", "_rebuild_from_type"),
        ("jax._src.array", "_reconstruct_array"),
        ("functools", "reduce"),
        ("_functools", "reduce"),
        ("dill._dill", "_create_ftype"),
        ("dill._dill", "_create_array"),
    }
)
# Attributes that only say what a class or function is called.
_LABELS = frozenset({"__qualname__", "__name__", "__module__", "__doc__"})
HOOKS = frozenset({"__setstate__", "append", "extend", "add"})
"""Methods of an object that BUILD, APPEND, APPENDS and ADDITEMS call."""
_CLASS_MAKERS = frozenset({"_create_type"})
_METACLASSES = frozenset(
    {
        ("builtins", "type"),
        ("__builtin__", "type"),
        ("abc", "ABCMeta"),
        ("enum", "EnumMeta"),
        ("enum", "EnumType"),
        ("typing", "_ProtocolMeta"),
    }
)
# Where the mode stands among the arguments; without one a file is opened for reading.
_OPENERS = {
    ("builtins", "open"): 1,
    ("__builtin__", "open"): 1,
    ("__builtin__", "file"): 1,
    ("io", "open"): 1,
    ("_io", "open"): 1,
    ("io", "FileIO"): 1,
    ("_io", "FileIO"): 1,
    ("codecs", "open"): 1,
    ("gzip", "open"): 1,
    ("bz2", "open"): 1,
    ("lzma", "open"): 1,
    ("pathlib", "Path.open"): 1,
    ("fileinput", "input"): 4,
}
_FUNCTION_MAKERS = frozenset(
    {"_make_function", "_make_skel_func", "_create_function", "FunctionType", "LambdaType"}
)
_CALLED = re.compile(r"([A-Za-z_][\w.]*)[ \t]*\(")
_DESCRIPTION = re.compile(r"<[a-z\-]+(?: [a-z\-]+)? '\w+' of '\w+' objects>")
_MEMORY_FILES = (("_io", "BytesIO"), ("io", "BytesIO"))
_RUNNERS = frozenset({"eval", "exec", "compile", "open", "getattr", "globals", "vars", "input"})
_CONSTANTS = frozenset({"NotImplemented", "Ellipsis", "None", "True", "False"})
# Of the wrapped callables these call what they are given, at once or when their result is read.
_CALLERS = _CALLS_AT_ONCE | {
    ("builtins", "map"),
    ("builtins", "filter"),
    ("builtins", "iter"),
    ("__builtin__", "map"),
    ("__builtin__", "filter"),
    ("__builtin__", "reduce"),
    ("itertools", "imap"),
    ("itertools", "ifilter"),
}
# Their operands are judged elsewhere: a class of its own import, a state of what it holds.
_APPLIED_BY_PICKLERS = frozenset(
    {
        ("functools", "partial"),
        ("_functools", "partial"),
        ("torch._utils", "_rebuild_parameter_with_state"),
        ("torch._utils", "_rebuild_wrapper_subclass"),
    }
)
_VOUCHED = (Standing.GOOD, "any")
# Handlers of functions that run what they are given. No honest file keeps a reference to one.
RUNS_ARGUMENTS = frozenset({"python-source", "nested-bytes", "constant-name", "described-method"})
_LOOKUPS = frozenset({("operator", "getitem"), ("_operator", "getitem")})


@dataclass(frozen=True, slots=True)
class Opinion:
    """What is wrong with one call; `effect` is empty when none can be named."""

    kind: Kind
    reason: str
    effect: str = ""


def judge_operands(handler: str, call: Call, stream: StreamFacts) -> Opinion | None:
    """Return what is wrong with the arguments of `call`, or None when they are ordinary."""
    return _HANDLERS[handler](call, stream)


def effect_of_call(name: tuple[str, str], call: Call, effect: str) -> str:
    """Return the effect of a call, which for opening a file depends on the mode it is given."""
    if effect != "file_write" or name not in _OPENERS:
        return effect
    mode = _argument(call, _OPENERS[name])
    if isinstance(call.keywords, Mapping) or not isinstance(mode, Text | None):
        return effect
    return effect if mode is not None and set(mode.value) & set("wax+") else "file_read"


def _argument(call: Call, index: int) -> Expression | None:
    return call.arguments[index] if index < len(call.arguments) else None


def _of_judgement(judgement: Judgement, what: str) -> Opinion | None:
    if judgement.standing is Standing.DANGEROUS:
        return Opinion(Kind.MALICIOUS, f"{what}: {judgement.reason}", judgement.effect)
    if judgement.standing in (Standing.UNVOUCHED, Standing.COMPUTED):
        return Opinion(Kind.SUSPICIOUS, f"{what}: {judgement.reason}")
    return None


def _attribute_read(call: Call, stream: StreamFacts) -> Opinion | None:
    owner, name = _argument(call, 0), _argument(call, 1)
    if not isinstance(name, Text):
        return Opinion(Kind.SUSPICIOUS, "reads an attribute whose name is computed while loading")
    looked_up = names_of(Result(call.call), stream.calls)
    if isinstance(owner, Text) and looked_up is not None:
        return _of_judgement(judge_name(*looked_up, True), "looks a function up by text")
    if isinstance(owner, Text) and dangerous("builtins", f"str.{name.value}") is not None:
        return Opinion(Kind.MALICIOUS, f"prepares text.{name.value}", "object_graph")
    known = names_of(owner, stream.calls) if owner is not None else None
    if known is not None:
        module, parent = known
        full = f"{parent}.{name.value}" if parent else name.value
        judgement = judge_name(module, full, True)
        if judgement.standing is Standing.DANGEROUS:
            return _of_judgement(judgement, f"reaches {module}.{full}")
        if not parent:
            return _of_judgement(judgement, f"reaches {module}.{full}")
    made = attribute(instance_of(owner, stream.calls), name.value) if owner is not None else None
    if made is not None:
        judgement = judge_name(*made, True)
        if judgement.standing is Standing.DANGEROUS:
            return _of_judgement(judgement, f"reaches {'.'.join(made)}")
    if leads_out(name.value):
        text = f"reads the attribute {name.value[:80]!r}, which leads out of the object"
        return Opinion(Kind.MALICIOUS, text, "object_graph")
    # `__new__` of a class only makes an instance; enumerations and named tuples refer to it.
    if name.value.startswith("__") and not (name.value == "__new__" and known is not None):
        return Opinion(Kind.SUSPICIOUS, f"reads the special attribute {name.value[:80]!r}")
    return None


def _attribute_write(call: Call, stream: StreamFacts) -> Opinion | None:
    target, name, value = (_argument(call, index) for index in range(3))
    if isinstance(name, Text) and name.value in _LABELS and isinstance(value, Text):
        return None
    known = names_of(target, stream.calls) if target is not None else None
    if known is not None:
        shown = ".".join(part for part in known if part)
        return Opinion(Kind.MALICIOUS, f"overwrites an attribute of {shown}", "tamper")
    if isinstance(name, Text) and name.value in HOOKS:
        text = "gives an object a method that the next opcode calls"
        return Opinion(Kind.SUSPICIOUS, text, "code_exec")
    if not isinstance(name, Text) or leads_out(name.value):
        return Opinion(Kind.SUSPICIOUS, "sets an attribute that steers the interpreter")
    return None


def _class_factory(call: Call, stream: StreamFacts) -> Opinion | None:
    callee = names_of(call.callee, stream.calls)
    if callee is not None and callee[1] in _CLASS_MAKERS:
        return _metaclass(_argument(call, 0), stream)
    if len(call.arguments) <= 1:
        return None
    return Opinion(Kind.SUSPICIOUS, "makes a new class while loading")


def _metaclass(kind: Expression | None, stream: StreamFacts) -> Opinion | None:
    """Dill hands over what makes the class; anything but a metaclass is a call in disguise."""
    known = names_of(kind, stream.calls) if kind is not None else None
    if known in _METACLASSES:
        return None
    if known is None:
        if kind is not None and makes_code(kind, stream):
            return None
        return Opinion(Kind.SUSPICIOUS, "makes a new class in a way that is computed while loading")
    judgement = judge_name(*known, True)
    if judgement.standing is Standing.GOOD and known[1].endswith(("Meta", "Type")):
        return None
    shown = ".".join(known)
    if judgement.standing is Standing.DANGEROUS:
        return _of_judgement(judgement, f"calls {shown} as if it made a class")
    if judgement.standing is Standing.THIRD_PARTY and known[1].endswith("Meta"):
        return None
    return Opinion(Kind.SUSPICIOUS, f"calls {shown} as if it made a class")


def _wrapped(call: Call, stream: StreamFacts) -> Opinion | None:
    callee = names_of(call.callee, stream.calls)
    if callee in ACCESSORS:
        texts = [item.value for item in call.arguments if isinstance(item, Text)]
        if any(leads_out(part) for text in texts[:1] for part in text.split(".")):
            text = "prepares access to an attribute that leads out of the object"
            return Opinion(Kind.MALICIOUS, text, "object_graph")
        return None
    function = _argument(call, 0)
    if callee in _CALLERS and function is not None and makes_function(function, stream):
        text = "calls a function that the file itself carries"
        return Opinion(Kind.SUSPICIOUS, text, "code_exec")
    if callee in _LOOKUPS and isinstance(function, Result):
        inner = stream.calls.get(function.call)
        if inner is not None and names_of(inner.callee, stream.calls) not in _LOOKUPS:
            return Opinion(Kind.SUSPICIOUS, "looks something up in an object made while loading")
    if callee not in _CALLERS or function is None:
        return None
    # `iter` of one argument is no call, and `filter(None, …)` keeps what is true.
    listed = callee[1] == "iter" and len(call.arguments) == 1
    return None if listed else _applied(function, stream)


def _applied(function: Expression, stream: StreamFacts) -> Opinion | None:
    """Judge what is called with arguments that are not looked at: it has to be harmless with any.

    `map(_eval_repr, [text])` evaluates the text, though no opcode of the stream calls `_eval_repr`.
    """
    known = names_of(function, stream.calls)
    if known is None:
        if isinstance(function, Result | Unknown):
            return Opinion(Kind.SUSPICIOUS, "calls a function that is computed while loading")
        return None
    shown = ".".join(known)
    judgement = judge_name(*known, True)
    if known in _APPLIED_BY_PICKLERS or (judgement.standing, judgement.use) == _VOUCHED:
        return None
    opinion = _of_judgement(judgement, f"calls {shown}")
    text = f"calls {shown}, which nobody vouched for with arguments of any kind"
    effect = "code_exec" if judgement.standing is Standing.OPERANDS else ""
    return opinion or Opinion(Kind.SUSPICIOUS, text, effect)


def _rebuild_class(call: Call, stream: StreamFacts) -> Opinion | None:
    cls, base, state = (_argument(call, index) for index in range(3))
    if isinstance(base, Symbol) and state is not None and state != Number("None"):
        # Picklers name the last base that is written in C, and copying that has no effect.
        judgement = judge_name(base.module, base.name, True)
        if (judgement.standing, judgement.use) != _VOUCHED:
            text = f"calls the constructor of {base.module}.{base.name}, which nobody vouched for"
            return Opinion(Kind.SUSPICIOUS, text)
    if isinstance(cls, Symbol):
        judgement = judge_name(cls.module, cls.name, True)
        if judgement.standing is Standing.OPERANDS:
            return judge_operands(judgement.judge, _rebuilding(call, cls), stream)
        return _of_judgement(judgement, f"rebuilds {cls.module}.{cls.name}")
    if isinstance(cls, Result):
        return None
    return Opinion(Kind.SUSPICIOUS, "rebuilds something that is no class")


def _rebuilding(call: Call, cls: Expression) -> Call:
    """Return the call of `cls` that a function like ``copyreg.__newobj__(cls, *args)`` makes."""
    given = tuple(
        item
        for argument in call.arguments[1:]
        for item in (argument.items if isinstance(argument, Sequence) else (argument,))
    )
    return replace(call, how="NEWOBJ", callee=cls, arguments=given)


def _codec(call: Call, stream: StreamFacts) -> Opinion | None:
    name = _argument(call, 1)
    if name is None or (isinstance(name, Text) and name.value.lower() in _LATIN):
        return None
    shown = name.value[:40] if isinstance(name, Text) else "a computed name"
    return Opinion(Kind.SUSPICIOUS, f"decodes text with the codec {shown!r}, as no pickler does")


def _nested_bytes(call: Call, stream: StreamFacts) -> Opinion | None:
    handed = {call.call, *_buffers(call, stream)}
    if any(payload.call in handed for payload in stream.payloads):
        return None
    if any(isinstance(item, Bytes) for item in call.arguments):
        return Opinion(Kind.SUSPICIOUS, "loads embedded bytes that are no model file")
    return Opinion(Kind.SUSPICIOUS, "loads bytes that are computed while loading")


def _buffers(call: Call, stream: StreamFacts) -> Iterator[int]:
    """Yield the calls that made the BytesIO objects among the arguments: files in memory."""
    for item in call.arguments:
        made = stream.calls.get(item.call) if isinstance(item, Result) else None
        if made is not None and names_of(made.callee, stream.calls) in _MEMORY_FILES:
            yield made.call


def _python_source(call: Call, stream: StreamFacts) -> Opinion | None:
    if any(code.call == call.call for code in stream.codes):
        return None
    return Opinion(Kind.SUSPICIOUS, "runs source text that could not be read")


def _referred_to(call: Call, stream: StreamFacts) -> Opinion | None:
    """Functions that carry code refer to it; calling it while loading is another matter."""
    callee = names_of(call.callee, stream.calls)
    row = dangerous(*callee) if callee is not None else None
    if row is None:
        return Opinion(Kind.SUSPICIOUS, "is called, while honest files only refer to it")
    return Opinion(Kind.MALICIOUS, row.reason, row.effect)


def _rebuilt(call: Call, stream: StreamFacts) -> Opinion | None:
    """Filled from its state, it does nothing; its constructor or a method of it would act."""
    return None if call.how.startswith("NEWOBJ") else _referred_to(call, stream)


def _constant_name(call: Call, stream: StreamFacts) -> Opinion | None:
    value = _argument(call, 0)
    if isinstance(value, Number) or (isinstance(value, Text) and value.value in _CONSTANTS):
        return None
    return _referred_to(call, stream)


def _described_method(call: Call, stream: StreamFacts) -> Opinion | None:
    """A piece of the description is evaluated by dill, so it has to be that of a method."""
    name, shown = _argument(call, 1), _argument(call, 2)
    if isinstance(name, Text) and isinstance(shown, Text):
        described = _DESCRIPTION.fullmatch(shown.value) is not None
        if described and name.value.isidentifier() and not leads_out(name.value):
            return None
    return _referred_to(call, stream)


def _formula(call: Call, stream: StreamFacts) -> Opinion | None:
    """Statsmodels evaluates the formula of a saved model again while it is loaded."""
    for state in call.state:
        if not isinstance(state, Mapping):
            continue
        for key, value in zip(state.items[::2], state.items[1::2], strict=False):
            if key != Text("formula", 7) or not isinstance(value, Text):
                continue
            called = set(_CALLED.findall(value.value))
            if "__" in value.value or called & _RUNNERS:
                text = f"evaluates the formula {value.value[:80]!r}"
                return Opinion(Kind.MALICIOUS, text, "code_exec")
            if any("." in name and not name.startswith("np.") for name in called):
                return Opinion(Kind.SUSPICIOUS, f"evaluates the formula {value.value[:80]!r}")
    return None


def _evaluated_text(call: Call, stream: StreamFacts) -> Opinion | None:
    """Sympy's constructors hand their arguments to sympify, which evaluates text (sympy 1.14)."""
    pending: list[Expression | None] = [*call.arguments, call.keywords]
    while pending:
        item = pending.pop()
        if isinstance(item, Text | Bytes):
            return Opinion(Kind.MALICIOUS, "evaluates the text that it is given", "code_exec")
        if isinstance(item, Sequence | Mapping):
            pending += item.items
        elif isinstance(item, Result | Unknown) and not _is_expression(item, stream):
            return Opinion(Kind.SUSPICIOUS, "evaluates what is computed while loading", "code_exec")
    return None


def _is_expression(item: Expression, stream: StreamFacts) -> bool:
    call = stream.calls.get(item.call) if isinstance(item, Result) else None
    callee = names_of(call.callee, stream.calls) if call is not None else None
    return callee is not None and callee[0].partition(".")[0] == "sympy"


def _neighbour(call: Call, stream: StreamFacts) -> Opinion | None:
    """Joblib before 0.10 kept arrays in files beside the pickle, which it unpickles by name."""
    for state in call.state:
        pairs = state.items if isinstance(state, Mapping) else ()
        for key, value in zip(pairs[::2], pairs[1::2], strict=False):
            if key != Text("filename", 8):
                continue
            beside = isinstance(value, Text) and not set(value.value) & set("/\\:\0")
            if not beside:
                text = "loads an array from a file that is not beside this one"
                return Opinion(Kind.MALICIOUS, text, "file_read")
    return None


def _ordinary(call: Call, stream: StreamFacts) -> Opinion | None:
    return None


_HANDLERS: dict[str, Callable[[Call, StreamFacts], Opinion | None]] = {
    "attribute-read": _attribute_read,
    "attribute-write": _attribute_write,
    "class-factory": _class_factory,
    "wrapped-callable": _wrapped,
    "rebuild-class": _rebuild_class,
    "codec": _codec,
    "nested-bytes": _nested_bytes,
    "neighbour-file": _neighbour,
    "python-source": _python_source,
    "code-object": _ordinary,
    "constant-name": _constant_name,
    "described-method": _described_method,
    "evaluated-text": _evaluated_text,
    "formula-state": _formula,
    "reference-only": _referred_to,
    "rebuild-only": _rebuilt,
    "plain-state": _ordinary,
}


def makes_function(expression: Expression, stream: StreamFacts) -> bool:
    """Say whether a value is a function that the stream itself carries."""
    call = stream.calls.get(expression.call) if isinstance(expression, Result) else None
    callee = call.callee if call is not None else None
    return isinstance(callee, Symbol) and callee.name in _FUNCTION_MAKERS


def makes_code(expression: Expression, stream: StreamFacts) -> bool:
    """Say whether a value is a function or class that the stream itself carries."""
    if not isinstance(expression, Result):
        return False
    call = stream.calls.get(expression.call)
    callee = call.callee if call is not None else None
    if not isinstance(callee, Symbol):
        return False
    row = operand(callee.module, callee.name)
    return row is not None and row.judge in ("code-object", "class-factory")
