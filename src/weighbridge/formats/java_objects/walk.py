"""Reads a stream of objects (Java Object Serialization Specification, 6.4).

Nothing is made of what is read, and nesting costs no stack: each step takes the frame on top and
does the next thing. Where only the class knows what it wrote (see :mod:`guesses`), the reading goes
on in one way and is begun again in the other afterwards. Java would take one of the two, so what
either of them meets counts; a way that comes to no end is one that Java does not take to the end.
"""

from __future__ import annotations

from weighbridge.budget import Budget
from weighbridge.errors import MalformedInput, Unsupported
from weighbridge.formats.java_objects import frames
from weighbridge.formats.java_objects import guesses as codes
from weighbridge.formats.java_objects.classes import URL, Classes
from weighbridge.formats.java_objects.cursor import Cursor
from weighbridge.formats.java_objects.descriptions import (
    BLOCK_DATA,
    EXTERNALIZABLE,
    NEVER,
    WIDTHS,
    WRITE_METHOD,
    Description,
    class_of,
)
from weighbridge.formats.java_objects.frames import Frame

HEADER = b"\xac\xed\0\x05"
_CHECK_EVERY = 256
_AT_ONCE = 1_024
_NOT_HASHED = 0xFFFFFFFF
_UNHASHED = object()
# Their readObject puts what follows their numbers into buckets: every key, every second object.
_HASHING = {
    "java.util.HashMap": 2,
    "java.util.HashSet": 1,
    "java.util.Hashtable": 2,
    "java.util.concurrent.ConcurrentHashMap": 2,
}


