"""What a serialized stream of Java holds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class JavaClass:
    """One class that reading a stream asks for, in one use.

    Attributes:
        member: place inside the file, outermost first, joined with ``!``; None for the file itself.
        offset: of the first such use, in bytes from the start of the member.
        name: as Java names it, with `$` before inner classes; of a proxy the class that answers
            its calls, empty where that is not told.
        use: `object` (made and filled), `superclass` (filled as a part of such an object), `enum`,
            `proxy`, `key` (an address that is hashed while it is read); or only looked up by its
            name: `array` (of its objects), `literal` (the class itself is the value), `interface`
            (of a proxy), `described`.
        count: how many such uses there are.
        texts: that objects of a class which acts hold, the first few.
        interfaces: of a proxy, the first few.
    """

    member: str | None
    offset: int
    name: str
    use: str
    count: int
    texts: tuple[str, ...]
    interfaces: tuple[str, ...]
