"""Writes pickles opcode by opcode, as no pickler would, and hands out real ones for comparison.

Every payload is inert: the functions named in it are never called by a test.
"""

from __future__ import annotations

import pickle
import random
import struct
from dataclasses import dataclass, field
from pickle import (
    ADDITEMS,
    APPEND,
    APPENDS,
    BINGET,
    BINPERSID,
    BINPUT,
    BUILD,
    DICT,
    DUP,
    EMPTY_DICT,
    EMPTY_LIST,
    EMPTY_SET,
    EMPTY_TUPLE,
    FROZENSET,
    LIST,
    MARK,
    MEMOIZE,
    NEWFALSE,
    NEWOBJ,
    NEWOBJ_EX,
    NEWTRUE,
    NONE,
    OBJ,
    POP,
    POP_MARK,
    REDUCE,
    SETITEM,
    SETITEMS,
    STACK_GLOBAL,
    STOP,
    TUPLE,
    TUPLE1,
    TUPLE2,
    TUPLE3,
)  # fmt: skip


def proto(version: int) -> bytes:
    """PROTO."""
    return b"\x80" + bytes([version])


def frame(body: bytes, size: int | None = None) -> bytes:
    """FRAME around `body`, with a lie in its length if `size` is given."""
    return b"\x95" + struct.pack("<Q", len(body) if size is None else size) + body


def text(value: str) -> bytes:
    """BINUNICODE."""
    raw = value.encode("utf-8", "surrogatepass")
    return b"X" + struct.pack("<I", len(raw)) + raw


def short_text(value: str) -> bytes:
    """SHORT_BINUNICODE."""
    raw = value.encode("utf-8", "surrogatepass")
    return b"\x8c" + bytes([len(raw)]) + raw


def old_text(value: str) -> bytes:
    """SHORT_BINSTRING: the str of Python 2."""
    raw = value.encode("latin-1")
    return b"U" + bytes([len(raw)]) + raw


def line_text(value: str) -> bytes:
    """STRING: quoted, on a line."""
    return b"S" + repr(value).encode("latin-1") + b"\n"


def data(value: bytes) -> bytes:
    """BINBYTES."""
    return b"B" + struct.pack("<I", len(value)) + value


def put(index: int) -> bytes:
    """PUT."""
    return b"p%d\n" % index


def get(index: int) -> bytes:
    """GET."""
    return b"g%d\n" % index


def long_put(index: int) -> bytes:
    """LONG_BINPUT."""
    return b"r" + struct.pack("<I", index)


def global_(module: str, name: str) -> bytes:
    """GLOBAL."""
    return b"c" + module.encode() + b"\n" + name.encode() + b"\n"


def inst(module: str, name: str) -> bytes:
    """INST."""
    return b"i" + module.encode() + b"\n" + name.encode() + b"\n"


def stack_global(module: str, name: str) -> bytes:
    """STACK_GLOBAL on two constants."""
    return short_text(module) + short_text(name) + STACK_GLOBAL


def value(item: object) -> bytes:
    """Push a constant, or the tuple, list or dict of constants, or opcodes given as `Raw`."""
    if isinstance(item, Raw):
        return item.opcodes
    if item is None or isinstance(item, bool):
        return {None: NONE, True: NEWTRUE, False: NEWFALSE}[item]
    if isinstance(item, int):
        return b"I%d\n" % item
    if isinstance(item, str):
        return text(item)
    if isinstance(item, bytes):
        return data(item)
    if isinstance(item, tuple):
        return MARK + b"".join(value(one) for one in item) + TUPLE
    if isinstance(item, list):
        return MARK + b"".join(value(one) for one in item) + LIST
    if isinstance(item, dict):
        return MARK + b"".join(value(one) for pair in item.items() for one in pair) + DICT
    raise TypeError(type(item))


@dataclass(frozen=True)
class Raw:
    """Opcodes that push one value."""

    opcodes: bytes


def call(module: str, name: str, *arguments: object) -> bytes:
    """REDUCE of a global on constants."""
    return global_(module, name) + value(arguments) + REDUCE


def nested(module: str, name: str, *arguments: object) -> Raw:
    """A call whose result is an argument of another."""
    return Raw(call(module, name, *arguments))


SHELL = call("os", "system", "id") + POP
"""``os.system('id')``, its result dropped: what an attack puts wherever a scanner may not look."""


