"""Streams made to use up memory or time. ``python bombs.py NAME`` examines one and prints figures.

The bytes are made when they are read, so that only what the scanner itself uses is measured.
"""

from __future__ import annotations

import json
import resource
import struct
import sys
import time
from pathlib import Path

from weighbridge.budget import Budget, Limits
from weighbridge.facts.pickles import Stream
from weighbridge.facts.structure import Gap
from weighbridge.formats.examine import examine


class Repeated:
    """A source of `prefix`, `unit` over and over, and `suffix`."""

    def __init__(self, prefix: bytes, unit: bytes, count: int, suffix: bytes = b".") -> None:
        self._parts = (prefix, unit, count, suffix)
        self._middle = len(unit) * count

    @property
    def size(self) -> int:
        """Length in bytes."""
        return len(self._parts[0]) + self._middle + len(self._parts[3])

    def read_at(self, offset: int, count: int) -> bytes:
        """See :class:`weighbridge.sources.base.Source`."""
        prefix, unit, _times, suffix = self._parts
        count = min(count, self.size - offset)
        found = prefix[offset : offset + count] if offset < len(prefix) else b""
        start = max(0, offset - len(prefix))
        if len(found) < count and start < self._middle:
            skip = start % len(unit)
            want = min(count - len(found), self._middle - start)
            found += (unit * (want // len(unit) + 2))[skip : skip + want]
        if len(found) < count:
            start = max(0, offset - len(prefix) - self._middle)
            found += suffix[start : start + count - len(found)]
        return found


class Counted(Repeated):
    """Like Repeated, with a counter of four bytes at `place` of every unit."""

    def __init__(self, prefix: bytes, unit: bytes, count: int, place: int, step: int = 1) -> None:
        super().__init__(prefix, unit, count)
        self._unit, self._times, self._place, self._step = unit, count, place, step

    def read_at(self, offset: int, count: int) -> bytes:
        """See :class:`weighbridge.sources.base.Source`."""
        prefix, size = self._parts[0], len(self._unit)
        first = max(0, (offset - len(prefix)) // size)
        last = max(0, min(self._times, (offset + count - len(prefix)) // size + 1))
        head, tail = self._unit[: self._place], self._unit[self._place + 4 :]
        numbers = range(first * self._step, last * self._step, self._step)
        body = b"".join([head + struct.pack("<I", n & 0xFFFFFFFF) + tail for n in numbers])
        start = len(prefix) + first * size
        if offset < len(prefix):
            body, start = prefix[offset:] + body, offset
        if last == self._times:
            body += self._parts[3]
        return body[offset - start : offset - start + count]


def _numbered(prefix: bytes, head: bytes, tail: bytes, count: int, step: int = 1) -> Counted:
    return Counted(prefix, head + b"\0\0\0\0" + tail, count, len(head), step)


MILLION = 1_000_000
P4 = b"\x80\x04"
BOMBS = {
    "nested-tuples": lambda: Repeated(P4 + b")", b"\x85", 10 * MILLION),
    "nested-lists": lambda: Repeated(P4 + b"]", b"]\x94a", 3 * MILLION),
    "marks": lambda: Repeated(P4, b"(", 10 * MILLION),
    "marks-and-tuples": lambda: Repeated(P4 + b"N", b"(t", 5 * MILLION),
    "memo-32-million": lambda: Repeated(P4 + b"N", b"\x94", 33 * MILLION),
    "memo-of-tuples": lambda: Repeated(P4 + b"N", b"\x85\x94", 20 * MILLION),
    "memo-sparse": lambda: _numbered(P4 + b"N", b"r", b"", 2 * MILLION, 2003),
    "memo-highest": lambda: Repeated(P4 + b"N", b"r\xff\xff\xff\xff", MILLION),
    "declared-gigabytes": lambda: Repeated(P4, b"X\xff\xff\xff\x7f", 1),
    "declared-gigabytes-8": lambda: Repeated(P4, b"\x8e\xff\xff\xff\xff\xff\xff\0\0", 1),
    "doubling": lambda: Repeated(P4 + b"N", b"2\x86", 5 * MILLION),
    "doubling-into-a-call": lambda: Repeated(
        P4 + b"N", b"2\x86", 100, b"cos\nsystem\n\x94h\0h\0R."
    ),
    "doubling-calls": lambda: Repeated(P4 + b"cpkg\nf\n\x94N", b"2\x86q\1h\0h\1R0", MILLION // 10),
    "stack": lambda: Repeated(P4, b"N", 20 * MILLION),
    "build-states": lambda: Repeated(P4 + b"cpkg\nf\n)R", b"}\x8c\1aNsb", MILLION),
    "build-on-import": lambda: Repeated(P4 + b"cpkg\nf\n", b"}\x8c\1aNsb", MILLION),
    "text-number": lambda: Repeated(b"I", b"7", 8 * MILLION, b"\n."),
    "text-float": lambda: Repeated(b"F", b"7", 8 * MILLION, b"\n."),
    "text-index": lambda: Repeated(b"Np", b"7", 8 * MILLION, b"\n."),
    "text-numbers": lambda: Repeated(P4, b"I" + b"7" * 5000 + b"\n0", 4000),
    "distinct-imports": lambda: _numbered(P4, b"\x8c\1a\x8c\x08aaaa", b"\x930", 2 * MILLION),
    "import-without-newline": lambda: Repeated(P4 + b"c", b"a", 200 * MILLION),
    "huge-line-again-and-again": lambda: Repeated(
        P4 + b"cpkg\nf\n\x940V" + b"a" * (4 * MILLION) + b"\n\x940", b"h\0h\1\x85R0", 4 * 1000
    ),
    "distinct-calls": lambda: _numbered(P4 + b"cos\nsystem\n\x94", b"h\0J", b"\x85R0", 2 * MILLION),
    "distinct-results": lambda: Repeated(P4 + b"cpkg\nf\n)R", b")R", 2 * MILLION),
    "persistent-ids": lambda: Repeated(P4 + b"N", b"Q", 5 * MILLION),
    "big-list": lambda: Repeated(P4 + b"](", b"K\1", 20 * MILLION, b"e."),
    "garbage": lambda: Repeated(P4 + b"Nr\xfe\xff\xff\x01", b"N\x85\x85\x850", 20 * MILLION),
    "frames": lambda: Repeated(P4, b"\x95\1\0\0\0\0\0\0\0N", 2 * MILLION),
    "streams": lambda: Repeated(b"", b"\x80\x04N.", 20 * 1000, b""),
    "byte-literal-of-zeros": lambda: Repeated(
        b"cpickle\nloads\n(B\0\0\0\x08", b"\0", 1 << 27, b"tR."
    ),
}  # fmt: skip


def _megabytes() -> float:
    """Return the highest memory use of this process; ru_maxrss may be that of its parent."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Examine the bomb named on the command line."""
    name = sys.argv[1]
    source = BOMBS[name]()
    # What the tables and modules need is not what the stream uses.
    started = time.monotonic()
    facts = examine(source, Budget(Limits(seconds=20)))
    json.dump(
        {
            "seconds": time.monotonic() - started,
            "megabytes": _megabytes(),
            "gaps": sorted({fact.code for fact in facts if isinstance(fact, Gap)}),
            "facts": len(facts),
            "ended": [fact.error for fact in facts if isinstance(fact, Stream)][:3],
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()
