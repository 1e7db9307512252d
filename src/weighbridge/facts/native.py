"""Programs and machine code, recognised by headers that hold."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Executable:
    """A program, a library or a script.

    Attributes:
        member: place inside the file, None for the file itself.
        kind: `elf`, `pe`, `mach-o`, `java-class`, `webassembly`, `script`, or the
            package of programs that an archive is: `java-archive`, `android-package`,
            `ios-package`.
        container: format of what directly holds it, None for the file itself.
        origin: what hands the bytes to a loader: `file`, `member`, `hidden`, or `expected` where
            the format around it is made to carry programs.
        machine: the processor, as the header names it; the interpreter of a script.
        shape: `program`, `library`, `object`, ...
        size: in bytes.
        loaders: load calls that run it.
    """

    member: str | None
    kind: str
    container: str | None
    origin: str
    machine: str
    shape: str
    size: int
    loaders: tuple[str, ...]
