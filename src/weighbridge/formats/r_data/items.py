"""Walks serialized R objects and notes the calls in them.

Each item begins with a word of flags: its type, whether attributes and a tag come along. Calls are
language objects: pairlists whose first element is the function. What R runs while a file is being
used at all is a promise that has no value yet (CVE-2024-27322): the first touch evaluates its
expression. All else that is language, closures and byte code runs only when it is called.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from weighbridge.budget import Budget
from weighbridge.errors import LimitExceeded, MalformedInput
from weighbridge.formats.r_data.cursor import Cursor

SYMBOL, PAIRLIST, CLOSURE, ENVIRONMENT, PROMISE, CALL = 1, 2, 3, 4, 5, 6
SPECIAL, BUILTIN, CHARACTER, LOGICAL, INTEGER, REAL, COMPLEX = 7, 8, 9, 10, 13, 14, 15
STRINGS, DOTS, LIST, EXPRESSIONS = 16, 17, 19, 20
BYTE_CODE, POINTER, WEAK, RAW, S4 = 21, 22, 23, 24, 25
_ALTERNATIVE, _ATTRIBUTE_LIST, _ATTRIBUTE_CALL = 238, 239, 240
_CODE_REF, _CODE_DEF, _PERSISTENT, _PACKAGE, _NAMESPACE = 243, 244, 247, 248, 249
_UNBOUND, _REFERENCE = 252, 255
# Nothing follows them: nil, the environments and the empty argument; CLASSREF and GENERICREF were
# never written.
_ALONE = frozenset({0, 18, 241, 242, 250, 251, 252, 253, 254})
_WIDTHS = {LOGICAL: 4, INTEGER: 4, REAL: 8, COMPLEX: 16}
_HAS_ATTRIBUTES, _HAS_TAG = 0x200, 0x400

MOST_ITEMS = 50_000_000
MOST_CALLS = 20_000
MOST_ARGUMENTS = 8
_CHECK_EVERY = 4_096


@dataclass(slots=True)
class RCall:
    """One call: the function's name, where it stands, and the texts that it is given.

    Attributes:
        where: `promise` when it runs on the first touch, else `code`.
        arguments: constant texts among the arguments, the first few.
        computed: some argument is more than a constant text.
    """

    offset: int
    where: str
    name: str = ""
    arguments: list[str] = field(default_factory=list)
    computed: bool = False


@dataclass(slots=True)
class _Frame:
    """What the item to be read is a part of."""

    where: str = "code"
    call: RCall | None = None
    role: str = ""
    promise: list[bool] = field(default_factory=list)


class Walk:
    """Reads one object with everything inside it; `calls` is what was found."""

    def __init__(self, cursor: Cursor, budget: Budget) -> None:
        self._cursor = cursor
        self._budget = budget
        self._references: list[str] = []
        self._waiting: list[tuple[str, _Frame, int]] = [("item", _Frame(), 1)]
        self._count = 0
        self.calls: list[RCall] = []
        self.promises = 0

    def run(self) -> None:
        """Read until the object is complete.

        Raises:
            MalformedInput: R could not read it either.
            LimitExceeded: it has more items or calls than are followed.
        """
        while self._waiting:
            self._count += 1
            if not self._count % _CHECK_EVERY:
                self._budget.check_time()
            if self._count > MOST_ITEMS:
                raise LimitExceeded("limit-r-items", f"more than {MOST_ITEMS} objects")
            step, frame, times = self._waiting.pop()
            if times > 1:
                self._waiting.append((step, frame, times - 1))
            _STEPS[step](self, frame)

    # -- steps -------------------------------------------------------------------------------

    def _item(self, frame: _Frame) -> None:
        at = self._cursor.offset
        flags = self._cursor.integer()
        self._typed(flags & 0xFF, flags, frame, at)

    def _typed(self, kind: int, flags: int, frame: _Frame, at: int) -> None:
        if frame.promise and frame.role == "value":
            frame.promise[0] = kind == _UNBOUND
        if kind in (PAIRLIST, CLOSURE, PROMISE, CALL, DOTS, _ATTRIBUTE_LIST, _ATTRIBUTE_CALL):
            self._linked(kind, flags, frame, at)
        elif kind == SYMBOL:
            self._symbol(frame)
        elif kind == _REFERENCE:
            self._refer(flags >> 8 or self._cursor.integer(), frame)
        elif kind in (STRINGS, LIST, EXPRESSIONS):
            self._vector(kind, flags, frame)
        elif kind == CHARACTER:
            self._attributes(flags)
            self._characters(frame)
        elif kind in _WIDTHS:
            self._cursor.skip(self._cursor.count(_WIDTHS[kind]), _WIDTHS[kind])
            self._attributes(flags)
        elif kind not in _ALONE:
            self._rare(kind, flags, frame)

    def _linked(self, kind: int, flags: int, frame: _Frame, at: int) -> None:
        inner, head, tail = _Frame(frame.where), "", ""
        if kind in (CALL, _ATTRIBUTE_CALL):
            call = self._call(at, frame)
            inner = _Frame(call.where, call)
            head, tail = "head", "arguments"
        elif kind == PAIRLIST and frame.role == "arguments":
            inner, head, tail = frame, "argument", "arguments"
        elif kind == PROMISE:
            self.promises += 1
            inner = _Frame(frame.where, None, "", [False])
            head, tail = "value", "expression"
        self._push("item", _Frame(inner.where, inner.call, tail, inner.promise))
        self._push("item", _Frame(inner.where, inner.call, head, inner.promise))
        if flags & _HAS_TAG:
            self._push("item", _Frame())
        self._attributes(flags)

    def _call(self, at: int, frame: _Frame) -> RCall:
        unbound = frame.role == "expression" and frame.promise and frame.promise[0]
        call = RCall(at, "promise" if unbound else frame.where)
        if frame.call is not None and frame.role == "argument":
            frame.call.computed = True
        if len(self.calls) < MOST_CALLS:
            self.calls.append(call)
        return call

    def _vector(self, kind: int, flags: int, frame: _Frame) -> None:
        count = self._cursor.count(4)
        self._attributes(flags)
        self._push("item", frame if kind == STRINGS else _Frame(frame.where), count)

    def _characters(self, frame: _Frame) -> None:
        length = self._cursor.integer()
        if length < -1:
            raise MalformedInput("r-length", f"a text of {length} bytes", self._cursor.offset)
        text = self._cursor.text(length) if length > 0 else ""
        self._note(text, frame)

    def _symbol(self, frame: _Frame) -> None:
        """A symbol is its name, a character item."""
        flags = self._cursor.integer()
        if flags & 0xFF != CHARACTER:
            raise MalformedInput("r-symbol", "a symbol has no name", self._cursor.offset)
        length = self._cursor.integer()
        name = self._cursor.text(length) if length > 0 else ""
        self._references.append(name)
        self._name(name, frame)

    def _refer(self, number: int, frame: _Frame) -> None:
        if not 0 < number <= len(self._references):
            raise MalformedInput("r-reference", "it refers to nothing", self._cursor.offset)
        self._name(self._references[number - 1], frame)

    def _name(self, name: str, frame: _Frame) -> None:
        if frame.call is None:
            return
        if frame.role == "head":
            frame.call.name = name
        elif frame.role == "argument":
            frame.call.computed = True

    def _note(self, text: str, frame: _Frame) -> None:
        call = frame.call
        if call is not None and frame.role == "argument" and len(call.arguments) < MOST_ARGUMENTS:
            call.arguments.append(text)

    def _rare(self, kind: int, flags: int, frame: _Frame) -> None:
        inner = _Frame(frame.where)
        if kind in (SPECIAL, BUILTIN):
            self._name(self._cursor.text(self._cursor.count()), frame)
        elif kind == ENVIRONMENT:
            self._references.append("")
            self._cursor.integer()
            self._push("item", inner, 4)
        elif kind in (_PERSISTENT, _PACKAGE, _NAMESPACE):
            self._references.append("")
            self._cursor.integer()
            self._push("item", inner, self._cursor.count(4))
        elif kind == POINTER:
            self._references.append("")
            self._attributes(flags)
            self._push("item", inner, 2)
        elif kind == WEAK:
            self._references.append("")
            self._attributes(flags)
        elif kind == RAW:
            self._cursor.skip(self._cursor.count(), 1)
            self._attributes(flags)
        elif kind == S4:
            self._attributes(flags)
        elif kind == BYTE_CODE:
            self._attributes(flags)
            self._cursor.integer()  # How many nodes the code shares.
            self._push("constants", inner)
            self._push("item", inner)
        elif kind == _ALTERNATIVE:
            self._push("item", inner, 3)
        else:
            raise MalformedInput("r-type", f"there is no type {kind}", self._cursor.offset)

    # -- byte code ---------------------------------------------------------------------------

    def _constants(self, frame: _Frame) -> None:
        self._push("constant", frame, self._cursor.count(4))

    def _constant(self, frame: _Frame) -> None:
        """A constant of byte code: its type, then what belongs to it."""
        kind = self._cursor.integer()
        if kind == BYTE_CODE:
            self._push("constants", frame)
            self._push("item", frame)
        elif kind in (PAIRLIST, CALL, _CODE_REF, _CODE_DEF, _ATTRIBUTE_LIST, _ATTRIBUTE_CALL):
            self._node(kind, frame)
        else:
            self._push("item", frame)

    def _branch(self, frame: _Frame) -> None:
        """One half of a language node in byte code: as a constant, but never code itself."""
        at = self._cursor.offset
        kind = self._cursor.integer()
        if kind in (PAIRLIST, CALL, _CODE_REF, _CODE_DEF, _ATTRIBUTE_LIST, _ATTRIBUTE_CALL):
            self._node(kind, frame, at)
        else:
            self._push("item", frame)

    def _node(self, kind: int, frame: _Frame, at: int = 0) -> None:
        if kind == _CODE_REF:
            self._cursor.integer()
            return
        if kind == _CODE_DEF:
            self._cursor.integer()
            kind = self._cursor.integer()
        inner, head, tail = _Frame(frame.where), "", ""
        if kind in (CALL, _ATTRIBUTE_CALL):
            call = self._call(at or self._cursor.offset, frame)
            inner = _Frame(call.where, call)
            head, tail = "head", "arguments"
        elif frame.role == "arguments":
            inner, head, tail = frame, "argument", "arguments"
        self._push("branch", _Frame(inner.where, inner.call, tail))
        self._push("branch", _Frame(inner.where, inner.call, head))
        self._push("item", _Frame())
        if kind in (_ATTRIBUTE_LIST, _ATTRIBUTE_CALL):
            self._push("item", _Frame())

    # -- small ones --------------------------------------------------------------------------

    def _push(self, step: str, frame: _Frame, times: int = 1) -> None:
        if times:
            self._waiting.append((step, frame, times))

    def _attributes(self, flags: int) -> None:
        if flags & _HAS_ATTRIBUTES:
            self._push("item", _Frame())


_STEPS = {
    "item": Walk._item,
    "constants": Walk._constants,
    "constant": Walk._constant,
    "branch": Walk._branch,
}
