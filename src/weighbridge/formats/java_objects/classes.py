"""Reads descriptions of classes and of proxies (6.4.1, classDesc)."""

from __future__ import annotations

from weighbridge.budget import Budget
from weighbridge.errors import MalformedInput
from weighbridge.formats.java_objects import frames
from weighbridge.formats.java_objects import guesses as codes
from weighbridge.formats.java_objects.cursor import Cursor
from weighbridge.formats.java_objects.descriptions import (
    EXTERNALIZABLE,
    OBJECTS,
    SERIALIZABLE,
    WIDTHS,
    Description,
    class_of,
)
from weighbridge.formats.java_objects.frames import Frame
from weighbridge.formats.java_objects.readings import Readings
from weighbridge.formats.java_objects.tally import MOST_TEXTS, Tally, readable

URL = "java.net.URL"
_MOST_INTERFACES = 65_535
_SHOWN = 16
_TEXT_KEPT = 1_000
_NAME_KEPT = 1_000


class Classes(Readings):
    """The steps of a description; `tally` is what was found."""

    def __init__(self, cursor: Cursor, budget: Budget) -> None:
        super().__init__(cursor, budget)
        # What was described last; None where a null stands for a class.
        self._made: Description | None = None
        self.tally = Tally()

    def _describe(self, frame: Frame) -> None:
        at = self._cursor.offset
        code = self._cursor.byte()
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

    def _described_class(self, at: int) -> Description:
        name = self._name()
        self._cursor.skip(8)  # serialVersionUID
        description = self._fresh(Description(name, 0))
        description.flags = flags = self._cursor.byte()
        if flags & SERIALIZABLE and flags & EXTERNALIZABLE:
            raise MalformedInput("java-flags", "a class is written in two ways", at)
        count = self._cursor.unsigned(2)
        for _ in range(0 if count >> 15 else count):  # Java takes a negative count for none.
            self._field(description)
        self.tally.note(class_of(description.name), "described", at)
        return description

    def _field(self, description: Description) -> None:
        kind = chr(self._cursor.byte())
        if kind in WIDTHS:
            if description.objects:  # Java refuses it: primitive fields come first.
                raise self._wrong("java-field", "the fields of a class are out of order")
            name = self._cursor.text()[0]
            if name == "hashCode" and description.name == URL and kind == "I":
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
        if count > _MOST_INTERFACES:  # Java's own limit.
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
        code = self._cursor.byte()
        if code == codes.REFERENCE:
            self._referred()
        elif code in codes.TEXTS:
            self._text(codes.TEXTS[code], None)
        elif code != codes.NULL:
            raise self._wrong("java-text", "a text was expected")

    def _text(self, width: int, texts: list[str] | None) -> None:
        self._handle(None)
        if texts is None or len(texts) >= MOST_TEXTS:
            self._cursor.skip(self._cursor.length(width))
        else:
            texts.append(self._cursor.text(width, _TEXT_KEPT)[0])
