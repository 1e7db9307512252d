"""Judges calls of callables that honest files contain too: here the arguments decide.

One handler for each `judge` of the table of operands.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from weighbridge.facts.expressions import Bytes, Expression, Result, Symbol, Text
from weighbridge.facts.pickles import Call
from weighbridge.findings.model import Kind
from weighbridge.rules.model import StreamFacts
from weighbridge.rules.pickles.resolve import ACCESSORS, callables_in, names_of
from weighbridge.rules.pickles.symbols import Judgement, Standing, judge_name, leads_out
from weighbridge.tables.callables import operand

_LATIN = frozenset({"latin1", "latin-1", "latin_1", "iso-8859-1", "utf-8", "utf8", "ascii"})
# Of the wrapped callables these are called while loading, the others only stored.
_CALLS_AT_ONCE = frozenset(
    {
        ("torch._tensor", "_rebuild_from_type_v2"),
        ("torch._tensor", "_rebuild_from_type"),
        ("jax._src.array", "_reconstruct_array"),
        ("functools", "reduce"),
        ("_functools", "reduce"),
        ("dill._dill", "_create_ftype"),
        ("dill._dill", "_create_array"),
    }
)


@dataclass(frozen=True, slots=True)
class Opinion:
    """What is wrong with one call; `effect` is empty when none can be named."""

    kind: Kind
    reason: str
    effect: str = ""


def judge_operands(handler: str, call: Call, stream: StreamFacts) -> Opinion | None:
    """Return what is wrong with the arguments of `call`, or None when they are ordinary."""
    return _HANDLERS[handler](call, stream)


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
    if isinstance(owner, Text):
        return _of_judgement(judge_name(owner.value, name.value, True), "looks a function up by text")
    known = names_of(owner, stream.calls) if owner is not None else None
    if known is not None:
        module, parent = known
        full = f"{parent}.{name.value}" if parent else name.value
        judgement = judge_name(module, full, True)
        if judgement.standing is Standing.DANGEROUS:
            return _of_judgement(judgement, f"reaches {module}.{full}")
        if not parent:
            return _of_judgement(judgement, f"reaches {module}.{full}")
    if leads_out(name.value):
        text = f"reads the attribute {name.value[:80]!r}, which leads out of the object"
        return Opinion(Kind.MALICIOUS, text, "object_graph")
    if name.value.startswith("__"):
        return Opinion(Kind.SUSPICIOUS, f"reads the special attribute {name.value[:80]!r}")
    return None


def _attribute_write(call: Call, stream: StreamFacts) -> Opinion | None:
    target, name = _argument(call, 0), _argument(call, 1)
    if isinstance(target, Symbol):
        text = f"overwrites an attribute of {target.module}.{target.name}"
        return Opinion(Kind.MALICIOUS, text, "tamper")
    if not isinstance(name, Text) or leads_out(name.value):
        return Opinion(Kind.SUSPICIOUS, "sets an attribute that steers the interpreter")
    return None


def _class_factory(call: Call, stream: StreamFacts) -> Opinion | None:
    if len(call.arguments) <= 1:
        return None
    return Opinion(Kind.SUSPICIOUS, "makes a new class while loading")


def _wrapped(call: Call, stream: StreamFacts) -> Opinion | None:
    callee = names_of(call.callee, stream.calls)
    if callee in ACCESSORS:
        texts = [item.value for item in call.arguments if isinstance(item, Text)]
        if any(leads_out(part) for text in texts[:1] for part in text.split(".")):
            text = "prepares access to an attribute that leads out of the object"
            return Opinion(Kind.MALICIOUS, text, "object_graph")
        return None
    if callee not in _CALLS_AT_ONCE:
        return None
    for module, name in callables_in(call, stream.calls)[1:]:
        judgement = judge_name(module, name, True)
        opinion = _of_judgement(judgement, f"calls {module}.{name}")
        if opinion is not None:
            return opinion
        if judgement.standing is Standing.THIRD_PARTY:
            return Opinion(Kind.SUSPICIOUS, f"calls {module}.{name}, a function nobody vouched for")
    return None


def _rebuild_class(call: Call, stream: StreamFacts) -> Opinion | None:
    cls = _argument(call, 0)
    if isinstance(cls, Symbol):
        judgement = judge_name(cls.module, cls.name, True)
        return _of_judgement(judgement, f"rebuilds {cls.module}.{cls.name}")
    if isinstance(cls, Result):
        return None
    return Opinion(Kind.SUSPICIOUS, "rebuilds something that is no class")


def _codec(call: Call, stream: StreamFacts) -> Opinion | None:
    name = _argument(call, 1)
    if name is None or (isinstance(name, Text) and name.value.lower() in _LATIN):
        return None
    shown = name.value[:40] if isinstance(name, Text) else "a computed name"
    return Opinion(Kind.SUSPICIOUS, f"decodes text with the codec {shown!r}, as no pickler does")


def _nested_bytes(call: Call, stream: StreamFacts) -> Opinion | None:
    if any(payload.call == call.call for payload in stream.payloads):
        return None
    if any(isinstance(item, Bytes) for item in call.arguments):
        return Opinion(Kind.SUSPICIOUS, "loads embedded bytes that are no model file")
    return Opinion(Kind.SUSPICIOUS, "loads bytes that are computed while loading")


def _python_source(call: Call, stream: StreamFacts) -> Opinion | None:
    if any(code.call == call.call for code in stream.codes):
        return None
    return Opinion(Kind.SUSPICIOUS, "runs source text that could not be read")


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
    "python-source": _python_source,
    "code-object": _ordinary,
    "plain-state": _ordinary,
}


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
