"""Turns the trace of a pickle stream into facts, and looks into the payloads it carries."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Mapping as Mapping_
from dataclasses import replace
from functools import cache

from weighbridge.errors import ParseError
from weighbridge.facts.expressions import (
    Bytes,
    Expression,
    Mapping,
    Number,
    Persistent,
    Result,
    Sequence,
    Symbol,
    Text,
)
from weighbridge.facts.pickles import AttributeWrite, Call, Import, Payload, Stream
from weighbridge.formats.context import Context, Place
from weighbridge.formats.pickle import layout
from weighbridge.formats.pickle.dormant import add_dormant
from weighbridge.formats.pickle.excerpts import add_excerpts
from weighbridge.formats.pickle.payloads import Constant, evaluate, unwrap
from weighbridge.formats.pickle.trace import (
    Attention,
    Builder,
    CallRecord,
    Observer,
    Trace,
)
from weighbridge.formats.pickle.writers import state_writer
from weighbridge.formats.python.code_objects import code_fact, code_from_arguments
from weighbridge.formats.python.marshal_reader import (
    CodeObject,
    looks_like_marshal_code,
    strip_pyc_header,
)
from weighbridge.formats.python.marshal_reader import read as read_marshal
from weighbridge.formats.python.shellish import looks_like_python
from weighbridge.formats.python.source import source_fact
from weighbridge.sources.base import Source
from weighbridge.sources.memory import BytesSource
from weighbridge.tables.callables import dangerous, operand, operand_positions
from weighbridge.text.secrets import mask

_METHODS = (
    (layout.CALLS_APPEND, "append"),
    (layout.CALLS_SETITEM, "__setitem__"),
    (layout.CALLS_ADD, "add"),
)
# Effects whose callables take code or a serialised object as an argument.
_SINKS = frozenset(
    {"code_exec", "deserialize", "native_code", "debugger_test", "object_graph", "import_resolve"}
)
_SMALLEST_PAYLOAD = 6
# What a constant may be without being a payload.
_PLAIN = frozenset({"text", "json", "empty", "lfs-pointer"})
# After these nothing further is looked at; other limits concern one constant only.
_FINAL_LIMITS = frozenset({"limit-seconds", "limit-payloads", "limit-inflated", "limit-facts"})


@cache
def _positions() -> dict[tuple[str, str], tuple[int, ...] | None]:
    # dtypes are told apart because the length of joblib's raw arrays hangs on them.
    return {**operand_positions(), ("numpy", "dtype"): None}


def attention(
    observers: Mapping_[tuple[str, str], Observer] | None = None,
    persistent: Callable[[int, Expression], None] | None = None,
    builders: Mapping_[tuple[str, str], Builder] | None = None,
) -> Attention:
    """Return what every stream is watched for, plus what the caller adds."""
    return Attention(_positions(), observers or {}, persistent, builders or {})


def emit(context: Context, trace: Trace, source: Source, place: Place) -> int:
    """Add the facts of one stream and of everything nested in its constants.

    Returns:
        The stream's number.
    """
    number = context.stream_number()
    context.add(
        Stream(
            number,
            place.member,
            trace.offset,
            trace.end,
            trace.protocol,
            trace.opcodes,
            place.origin,
            trace.error or trace.limit,
            trace.oddities,
            place.loaders,
        )
    )
    for symbol in trace.symbols:
        context.add(
            Import(
                number,
                place.member,
                symbol.offset,
                mask(symbol.module),
                mask(symbol.name),
                mask(symbol.resolved_module),
                mask(symbol.resolved_name),
                symbol.how,
                symbol.count,
                tuple(sorted(symbol.uses)),
                symbol.computed,
                symbol.dotted,
            )
        )
    for index, call in enumerate(trace.calls):
        context.add(_call_fact(number, place, trace, index, call))
    for write in trace.writes:
        context.add(
            AttributeWrite(
                number, place.member, write.offset, masked(write.target), masked(write.state)
            )
        )
    state_writer(context, trace.texts, place)
    if trace.limit is not None:
        text = "the pickle machine's limit was reached before the stream ended"
        context.gap(place, "pickle", trace.limit, text, trace.end)
    if "frame-crossed" in trace.oddities:
        text = "an opcode reaches out of its frame: loads from a file and from memory differ there"
        context.gap(place, "pickle", "malformed-frame-crossed", text, trace.offset)
    add_excerpts(context, trace, source, place)
    PayloadFinder(context, trace, source, place, number).look()
    return number


def _call_fact(number: int, place: Place, trace: Trace, index: int, call: CallRecord) -> Call:
    used = trace.methods.get(index, 0)
    return Call(
        number,
        place.member,
        call.offset,
        index,
        call.how,
        masked(call.callee),
        tuple(masked(item) for item in call.arguments),
        None if call.keywords is None else masked(call.keywords),
        tuple(masked(item) for item in call.states),
        tuple(name for bit, name in _METHODS if used & bit),
        call.count,
        call.feeds,
        call.shown_once,
    )


def masked(expression: Expression) -> Expression:
    """Return the expression with credentials in its texts masked."""
    if isinstance(expression, Text):
        value = mask(expression.value)
        return expression if value == expression.value else Text(value, expression.size)
    if isinstance(expression, Sequence):
        items = tuple(masked(item) for item in expression.items)
        return Sequence(expression.kind, items, expression.total)
    if isinstance(expression, Mapping):
        return Mapping(tuple(masked(item) for item in expression.items), expression.total)
    if isinstance(expression, Persistent):
        return Persistent(masked(expression.pid))
    return expression


class PayloadFinder:
    """Looks at the constants that calls and states of one stream take."""

    def __init__(
        self, context: Context, trace: Trace, source: Source, place: Place, stream: int
    ) -> None:
        self._context = context
        self._trace = trace
        self._source = source
        self._place = place
        self._stream = stream
        self._reasons: set[str] = set()
        self._seen: set[str] = set()

    def look(self) -> None:
        """Add facts for every payload found; a limit of the whole file ends the search."""
        self._look_at_calls()
        place = (self._source, self._place, self._stream)
        add_dormant(self._context, self._trace, *place, self._seen)

    def _look_at_calls(self) -> None:
        for index, call in enumerate(self._trace.calls):
            for expression, sink in self._look_at(index, call):
                try:
                    self._candidate(index, call, expression, sink)
                except ParseError as error:
                    self._skipped(error)
                    if error.code in _FINAL_LIMITS:
                        return

    def _skipped(self, error: ParseError) -> None:
        """Say once for each reason that a constant was not examined."""
        if error.code not in self._reasons:
            self._reasons.add(error.code)
            self._context.gap_from(self._place, "pickle", error)

    def _look_at(self, index: int, call: CallRecord) -> Iterator[tuple[Expression, str]]:
        """Yield the expressions of a call that may be payloads, and what is done with them."""
        sink = self._sink(call)
        if sink == "code-object":
            self._code_object(index, call)
        if sink == "plain":
            candidates: Iterable[Expression] = (a for a in call.arguments if isinstance(a, Bytes))
        else:
            candidates = _leaves((*call.arguments, *call.states))
        for expression in candidates:
            yield expression, sink
        for expression in _leaves(tuple(call.states)):
            if isinstance(expression, Bytes):
                yield expression, "plain"

    def _code_object(self, index: int, call: CallRecord) -> None:
        code = code_from_arguments(call.arguments)
        if code is None:
            return
        if not code.code:
            code = replace(code, code=self._bytecode(call))
        self._add_code(index, call, code, code.code)

    def _add_code(self, index: int, call: CallRecord, code: CodeObject, raw: bytes) -> None:
        self._context.add(
            code_fact(
                code,
                stream=self._stream,
                member=self._place.member,
                offset=call.offset,
                call=index,
                raw=raw,
            )
        )

    def _add_source(self, index: int, call: CallRecord, text: str) -> None:
        self._context.add(
            source_fact(
                text,
                stream=self._stream,
                member=self._place.member,
                offset=call.offset,
                call=index,
                name="<payload>",
                budget=self._context.budget,
            )
        )

    def _bytecode(self, call: CallRecord) -> bytes:
        """Fetch the bytecode of a code object: the first bytes behind its leading integers."""
        counted = False
        for expression in call.arguments:
            counted = counted or isinstance(expression, Number)
            if counted and isinstance(expression, Bytes | Text):
                constant = evaluate(expression, self._trace, self._source, self._context.budget)
                value = b"" if constant is None else constant.value
                return value if isinstance(value, bytes) else value.encode("latin-1", "replace")
        return b""

    def _sink(self, call: CallRecord) -> str:
        """Say what the callee does with its arguments: `code`, `bytes`, `code-object`, `plain`."""
        callee = call.callee
        if isinstance(callee, Result):
            return "code-object" if self._makes_code(callee) else "code"
        if not isinstance(callee, Symbol):
            return "code"
        row = operand(callee.module, callee.name)
        if row is not None:
            kinds = {"python-source": "code", "nested-bytes": "bytes", "code-object": "code-object"}
            return kinds.get(row.judge, "plain")
        known = dangerous(callee.module, callee.name)
        return "code" if known is not None and known.effect in _SINKS else "plain"

    def _makes_code(self, callee: Result) -> bool:
        """``cloudpickle._builtin_type("CodeType")(...)`` builds a code object."""
        call = self._trace.calls[callee.call]
        return any(isinstance(a, Text) and a.value == "CodeType" for a in call.arguments)

    def _candidate(self, index: int, call: CallRecord, expression: Expression, sink: str) -> None:
        if not isinstance(expression, Text | Bytes | Result | Sequence):
            return
        if isinstance(expression, Text | Bytes) and expression.size < _SMALLEST_PAYLOAD:
            return
        if sink == "plain" and isinstance(expression, Bytes) and not _tempting(expression):
            return
        constant = evaluate(expression, self._trace, self._source, self._context.budget)
        if constant is None or len(constant.value) < _SMALLEST_PAYLOAD:
            return
        self._examine(index, call, constant, sink, 0)

    def _examine(
        self, index: int, call: CallRecord, constant: Constant, sink: str, depth: int
    ) -> bool:
        """Classify one decoded constant; say whether it is a payload."""
        self._context.budget.check_time()
        raw = constant.value
        data = raw if isinstance(raw, bytes) else raw.encode("utf-8", "surrogatepass")
        kind = self._as_code(index, call, constant, data, sink)
        inner = None
        if kind is None and isinstance(raw, bytes):
            kind, inner = self._as_file(index, data, sink)
        if kind is None and isinstance(raw, str) and raw.isascii() and sink != "plain":
            # ``pickle.loads("...".encode())``: text that is a protocol 0 stream.
            kind, inner = self._as_file(index, data, sink)
        if kind is None and depth < 4:
            for deeper in unwrap(constant, self._context.budget):
                if self._examine(index, call, deeper, sink, depth + 1):
                    return True
        if kind is None:
            return False
        digest = hashlib.sha256(data).hexdigest()
        self._seen.add(digest)
        self._context.add(
            Payload(
                self._stream,
                self._place.member,
                call.offset,
                index,
                constant.stages,
                kind,
                digest,
                len(data),
                inner,
            )
        )
        return True

    def _as_code(
        self, index: int, call: CallRecord, constant: Constant, data: bytes, sink: str
    ) -> str | None:
        if isinstance(constant.value, bytes):
            body = strip_pyc_header(data)
            if looks_like_marshal_code(body):
                try:
                    code = read_marshal(body, self._context.budget)
                    if isinstance(code, CodeObject):
                        self._add_code(index, call, code, body)
                        return "code-object"
                except ParseError as error:
                    if sink != "plain":
                        self._context.gap_from(self._place, "marshal", error)
        if sink in ("code", "code-object") or constant.stages:
            text = data.decode("utf-8", "replace")
            if sink == "code" and looks_like_python(text):
                self._add_source(index, call, text)
                return "python-source"
        return None

    def _as_file(self, index: int, data: bytes, sink: str) -> tuple[str | None, int | None]:
        """Let the format registry look at the bytes; plain data yields nothing."""
        before = len(self._context.facts)
        child = self._context.child()
        loaders = self._place.loaders
        origin = "literal" if sink != "plain" else "dormant-literal"
        inner_place = self._place.inside(f"call-{index}", loaders, origin)
        found = child.walk(child, BytesSource(data), inner_place)
        if found is None or found in _PLAIN:
            del self._context.facts[before:]
            return None, None
        inner = next(
            (fact.stream for fact in self._context.facts[before:] if isinstance(fact, Stream)), None
        )
        return found, inner


def _tempting(expression: Bytes) -> bool:
    """Say whether bytes handed to a harmless callable begin like something that can carry code."""
    head = bytes.fromhex(expression.head)
    if head[:1] == b"\x80" and len(head) > 2 and head[1] in (2, 3, 4, 5):
        return True
    return head.startswith((b"PK\x03\x04", b"\x93NUMPY", b"\xe3\x00\x00\x00", b"c\x00\x00\x00"))


def _leaves(expressions: tuple[Expression, ...]) -> Iterable[Expression]:
    """Yield constants and results inside expressions, containers unfolded, bounded by these."""
    pending = list(reversed(expressions))
    while pending:
        expression = pending.pop()
        if isinstance(expression, Sequence):
            yield expression
            pending.extend(reversed(expression.items))
        elif isinstance(expression, Mapping):
            pending.extend(reversed(expression.items))
        else:
            yield expression
