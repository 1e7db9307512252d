"""What a reading of a stream has come to, and where other readings of it begin.

A class that writes its data by itself (6.4.1, wrclass) may or may not have its fields written the
ordinary way first. Where both would fit, one reading goes on and the other is kept for later; how a
class writes is found out once and holds for all of its objects.
"""

from __future__ import annotations

from weighbridge.budget import Budget
from weighbridge.errors import LimitExceeded, MalformedInput
from weighbridge.formats.java_objects import guesses as codes
from weighbridge.formats.java_objects.cursor import Cursor
from weighbridge.formats.java_objects.descriptions import Description
from weighbridge.formats.java_objects.frames import Frame, Saved

MOST_HANDLES = 8_000_000
MOST_DESCRIPTIONS = 20_000
MOST_DEPTH = 200_000
MOST_READINGS = 256
MOST_SAVED = 400_000


class Readings:
    """The state of a reading, within bounds, and the other readings that are still to come."""

    def __init__(self, cursor: Cursor, budget: Budget) -> None:
        self._cursor = cursor
        self._budget = budget
        self._frames: list[Frame] = []
        # A handle stands for a description, for an object by the name of its class, for an address
        # whose hash is not known, or for something else.
        self._handles: list[object] = []
        self._descriptions = 0
        self._saved: list[Saved] = []
        self._learned: list[Description] = []
        self._readings = 1

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
