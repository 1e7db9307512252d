"""Reads a stream of objects (Java Object Serialization Specification, 6.4).

Nothing is made of what is read, and nesting costs no stack: each step takes the frame on top and
does the next thing. Where only the class knows what it wrote (see :mod:`guesses`), the reading goes
on in one way and is begun again in the other afterwards. Java would take one of the two, so what
either of them meets counts; a way that comes to no end is one that Java does not take to the end.
"""

from __future__ import annotations

from weighbridge.budget import Budget
from weighbridge.errors import LimitExceeded, MalformedInput, Unsupported
from weighbridge.formats.java_objects import frames
from weighbridge.formats.java_objects import guesses as codes
from weighbridge.formats.java_objects.cursor import Cursor
from weighbridge.formats.java_objects.descriptions import (
    BLOCK_DATA,
    EXTERNALIZABLE,
    NEVER,
    OBJECTS,
    SERIALIZABLE,
    WIDTHS,
    WRITE_METHOD,
    Description,
    class_of,
)
from weighbridge.formats.java_objects.frames import Frame, Saved
from weighbridge.formats.java_objects.tally import MOST_TEXTS, Tally, readable

HEADER = b"\xac\xed\0\x05"
MOST_HANDLES = 8_000_000
MOST_DESCRIPTIONS = 20_000
MOST_DEPTH = 200_000
MOST_READINGS = 256
MOST_SAVED = 400_000
_CHECK_EVERY = 4_096
_TEXT_KEPT = 1_000
_NAME_KEPT = 1_000
_URL = "java.net.URL"
_NOT_HASHED = 0xFFFFFFFF
# A handle stands for a description, for an object by the name of its class, for an address whose
# hash is not known, or for something else.
_UNHASHED = object()
MOST_INTERFACES = 65_535
_SHOWN = 16
# Their readObject puts what follows their numbers into buckets: every key, every second object.
_HASHING = {
    "java.util.HashMap": 2,
    "java.util.HashSet": 1,
    "java.util.Hashtable": 2,
    "java.util.concurrent.ConcurrentHashMap": 2,
}


