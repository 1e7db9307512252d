"""Descriptions of classes: which data an object of each has in the stream (6.2, classDesc)."""

from __future__ import annotations

from dataclasses import dataclass, field

from weighbridge.errors import LimitExceeded, MalformedInput

WRITE_METHOD, SERIALIZABLE, EXTERNALIZABLE, BLOCK_DATA, ENUM = 1, 2, 4, 8, 16  # 6.4.2, SC_…
WIDTHS = {"B": 1, "C": 2, "D": 8, "F": 4, "I": 4, "J": 8, "S": 2, "Z": 1}
OBJECTS = "L["
MOST_SUPERCLASSES = 256
NEVER = -1
"""Of :attr:`Description.default_at`: the class writes its fields by itself."""


@dataclass(slots=True, eq=False)
class Description:
    """One class, as the stream describes it.

    Attributes:
        name: as Java names it: `a.b.C`, `[La.b.C;`; empty for a proxy.
        flags: of the class; those of a proxy are `SERIALIZABLE`.
        primitives: bytes that the fields with primitive types take together.
        objects: how many fields hold objects.
        hash_at: where in the primitives the field `hashCode` of java.net.URL stands.
        interfaces: of a proxy, else None.
        complete: it was read to its end, with the description of its superclass.
        default_at: behind how many contents a `writeObject` of its own has the fields written the
            ordinary way; None as long as that is not known.
    """

    name: str
    flags: int
    primitives: int = 0
    objects: int = 0
    hash_at: int | None = None
    interfaces: tuple[str, ...] | None = None
    complete: bool = False
    default_at: int | None = None
    levels: tuple[Description, ...] = field(default=())

    def finish(self, parent: Description | None, offset: int) -> None:
        """Set what superclasses the data of an object begins with.

        Raises:
            MalformedInput: the superclass is one that is just being described.
            LimitExceeded: there are too many of them.
        """
        if parent is not None and not parent.complete:
            raise MalformedInput("java-superclass", "a class is its own superclass", offset)
        # The data of an Externalizable is all that is written of it.
        above = () if parent is None or self.flags & EXTERNALIZABLE else parent.levels
        if len(above) >= MOST_SUPERCLASSES:
            text = f"a class has more than {MOST_SUPERCLASSES} superclasses"
            raise LimitExceeded("limit-java-superclasses", text, offset)
        # Each described class has its data, also one that is not marked as serializable: Java
        # passes over the fields that the stream says a class has which the program does not.
        self.levels = (*above, self)
        self.complete = True

    def element(self) -> str:
        """Return the type of one element of an array of this class, or an empty text."""
        return self.name[1:] if self.name.startswith("[") else ""


_PRIMITIVE = frozenset("boolean byte char double float int long short void".split())


def class_of(name: str) -> str:
    """Return the class that a name asks for: of an array that of its elements, or nothing."""
    if not name.startswith("["):
        return "" if name in _PRIMITIVE else name
    inner = name.lstrip("[")
    return inner[1:].removesuffix(";") if inner.startswith("L") else ""