class Reduced:
    """Pickles as the call of `function` with `arguments`."""

    def __init__(self, function: object, *arguments: object) -> None:
        self.function = function
        self.arguments = arguments

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return self.function, self.arguments


NAMES = (
    ("os", "system"), ("builtins", "eval"), ("collections", "OrderedDict"), ("pkg.mod", "Class"),
    ("pkg", "Class.method"), ("__builtin__", "set"), ("copy_reg", "_reconstructor"),
    ("módulo", "función"),
)  # fmt: skip
"""Names that random streams import."""

EXTENSIONS = {1: ("ext", "One"), 240: ("ext", "Two"), 61234: ("ext", "Three")}
"""What the tests register in ``copyreg`` for EXT1, EXT2 and EXT4."""


@dataclass
class StreamWriter:
    """Writes a random stream that mostly runs: it keeps a model of stack, marks and memo.

    The model knows of each value only what later opcodes ask of it: `n` a constant, `s` a text,
    `t` a tuple, `l` a list, `d` a dict, `e` a set, `c` an import, `r` the result of a call.
    """

    rng: random.Random
    out: bytearray = field(default_factory=bytearray)
    stack: list[str] = field(default_factory=list)
    fences: list[int] = field(default_factory=list)
    memo: dict[int, str] = field(default_factory=dict)

    def top(self, count: int) -> str:
        """The kinds of the last `count` values above the last mark, or fewer."""
        fence = self.fences[-1] if self.fences else 0
        return "".join(self.stack[max(fence, len(self.stack) - count) :])

    def emit(self, opcodes: bytes, pops: int = 0, pushes: str = "") -> None:
        """Write opcodes and follow what they do to the stack."""
        self.out += opcodes
        if pops:
            del self.stack[-pops:]
        self.stack += pushes

    def to_mark(self, opcodes: bytes, pushes: str = "", below: int = 0) -> None:
        """Write an opcode that takes everything above the last mark."""
        fence = self.fences.pop()
        del self.stack[fence - below :]
        self.out += opcodes
        self.stack += pushes

    def constant(self) -> None:
        """Push a constant in one of all the ways there are."""
        rng = self.rng
        number = rng.choice((0, 1, 7, 255, 65535, -1, 2**31 - 1, 2**70, -(2**40)))
        word = rng.choice(("", "id", "os", "naïve", "a\\b", "'quoted'", "x" * 40))
        raw = word.encode()
        choices = (
            (NONE, "n"), (NEWTRUE, "n"), (NEWFALSE, "n"), (EMPTY_TUPLE, "t"),
            (b"K" + bytes([number & 255]), "n"), (b"M" + struct.pack("<H", number & 65535), "n"),
            (b"J" + struct.pack("<i", max(-(2**31), min(number, 2**31 - 1))), "n"),
            (b"I%d\n" % number, "n"), (b"L%dL\n" % number, "n"), (b"L%d\n" % number, "n"),
            (rng.choice((b"I00\n", b"I01\n", b"I 5 \n", b"I0x1f\n", b"I1_0\n", b"I010\n",
                         b"I-010\n",
                         b"I0\n", b"I7\r\n", b"I+3\n", b"I3\0x\n", b"L0x10L\n", b"I08\n", b"I\n",
                         b"Ione\n", b"L1a\n", b"I000\n", b"I0o7\n", b"L010\n", b"L5\0\n")), "n"),
            (rng.choice((b"F1.5\n", b"F-0.0\n", b"Finf\n", b"F1e300\n", b"F 2\n", b"F1_0.5\n",
                         b"F2.5\0x\n", b"F1.5\r\n", b"Fx\n", b"F\n")), "n"),
            (b"G" + struct.pack(">d", rng.choice((0.0, 1.5, -2.0))), "n"),
            (b"\x8a" + (lambda r: bytes([len(r)]) + r)(pickle.encode_long(number)), "n"),
            (text(word), "s"), (short_text(word), "s"), (data(raw), "n"),
            (b"C" + bytes([len(raw)]) + raw, "n"),
            (b"\x8e" + struct.pack("<Q", len(raw)) + raw, "n"),
            (b"\x96" + struct.pack("<Q", len(raw)) + raw, "n"),
            (b"\x8d" + struct.pack("<Q", len(raw)) + raw, "s"),
            (old_text("id"), "s"), (b"T\3\0\0\0abc", "s"),
            (line_text(word if word.isascii() else "q"), "s"),
            (b"V" + word.encode("raw-unicode-escape").replace(b"\\", b"\\u005c") + b"\n", "s"),
            (b'S"double"\n', "s"), (b"S'\\x41\\n'\n", "s"), (b"S'a'\r\n", "s"), (b"S'open\n", "s"),
        )  # fmt: skip
        self.emit(*(lambda pair: (pair[0], 0, pair[1]))(rng.choice(choices)))

    def import_(self) -> None:
        """Import in one of all the ways there are."""
        rng = self.rng
        module, name = rng.choice(NAMES)
        way = rng.randrange(8)
        if way == 0:
            code = rng.choice((*EXTENSIONS, 0, 9))
            width, opcode = rng.choice(((1, b"\x82"), (2, b"\x83"), (4, b"\x84")))
            self.emit(opcode + (code & (256**width - 1)).to_bytes(width, "little"), 0, "c")
        elif way < 4:
            self.emit(global_(module, name), 0, "c")
        elif way == 4:
            push = rng.choice(
                (text, short_text, lambda word: b"V" + word.encode("raw-unicode-escape") + b"\n")
            )
            self.emit(push(module) + MEMOIZE + push(name) + DUP + POP + STACK_GLOBAL, 0, "c")
            self.memo[len(self.memo)] = "s"
        else:
            self.emit(short_text(module) + short_text(name) + STACK_GLOBAL, 0, "c")

    def memory(self) -> None:
        """PUT, MEMOIZE and GET in all their forms, odd indices included."""
        rng = self.rng
        index = rng.choice((0, 1, 2, 3, len(self.memo), 255, 300))
        if rng.random() < 0.5 and self.top(1):
            forms = [MEMOIZE, long_put(index), put(index), b"p%03d\n" % index, b"p %d \n" % index,
                     b"p+%d\n" % index, b"p%d\0x\n" % index, b"p%d\r\n" % index]  # fmt: skip
            if index < 256:
                forms.append(BINPUT + bytes([index]))
            form = rng.choice(forms)
            self.memo[len(self.memo) if form == MEMOIZE else index] = self.stack[-1]
            self.emit(form)
        elif self.memo:
            index = rng.choice(tuple(self.memo))
            forms = [b"j" + struct.pack("<I", index), get(index), b"g%07d\n" % index,
                     b"g %d\t\n" % index, b"g%d\0\n" % index, b"g0_%d\n" % index]  # fmt: skip
            if index < 256:
                forms.append(BINGET + bytes([index]))
            self.emit(rng.choice(forms), 0, self.memo[index])

    def step(self) -> None:
        """Write one more thing, likely one that runs."""
        rng = self.rng
        top2, top3 = self.top(2), self.top(3)
        moves = [self.constant, self.constant, self.import_, self.memory, self.memory]
        moves.append(lambda: (self.emit(MARK), self.fences.append(len(self.stack))))
        moves.append(
            lambda: self.emit(
                *rng.choice(((EMPTY_LIST, 0, "l"), (EMPTY_DICT, 0, "d"), (EMPTY_SET, 0, "e")))
            )
        )
        if top2:
            moves.append(lambda: self.emit(DUP, 0, self.stack[-1]))
            moves.append(lambda: self.emit(TUPLE1, 1, "t"))
            moves.append(lambda: self.emit(POP, 1))
            moves.append(lambda: self.emit(BINPERSID, 1, "r"))
        self._with_two(moves, top2)
        self._with_three(moves, top3)
        if self.fences:
            self._with_mark(moves)
        if rng.random() < 0.03:
            moves = [lambda: self.emit(self._odd())]
        rng.choice(moves)()

    def _with_two(self, moves: list, top2: str) -> None:
        if len(top2) == 2:
            moves.append(lambda: self.emit(TUPLE2, 2, "t"))
            if top2[0] in "cr" and top2[1] in "tl":
                for _ in range(12):
                    moves.append(lambda: self.emit(REDUCE, 2, "r"))
            if top2 == "ct":
                for _ in range(6):
                    moves.append(lambda: self.emit(NEWOBJ, 2, "r"))
            if top2[0] in "cr" and top2[1] == "d":
                moves += [lambda: self.emit(BUILD, 1)] * 6
            if top2[0] in "lr":
                moves += [lambda: self.emit(APPEND, 1)] * 3

    def _with_three(self, moves: list, top3: str) -> None:
        if len(top3) == 3:
            moves.append(lambda: self.emit(TUPLE3, 3, "t"))
            if top3[0] in "dr" and top3[1] in "ns":
                moves += [lambda: self.emit(SETITEM, 2)] * 4
            if top3 == "ctd":
                moves += [lambda: self.emit(NEWOBJ_EX, 3, "r")] * 20

    def _with_mark(self, moves: list) -> None:
        fence = self.fences[-1]
        above = self.stack[fence:]
        limit = self.fences[-2] if len(self.fences) > 1 else 0
        below = self.stack[fence - 1] if fence > limit else ""
        moves += [lambda: self.to_mark(TUPLE, "t"), lambda: self.to_mark(LIST, "l")]
        moves.append(lambda: self.to_mark(POP_MARK))
        if not above:
            moves.append(lambda: self.to_mark(POP))
        if len(above) % 2 == 0 and all(kind in "ns" for kind in above[::2]):
            moves.append(lambda: self.to_mark(DICT, "d"))
            if below and below in "dr":
                moves += [lambda: self.to_mark(SETITEMS, below, 1)] * 4
        if all(kind in "ns" for kind in above):
            moves.append(lambda: self.to_mark(FROZENSET, "n"))
            if below and below in "er":
                moves += [lambda: self.to_mark(ADDITEMS, below, 1)] * 4
        if below and below in "lr":
            moves += [lambda: self.to_mark(APPENDS, below, 1)] * 4
        module, name = self.rng.choice(NAMES[:7])
        moves += [lambda: self.to_mark(inst(module, name), "r")] * 3
        if above and above[0] == "c":
            moves += [lambda: self.to_mark(OBJ, "r")] * 12

    def _odd(self) -> bytes:
        """Something that seldom runs, or changes how what follows runs."""
        rng = self.rng
        return rng.choice((
            proto(rng.randrange(6)), proto(2), proto(9),
            frame(b"", rng.choice((0, 3, 12, 1 << 20))),
            bytes([rng.randrange(256)]), b"Ppersistent\n", b"g99\n", BUILD, REDUCE, OBJ, NEWOBJ_EX,
            STACK_GLOBAL, SETITEMS, ADDITEMS, APPENDS, TUPLE, POP, POP, POP_MARK, b"\x97", b"\x98",
            b"cos\r\nsystem\r\n", b"c\n\n", b"c os\nsystem \n", b"ios\n", b"i\xe9\nx\n",
            b"c\xff\nx\n",
            b"\x8b\xff\xff\xff\xff", b"T\xff\xff\xff\xff", b"\x8e" + b"\xff" * 8, b"p-1\n",
            b"pten\n",
        ))  # fmt: skip


