"""Builds what R's ``saveRDS`` writes, in its binary and its text form (R Internals, 1.8)."""

import struct

NIL, GLOBAL, UNBOUND, MISSING = 254, 253, 252, 251


class R:
    """One object as rows of numbers and texts, so that each encoding can be made of it."""

    def __init__(self, *parts):
        self.parts = parts

    def flat(self):
        """Yield the numbers and texts in order."""
        for part in self.parts:
            if isinstance(part, R):
                yield from part.flat()
            else:
                yield part


def character(text):
    """A character item."""
    return R(9 | 1 << 18, len(text.encode()), text.encode())


def symbol(name):
    """A symbol."""
    return R(1, character(name))


def strings(*texts):
    """A vector of texts."""
    return R(16, len(texts), *(character(text) for text in texts))


def numbers(*values):
    """A vector of doubles."""
    return R(14, len(values), struct.pack(f">{len(values)}d", *values))


def pairlist(*items):
    """A pairlist without tags."""
    return R(*(R(2, item) for item in items), NIL)


def call(function, *arguments):
    """A call of a function, by its name or itself."""
    return R(6, symbol(function) if isinstance(function, str) else function, pairlist(*arguments))


def promise(expression, value=None):
    """A promise, without a value unless one is given."""
    return R(5, R(UNBOUND) if value is None else value, expression)


def closure(body):
    """A function without parameters."""
    return R(3 | 0x400, R(GLOBAL), pairlist(), body)


def environment(*values):
    """An environment that binds values."""
    bound = R(*(R(2 | 0x400, symbol(f"v{at}"), value) for at, value in enumerate(values)), NIL)
    return R(4, 0, R(GLOBAL), bound, R(NIL), R(NIL))


def rds(value, encoding="X", version=2):
    """What `saveRDS` writes, not compressed."""
    head = [version, 0x040202, 0x020300]
    if version == 3:
        head += [5, b"UTF-8"]
    parts = [*head, *value.flat()]
    if encoding == "A":
        lines = [
            part.decode() if isinstance(part, bytes) else str(part) for part in parts
        ]  # Only texts without blanks are made here.
        return b"A\n" + "".join(f"{line}\n" for line in lines).encode()
    order = ">" if encoding == "X" else "<"
    data = b"".join(
        part if isinstance(part, bytes) else struct.pack(f"{order}i", part) for part in parts
    )
    return encoding.encode() + b"\n" + data


def rdata(value):
    """What `save` writes, not compressed."""
    return b"RDX3\n" + rds(pairlist(value), version=3)