class Walk(Classes):
    """Reads one stream to its end; `tally` is what was found."""

    def __init__(self, cursor: Cursor, budget: Budget) -> None:
        super().__init__(cursor, budget)
        self._steps = 0

    def run(self) -> int:
        """Return where the last object ends, in the reading that comes furthest.

        Raises:
            MalformedInput: in no reading could Java read it to its end.
            LimitExceeded: there is more in it than is followed.
            Unsupported: a class wrote its data without saying how long it is.
        """
        self._cursor.take(len(HEADER))
        self._frames = [Frame(frames.TOP)]
        ends, failure = [], None
        while True:
            try:
                self._read()
                ends.append(self._cursor.offset)
            except MalformedInput as error:
                if failure is None or (error.offset or 0) > (failure.offset or 0):
                    failure = error
            if not self._saved:
                break
            self._resume(self._saved.pop())
        if not ends and failure is not None:
            raise failure
        return max(ends)

    def _read(self) -> None:
        while self._frames:
            self._steps += 1
            if not self._steps % _CHECK_EVERY:
                self._budget.check_time()
            frame = self._frames[-1]
            _STEPS[frame.step](self, frame)

    # -- the stream --------------------------------------------------------------------------

    def _top(self, frame: Frame) -> None:
        code = self._cursor.peek()
        if code == HEADER[0] and self._begins_again():
            # A reader opens one stream after the other of the same file.
            self._cursor.skip(len(HEADER))
            self._reset()
        elif code == codes.RESET:
            self._cursor.skip(1)
            self._reset()
        elif code in codes.CODES and code != codes.END_BLOCK:
            frame.level += 1
            self._content(frame)
        elif frame.level or code < 0:
            self._frames.pop()  # What follows belongs to no stream.
        else:
            raise self._wrong("java-type", f"there is no type {code:#x}")

    def _begins_again(self) -> bool:
        here = self._cursor.offset
        return bytes(max(self._cursor.byte_at(here + at), 0) for at in range(len(HEADER))) == HEADER

    def _forget(self, _frame: Frame) -> None:
        """Behind the exception that ended the writing, nothing before it can be referred to."""
        self._frames.pop()
        self._reset()

    def _values(self, frame: Frame) -> None:
        if not frame.left:
            self._frames.pop()
        for _ in range(min(frame.left, _AT_ONCE)):
            frame.left -= 1
            self._object(frame)
            if self._frames[-1] is not frame:
                break  # One has begun that has to end first.

    def _contents(self, frame: Frame) -> None:
        level = frame.description
        if frame.pending and level is not None and self._fields_here(frame, level):
            frame.pending = False
            self._fields(frame, level)
            return
        if self._cursor.peek() == codes.END_BLOCK:
            self._cursor.skip(1)
            if frame.pending and level is not None and level.default_at is None:
                self._learn(level, NEVER)
            self._frames.pop()
            return
        frame.level += 1
        self._content(frame)

    def _content(self, frame: Frame) -> None:
        code = self._cursor.peek()
        if code == codes.BLOCK:
            self._cursor.skip(1)
            self._cursor.skip(self._cursor.byte())
        elif code == codes.LONG_BLOCK:
            self._cursor.skip(1)
            self._cursor.skip(self._cursor.length(4))
        else:
            frame.left += 1
            self._object(frame)

    def _object(self, frame: Frame) -> None:
        """Read or begin one object; `frame` is what holds it."""
        at = self._cursor.offset
        code = self._cursor.byte()
        hashed = frame.hashed or (frame.keys > 0 and frame.left % frame.keys == frame.keys - 1)
        if code == codes.NULL:
            return
        if code == codes.REFERENCE:
            self._again(frame, self._referred(), hashed, at)
        elif code in codes.TEXTS:
            self._text(codes.TEXTS[code], frame.texts)
        elif code in codes.DESCRIBED:
            begun = Frame(frames.BEGIN, code=code, offset=at, texts=frame.texts, hashed=hashed)
            begun.handler_of = frame.handler_of
            self._push(begun)
            self._push(Frame(frames.DESCRIBE))
        elif code in (codes.CLASS_DESCRIPTION, codes.PROXY_DESCRIPTION):
            self._cursor.offset = at
            self._push(Frame(frames.DESCRIBE))
        elif code == codes.EXCEPTION:
            # What was being written is given up, and the exception is all that follows (6.4.1).
            self._frames = [self._frames[0], Frame(frames.FORGET), Frame(frames.VALUES, left=1)]
            self._reset()
        else:
            raise MalformedInput("java-type", f"there is no type {code:#x} here", at)

    def _again(self, frame: Frame, value: object, hashed: bool, at: int) -> None:
        """An object that was there before."""
        if value is _UNHASHED:
            if hashed:
                self.tally.note(URL, "key", at)
            value = URL
        if frame.handler_of is not None and isinstance(value, str):
            self._handler(frame.handler_of, value, at)

    def _handler(self, proxy: Description, name: str, at: int) -> None:
        self.tally.note_proxy(name, proxy.interfaces or (), at)

    # -- objects -----------------------------------------------------------------------------

    def _begin(self, frame: Frame) -> None:
        """Go on with what has a class, now that the class is described."""
        description, code = self._made, frame.code
        if description is None:
            raise MalformedInput("java-class", "an object has no class", frame.offset)
        name = description.name
        if code == codes.ARRAY:
            self._array(frame, description)
            return
        if code == codes.OBJECT:
            self._instance(frame, description)
            return
        self._frames.pop()
        if code == codes.ENUM:
            self._handle(name)
            self.tally.note(name, "enum", frame.offset)
            self._type_text()
        else:
            self._handle(None)
            self.tally.note(class_of(name), "literal", frame.offset)

    def _instance(self, frame: Frame, description: Description) -> None:
        name = description.name
        frame.handle = self._handle(name)
        if frame.handler_of is not None:
            self._handler(frame.handler_of, name, frame.offset)
        proxy = description.interfaces is not None
        if not proxy:
            counted = self.tally.note(name, "object", frame.offset)
            if self.tally.acts(name):
                frame.texts = counted.texts
        frame.handler_of = description if proxy else None
        frame.step, frame.description = frames.LEVELS, description

    def _array(self, frame: Frame, description: Description) -> None:
        element = description.element()
        self._handle(description.name)
        if element in WIDTHS:
            self._frames.pop()
            size = self._cursor.length(4, WIDTHS[element]) * WIDTHS[element]
            if element == "B":
                at = self._cursor.offset
                self.tally.note_bytes(at, size, self._cursor.start(4))
            self._cursor.skip(size)
        else:
            # Where Java knows no such array it reads objects, and goes on behind a negative count.
            self.tally.note(class_of(description.name), "array", frame.offset)
            count = self._cursor.unsigned(4)
            frame.step, frame.left = frames.VALUES, 0 if count >> 31 else count
            frame.handler_of = None

    def _levels(self, frame: Frame) -> None:
        """Read what the next superclass wrote, the topmost first (6.4.1, classdata)."""
        levels = frame.description.levels if frame.description is not None else ()
        if frame.level >= len(levels):
            self._frames.pop()
            return
        level = levels[frame.level]
        frame.level += 1
        # Only of the class itself does Java ask whether it is Externalizable.
        external = level is frame.description and level.flags & EXTERNALIZABLE
        if external or level.flags & WRITE_METHOD:
            if external and not level.flags & BLOCK_DATA:
                text = "a class wrote its data in a way that only itself can read (protocol 1)"
                raise Unsupported("java-external", text, self._cursor.offset)
            inner = Frame(frames.CONTENTS, texts=frame.texts, hashed=frame.hashed)
            inner.description, inner.handle = level, frame.handle
            inner.pending = level.primitives > 0 and not external
            inner.keys, inner.handler_of = _HASHING.get(level.name, 0), frame.handler_of
            self._push(inner)
        else:
            self._fields(frame, level)

    def _fields(self, frame: Frame, level: Description) -> None:
        """Pass over the primitive fields, and begin with the others."""
        at, texts = self._cursor.offset, frame.texts
        self._cursor.skip(level.primitives)
        if level.hash_at is not None:
            end, self._cursor.offset = self._cursor.offset, at + level.hash_at
            if self._cursor.unsigned(4) == _NOT_HASHED:
                self._handles[frame.handle] = _UNHASHED
                if frame.hashed:
                    texts = self.tally.note(URL, "key", at).texts
            self._cursor.offset = end
        if level.objects:
            inner = Frame(frames.VALUES, left=level.objects, texts=texts)
            inner.hashed, inner.handler_of = frame.hashed, frame.handler_of
            self._push(inner)


_STEPS = {
    frames.TOP: Walk._top,
    frames.VALUES: Walk._values,
    frames.CONTENTS: Walk._contents,
    frames.DESCRIBE: Walk._describe,
    frames.DESCRIBED: Walk._described,
    frames.BEGIN: Walk._begin,
    frames.LEVELS: Walk._levels,
    frames.FORGET: Walk._forget,
}