def random_stream(seed: int) -> bytes:
    """Return the stream of this seed: mostly valid, ended or cut at random."""
    rng = random.Random(seed)
    writer = StreamWriter(rng)
    if rng.random() < 0.6:
        writer.emit(proto(rng.randrange(6)))
    for _ in range(rng.randrange(3, 60)):
        writer.step()
    while writer.fences and rng.random() < 0.95:
        writer.to_mark(TUPLE, "t")
    result = bytes(writer.out + STOP)
    if rng.random() < 0.15:
        result = result[: rng.randrange(1, len(result) + 1)]
    if rng.random() < 0.15 and len(result) > 12:
        result = proto(4) + frame(result, len(result) + rng.choice((0, 0, 0, -3, 5)))
    return result


def mutated(seed: int, original: bytes) -> bytes:
    """Return `original` with a few bytes changed, dropped, doubled or put in."""
    rng = random.Random(seed)
    result = bytearray(original)
    for _ in range(rng.randrange(1, 5)):
        at = rng.randrange(len(result) + 1)
        what = rng.randrange(4)
        if what == 0:
            result[at : at + 1] = bytes([rng.randrange(256)])
        elif what == 1:
            del result[at : at + rng.randrange(1, 9)]
        elif what == 2:
            result[at:at] = result[at : at + rng.randrange(1, 30)]
        else:
            result[at:at] = rng.choice((MARK, POP, DUP, REDUCE, MEMOIZE, STOP, TUPLE, BUILD, b"\n"))
    return bytes(result)
