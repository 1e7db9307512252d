"""What is being read: one frame for each object, class or row of values that has begun."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass

from weighbridge.formats.java_objects.descriptions import Description

# The steps.
TOP, VALUES, CONTENTS, DESCRIBE, DESCRIBED, BEGIN, LEVELS, FORGET = range(8)


@dataclass(slots=True)
class Frame:
    """One thing that has begun and has not ended.

    Attributes:
        step: what is to be done for it next.
        left: values that are still to come.
        code: with what an object began (`BEGIN`).
        offset: where it began.
        description: its class, or the class that is being described.
        level: the superclass whose data comes next; of contents, how many are read.
        pending: the fields of `description` may still come, between contents.
        not_at: number of contents behind which the fields do not come in this reading.
        texts: where texts that are held by it go; None for nowhere.
        keys: every how manyth object in it is hashed; 0 for none.
        hashed: it is part of what is hashed when it is read.
        handle: its number.
        handler_of: the proxy whose handler its first object is.
    """

    step: int
    left: int = 0
    code: int = 0
    offset: int = 0
    description: Description | None = None
    level: int = 0
    pending: bool = False
    not_at: int = -1
    texts: list[str] | None = None
    keys: int = 0
    hashed: bool = False
    handle: int = 0
    handler_of: Description | None = None


@dataclass(slots=True)
class Saved:
    """Where a second way of reading the same bytes begins.

    Attributes:
        count: of the handles that there were.
        learned: how many classes were known to write their fields somewhere.
        fields: the class whose fields come next in this way of reading; None when they do not.
    """

    offset: int
    frames: list[Frame]
    handles: list[object]
    count: int
    learned: int
    fields: Description | None

    @staticmethod
    def of(
        offset: int,
        frames: list[Frame],
        handles: list[object],
        learned: int,
        fields: Description | None,
    ) -> Saved:
        """Keep all that a reading changes."""
        kept = [copy(one) for one in frames]
        return Saved(offset, kept, handles, len(handles), learned, fields)