class Walk:
    """Reads one stream to its end; `tally` is what was found."""

    def __init__(self, cursor: Cursor, budget: Budget) -> None:
        self._cursor = cursor
        self._budget = budget
        self._frames: list[Frame] = []
        self._handles: list[object] = []
        self._descriptions = 0
        self._made: Description | None = None
        self._saved: list[Saved] = []
        self._learned: list[Description] = []
        self._readings = 1
        self._steps = 0
        self.tally = Tally()

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

    def _push(self, frame: Frame) -> None:
        if len(self._frames) >= MOST_DEPTH:
            text = f"objects are nested deeper than {MOST_DEPTH}"
            raise LimitExceeded("limit-java-depth", text, self._cursor.offset)
        self._frames.append(frame)

    def _handle(self, value: object) -> int:
        if len(self._handles) >= MOST_HANDLES:
            text = f"more than {MOST_HANDLES} objects"
            raise LimitExceeded("limit-java-objects", text, self._cursor.offset)
        self._handles.append(value)
        return len(self._handles) - 1

    def _referred(self) -> object:
        number = self._cursor.unsigned(4) - codes.FIRST_HANDLE
        if not 0 <= number < len(self._handles):
            raise self._wrong("java-reference", "it refers to an object that there is not")
        return self._handles[number]

    def _wrong(self, code: str, text: str) -> MalformedInput:
        return MalformedInput(code, text, self._cursor.offset)

    # -- several readings --------------------------------------------------------------------

    def _fork(self, fields: Description | None) -> None:
        """Keep the state, from which a second reading begins later."""
        self._readings += 1
        self._budget.check_time()
        kept = sum(len(one.frames) for one in self._saved) + len(self._frames)
        if self._readings > MOST_READINGS or kept > MOST_SAVED:
            text = f"it can be read in more than {MOST_READINGS} ways"
            raise LimitExceeded("limit-java-readings", text, self._cursor.offset)
        self._saved.append(
            Saved.of(self._cursor.offset, self._frames, self._handles, len(self._learned), fields)
        )

    def _resume(self, saved: Saved) -> None:
        self._cursor.offset = saved.offset
        self._frames, self._handles = saved.frames, saved.handles
        del self._handles[saved.count :]
        for description in self._learned[saved.learned :]:
            description.default_at = None
        del self._learned[saved.learned :]
        frame = self._frames[-1]
        if saved.fields is None:
            frame.not_at = frame.level
        else:
            self._learn(saved.fields, frame.level)

    def _learn(self, description: Description, at: int) -> None:
        description.default_at = at
        if self._saved:
            self._learned.append(description)

    def _fields_here(self, frame: Frame, level: Description) -> bool:
        """Say whether the fields of a class with a `writeObject` come now."""
        if level.default_at is not None:
            return level.default_at == frame.level
        if frame.not_at == frame.level:
            return False
        here, handles = self._cursor.offset, len(self._handles)
        behind = here + level.primitives
        may_stand = codes.value_at if level.objects else codes.content_at
        fields = may_stand(self._cursor, behind, handles)
        if not codes.content_at(self._cursor, here, handles, level.primitives):
            fields = True
        elif fields:
            # Few numbers begin like blocks of data; a class that writes fields does it at once.
            block = self._cursor.peek() in (codes.BLOCK, codes.LONG_BLOCK)
            fields = not frame.level and not block
            self._fork(None if fields else level)
        if fields:
            self._learn(level, frame.level)
        else:
            frame.not_at = frame.level
        return fields

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
            return
        frame.left -= 1
        self._object(frame)

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
            self._cursor.skip(self._cursor.unsigned(1))
        elif code == codes.LONG_BLOCK:
            self._cursor.skip(1)
            self._cursor.skip(self._cursor.length(4))
        else:
            frame.left += 1
            self._object(frame)

    def _object(self, frame: Frame) -> None:
        """Read or begin one object; `frame` is what holds it."""
        at = self._cursor.offset
        code = self._cursor.unsigned(1)
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
                self.tally.note(_URL, "key", at)
            value = _URL
        if frame.handler_of is not None and isinstance(value, str):
            self._handler(frame.handler_of, value, at)

    def _text(self, width: int, texts: list[str] | None) -> None:
        self._handle(None)
        if texts is None or len(texts) >= MOST_TEXTS:
            self._cursor.skip(self._cursor.length(width))
        else:
            texts.append(self._cursor.text(width, _TEXT_KEPT)[0])

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
        elif element[:1] in tuple(OBJECTS):
            self.tally.note(class_of(description.name), "array", frame.offset)
            frame.step, frame.left = frames.VALUES, self._cursor.length(4)
            frame.handler_of = None
        else:
            raise MalformedInput("java-array", "an array of no known type", frame.offset)

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
                    texts = self.tally.note(_URL, "key", at).texts
            self._cursor.offset = end
        if level.objects:
            inner = Frame(frames.VALUES, left=level.objects, texts=texts)
            inner.hashed, inner.handler_of = frame.hashed, frame.handler_of
            self._push(inner)

    # -- classes -----------------------------------------------------------------------------

    def _describe(self, frame: Frame) -> None:
        at = self._cursor.offset
        code = self._cursor.unsigned(1)
        if code == codes.NULL:
            self._made = None
            self._frames.pop()
        elif code == codes.REFERENCE:
            value = self._referred()
            if not isinstance(value, Description) or not value.complete:
                raise MalformedInput("java-class", "a class is none", at)
            self._made = value
            self._frames.pop()
        elif code in (codes.CLASS_DESCRIPTION, codes.PROXY_DESCRIPTION):
            plain = code == codes.CLASS_DESCRIPTION
            frame.description = self._described_class(at) if plain else self._described_proxy(at)
            frame.step = frames.DESCRIBED
            self._push(Frame(frames.DESCRIBE))
            self._push(Frame(frames.CONTENTS))
        else:
            raise MalformedInput("java-class", f"a class begins with {code:#x}", at)

    def _fresh(self, description: Description) -> Description:
        self._handle(description)
        self._descriptions += 1
        if self._descriptions > MOST_DESCRIPTIONS:
            text = f"more than {MOST_DESCRIPTIONS} descriptions of classes"
            raise LimitExceeded("limit-java-classes", text, self._cursor.offset)
        self._budget.check_time()  # Each may have thousands of fields.
        return description

    def _reset(self) -> None:
        """Nothing that was there before can be referred to any longer."""
        self._handles = []
        self._descriptions = 0

    def _described_class(self, at: int) -> Description:
        name = self._name()
        self._cursor.skip(8)  # serialVersionUID
        description = self._fresh(Description(name, 0))
        description.flags = flags = self._cursor.unsigned(1)
        if flags & SERIALIZABLE and flags & EXTERNALIZABLE:
            raise MalformedInput("java-flags", "a class is written in two ways", at)
        for _ in range(self._cursor.unsigned(2)):
            self._field(description)
        self.tally.note(class_of(description.name), "described", at)
        return description

    def _field(self, description: Description) -> None:
        kind = chr(self._cursor.unsigned(1))
        if kind in WIDTHS:
            if description.objects:  # Java refuses it: primitive fields come first.
                raise self._wrong("java-field", "the fields of a class are out of order")
            name = self._cursor.text()[0]
            if name == "hashCode" and description.name == _URL and kind == "I":
                description.hash_at = description.primitives
            description.primitives += WIDTHS[kind]
        elif kind in OBJECTS:
            self._cursor.skip(self._cursor.length(2))
            self._type_text()
            description.objects += 1
        else:
            raise self._wrong("java-field", "a field has no known type")

    def _described_proxy(self, at: int) -> Description:
        description = self._fresh(Description("", SERIALIZABLE, interfaces=()))
        count = self._cursor.length(4, 2)
        if count > MOST_INTERFACES:  # Java's own limit.
            raise MalformedInput("java-proxy", f"a proxy has {count} interfaces", at)
        names = [self._name() for _ in range(count)]
        for name in names:
            self.tally.note(name, "interface", at)
        description.interfaces = tuple(names[:_SHOWN])
        return description

    def _described(self, frame: Frame) -> None:
        description = frame.description
        if description is not None:
            parent = self._made
            description.finish(parent, self._cursor.offset)
            if parent is not None and parent.name:
                self.tally.note(parent.name, "superclass", self._cursor.offset)
        self._made = description
        self._frames.pop()

    def _name(self) -> str:
        name, plain = self._cursor.text()
        if not plain and readable(name):
            self.tally.longer_names += 1
        return name[:_NAME_KEPT]

    def _type_text(self) -> None:
        """Pass over a text that may be one that was there before."""
        code = self._cursor.unsigned(1)
        if code == codes.REFERENCE:
            self._referred()
        elif code in codes.TEXTS:
            self._text(codes.TEXTS[code], None)
        elif code != codes.NULL:
            raise self._wrong("java-text", "a text was expected")


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
