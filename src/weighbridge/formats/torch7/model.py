"""Recognises what Torch7 saved, and states the classes and the functions in it.

::

    object    type 0 nil, 1 number, 2 text, 5 boolean: the value
              3 table: index, count, that many pairs of objects
              4 object of a class: index, "V 1", name of the class, what the class writes
              6, 7, 8 function: [index,] byte code of Lua, its upvalues as an object

An index that was there before stands for the same object. A class finds its own reader by its
name; all but tensors and storages write one table. ``torch.load`` hands byte code to
``loadstring``, which checks nothing, and the function runs when it is called.
"""

from __future__ import annotations

import re

from weighbridge.errors import LimitExceeded, MalformedInput
from weighbridge.formats.context import Context, Place
from weighbridge.formats.numpy_array import trailing
from weighbridge.formats.operator_tally import OperatorTally
from weighbridge.formats.torch7.cursor import Cursor
from weighbridge.sources.base import Source
from weighbridge.tables.lua_names import lua_names

NAME = "torch7"
MOST_OBJECTS = 20_000_000
_CODE = 4 << 20
_CHECK_EVERY = 4_096
_NIL, _NUMBER, _STRING, _TABLE, _CLASS, _BOOLEAN = range(6)
_FUNCTIONS = (6, 7, 8)
_WIDTHS = {
    "Double": 8, "Float": 4, "Half": 2, "Long": 8, "Int": 4, "Short": 2, "Char": 1, "Byte": 1,
}  # fmt: skip
_STORED = re.compile(r"torch\.(Cuda)?([A-Z][a-z]{2,5})?(Tensor|Storage)\Z")
_CLASS_NAME = re.compile(rb"[A-Za-z_][\w.]{0,200}\Z")
_DIMENSIONS = 64
_BINARY = re.compile(
    rb"\x04\0\0\0\x01\0\0\0\x03\0\0\0V 1.\0\0\0[A-Za-z_]\w*\.\w|"
    rb"\x03\0\0\0\x01\0\0\0...\0[\x01\x02]\0\0\0",
    re.DOTALL,
)
_TEXT = re.compile(rb"4\n1\n3\nV 1\n\d{1,3}\n[A-Za-z_]\w*\.\w|3\n1\n\d{1,8}\n[12]\n")


def claims(source: Source, head: bytes) -> bool:
    """Say whether it begins with an object of a class or a table, the first of its file."""
    return _BINARY.match(head) is not None or _TEXT.match(head) is not None


def parse(context: Context, source: Source, place: Place) -> bool:
    """Walk the objects; False when it was no such file.

    Raises:
        MalformedInput: Torch could not read it either.
        LimitExceeded: there are more objects than are followed.
    """
    text = source.read_at(0, 2)[1:] == b"\n"
    cursor = Cursor(source, context.budget, text)
    walk = _Walk(context, cursor)
    try:
        end = walk.run()
    except MalformedInput:
        if not walk.classes:
            return False  # Rows of small numbers begin like a table.
        _state(context, source, place, walk)
        raise
    if not walk.classes and text:
        return False
    _state(context, source, place, walk)
    if end < source.size and not cursor.done():
        trailing(context, source, place, NAME, end)
    return True


def _state(context: Context, source: Source, place: Place, walk: _Walk) -> None:
    context.format(place, NAME, source.size, objects=walk.count)
    walk.tally.state(context, place)


class _Walk:
    """Reads objects until the file ends; nesting costs no stack."""

    def __init__(self, context: Context, cursor: Cursor) -> None:
        self._budget = context.budget
        self._cursor = cursor
        self._seen: set[int] = set()
        self._waiting = 0
        self.tally = OperatorTally(NAME)
        self.classes = 0
        self.count = 0

    def run(self) -> int:
        """Return where the last object ends."""
        end = 0
        while not self._cursor.done():
            self._waiting = 1
            try:
                while self._waiting:
                    self._waiting -= 1
                    self._object()
            except MalformedInput:
                if end:
                    return end  # Whatever follows a whole object is examined as it is.
                raise
            end = self._cursor.offset
        return end

    def _object(self) -> None:
        self.count += 1
        if not self.count % _CHECK_EVERY:
            self._budget.check_time()
        if self.count > MOST_OBJECTS:
            raise LimitExceeded("limit-torch7", f"more than {MOST_OBJECTS} objects")
        at = self._cursor.offset
        kind = self._cursor.integer()
        if kind == _NUMBER:
            self._cursor.double()
        elif kind == _STRING:
            self._cursor.string(0)
        elif kind == _BOOLEAN:
            self._cursor.integer()
        elif kind == _FUNCTIONS[0]:
            self._function(at)
        elif kind in (_TABLE, _CLASS, *_FUNCTIONS):
            self._indexed(kind, at)
        elif kind != _NIL:
            raise MalformedInput("torch7-type", f"there is no type {kind}", at)

    def _indexed(self, kind: int, at: int) -> None:
        index = self._cursor.integer()
        if index in self._seen:
            return
        self._seen.add(index)
        if kind == _TABLE:
            self._waiting += 2 * self._cursor.length()
        elif kind == _CLASS:
            self._class(at)
        else:
            self._function(at)

    def _class(self, at: int) -> None:
        name = self._cursor.string(256)
        if name.startswith(b"V "):
            name = self._cursor.string(256)
        if _CLASS_NAME.match(name) is None:
            raise MalformedInput("torch7-class", "a class has an impossible name", at)
        full = name.decode()
        self.classes += 1
        self.tally.note(full, at, full.partition(".")[0])
        stored = _STORED.match(full)
        if stored is None:
            self._waiting += 1
        elif stored[3] == "Storage":
            self._cursor.elements(_WIDTHS.get(stored[2] or "Float", 4))
        else:
            dimensions = self._cursor.integer()
            if not 0 <= dimensions <= _DIMENSIONS:
                raise MalformedInput("torch7-shape", f"a tensor of {dimensions} dimensions", at)
            self._cursor.integers(2 * dimensions + 1)
            self._waiting += 1

    def _function(self, at: int) -> None:
        code = self._cursor.string(_CODE)
        self.classes += 1
        self.tally.note("function", at, "lua")
        for name in lua_names(code):
            self.tally.note(name, at, "lua")
        self._waiting += 1
