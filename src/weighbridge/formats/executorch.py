"""ExecuTorch programs (``.pte``), their data files (``.ptd``), and mobile TorchScript.

``ET12``: a FlatBuffer (``schema/program.fbs``) with an extended header ``eh00`` at offset 8: length
u32, program size u64, segment base u64; behind it the segments with constants and what backends
compiled. ``FT01``: tensors alone, header ``FH01`` with offset and size of FlatBuffer and segments.
``PTMF``: ``mobile_bytecode.fbs`` of PyTorch, with the names of the operators that a model calls.
"""

from __future__ import annotations

import hashlib

from weighbridge.errors import MalformedInput
from weighbridge.facts.pickles import Code
from weighbridge.formats import executables
from weighbridge.formats.context import Context, Place
from weighbridge.formats.flatbuffers import Buffer, Table
from weighbridge.formats.numpy_array import trailing
from weighbridge.sources.base import Source
from weighbridge.sources.memory import SliceSource

NAME = "executorch"
DATA_NAME = "executorch-data"
MOBILE_NAME = "torch-mobile"
LOADERS = ("executorch.runtime.Runtime.load_program", "torch::executor::Program::load")
_WIDE = 1 << 63
_PADDING = 1 << 16
_TENSOR, _FUNCTION = 5, 16
_ELEMENT = 16
_KEPT = 20
_NAMES = 2_000


def claims(_source: Source, head: bytes) -> bool:
    """Say whether one of the three identifiers is at offset 4."""
    return head[4:8] in (b"ET12", b"FT01", b"PTMF")


def parse(context: Context, source: Source, place: Place) -> bool:
    """Examine the structure; the data of tensors and backends is opaque."""
    identifier = source.read_at(4, 4)
    if identifier == b"PTMF":
        _mobile(context, source, place)
    elif identifier == b"FT01":
        _data(context, source, place)
    else:
        _Program(context, source, place).read()
    return True


class _Program:
    def __init__(self, context: Context, source: Source, place: Place) -> None:
        self._context = context
        self._source = source
        self._place = place
        self._size, self._base, self._end = source.size, 0, source.size
        self._odd: dict[str, int] = {}

    def read(self) -> None:
        extended = self._header()
        self._context.format(self._place, NAME, self._source.size, extended_header=extended or None)
        buffer = Buffer(SliceSource(self._source, 0, self._size), self._context.budget)
        try:
            root = buffer.root()
            segments = self._segments(buffer, root)
            inline = [buffer.vector(item, 0, 1) for item in buffer.tables(root, 3)]
            buffers = [buffer.vector(item, 0, 1) for item in buffer.tables(root, 2)]
            constants = self._constants(buffer, root, len(segments), len(buffers))
            for plan in buffer.tables(root, 1):
                self._plan(buffer, plan, constants, (len(inline), len(segments)))
        except MalformedInput as error:
            if self._size <= self._source.size:
                self.anomaly("executorch-offset", error.text, error.offset)
            raise
        for start, size in (*inline, *((self._base + a, b) for a, b in segments)):
            self._blob(start, size)
        self._rest(segments)

    def _header(self) -> bool:
        head = self._source.read_at(8, 40)
        if head[:4] != b"eh00":
            return False
        length = int.from_bytes(head[4:8], "little")
        size = int.from_bytes(head[8:16], "little")
        self._base = int.from_bytes(head[16:24], "little")
        if length < 24 or length > 4096 or size < 16 or (self._base and self._base < size):
            text = f"the extended header has length {length}, program {size}, base {self._base}"
            self.anomaly("executorch-header", text, 8)
        if size > self._source.size:
            text = f"the program needs {size} bytes, the file has {self._source.size}"
            self._context.gap(self._place, NAME, "malformed-truncated", text, 8)
        self._size = min(size, self._source.size)
        return True

    def _segments(self, buffer: Buffer, root: Table) -> list[tuple[int, int]]:
        found = []
        for item in buffer.tables(root, 4):
            start, size = buffer.scalar(item, 0, 8), buffer.scalar(item, 1, 8)
            found.append((start, size))
            if start + size >= _WIDE or self._base + start + size >= _WIDE:
                text = f"a segment at {start} of {size} bytes overflows 64 bits"
                self.anomaly("executorch-overflow", text, item.start)
            elif self._base + start + size > self._source.size:
                text = f"a segment at {start} of {size} bytes goes beyond the file"
                self.anomaly("executorch-segment", text, item.start)
        return found

    def _constants(self, buffer: Buffer, root: Table, segments: int, buffers: int) -> int:
        table = buffer.child(root, 5)
        if table is None:
            return buffers
        if buffer.scalar(table, 0, 4) >= max(1, segments):
            self.anomaly("executorch-index", "constants lie in a segment there is not", table.start)
        return max(buffers, buffer.vector(table, 1, 8)[1])

    def _plan(self, buffer: Buffer, plan: Table, constants: int, blobs: tuple[int, int]) -> None:
        values = 0
        for value in buffer.tables(plan, 2):
            values += 1
            inner = buffer.child(value, 1)
            if inner is not None and buffer.scalar(value, 0, 1) == _TENSOR:
                self._tensor(buffer, inner, constants)
        for number in (3, 4):
            for index in buffer.numbers(plan, number, 100_000):
                if not 0 <= index < values:
                    text = f"a plan names the value {index} of {values}"
                    self.anomaly("executorch-index", text, plan.start)
        operators = [buffer.text(item, 0) for item in buffer.tables(plan, 6)]
        for name in list(dict.fromkeys(operators))[:_KEPT]:
            self._context.metadata(self._place, NAME, "operator", name[:200])
        delegates = list(buffer.tables(plan, 7))
        for item in delegates:
            self._context.metadata(self._place, NAME, "backend", buffer.text(item, 0)[:200])
            where = buffer.child(item, 1)
            if where is not None:
                most = blobs[1] if buffer.scalar(where, 0, 1) else blobs[0]
                if buffer.scalar(where, 1, 4) >= most:
                    text = "a backend takes data that is not there"
                    self.anomaly("executorch-index", text, where.start)
        for chain in buffer.tables(plan, 5):
            self._chain(buffer, chain, len(operators), len(delegates))
        buffer.vector(plan, 8, 8)

    def _chain(self, buffer: Buffer, chain: Table, operators: int, delegates: int) -> None:
        for instruction in buffer.tables(chain, 2):
            kind, call = buffer.scalar(instruction, 0, 1), buffer.child(instruction, 1)
            most = {1: operators, 2: delegates}.get(kind)
            if call is not None and most is not None:
                index = buffer.scalar(call, 0, 4, signed=True)
                buffer.vector(call, 1, 4)
                if not 0 <= index < most:
                    text = f"an instruction calls number {index} of {most}"
                    self.anomaly("executorch-index", text, call.start)

    def _tensor(self, buffer: Buffer, tensor: Table, constants: int) -> None:
        elements = 1
        for extent in buffer.numbers(tensor, 2, 64):
            if extent < 0:
                self.anomaly("executorch-shape", f"a tensor has the size {extent}", tensor.start)
            elements *= max(extent, 0)
        buffer.vector(tensor, 3, 1)
        if elements * _ELEMENT >= _WIDE:
            text = "the sizes of a tensor overflow 64 bits"
            self.anomaly("executorch-overflow", text, tensor.start)
        index = buffer.scalar(tensor, 5, 4)
        # With an allocation or a name the number counts in other lists.
        constant = tensor.at(6) is None and tensor.at(9) is None
        if constant and index >= max(1, constants):
            text = f"a tensor takes constant {index} of {constants}"
            self.anomaly("executorch-index", text, tensor.start)

    def _blob(self, start: int, size: int) -> None:
        """Data of a backend can be a program for its processor; say so."""
        piece = SliceSource(self._source, start, size)
        head = piece.read_at(0, 512)
        program = executables.recognise(piece, head) if executables.claims(piece, head) else None
        if program is not None and program.kind != "script":
            place = self._place.inside(f"data at {start}", LOADERS, "expected")
            executables.state(self._context, program, piece, place)

    def _rest(self, segments: list[tuple[int, int]]) -> None:
        ends = [self._base + start + size for start, size in segments]
        _behind(self._context, self._source, self._place, NAME, max([self._size, *ends]))

    def anomaly(self, code: str, text: str, at: int | None) -> None:
        self._odd[code] = self._odd.get(code, 0) + 1
        if self._odd[code] <= _KEPT:
            self._context.anomaly(self._place, NAME, code, text, at)


def _behind(context: Context, source: Source, place: Place, name: str, end: int) -> None:
    """Examine what follows the declared content, unless it is padding."""
    if end >= source.size:
        return
    rest = source.size - end
    if rest <= _PADDING and not source.read_at(end, rest).strip(b"\0"):
        return
    trailing(context, source, place, name, end)


def _data(context: Context, source: Source, place: Place) -> None:
    head = source.read_at(8, 40)
    context.format(place, DATA_NAME, source.size)
    if head[:4] != b"FH01" or len(head) < 40:
        text = "the data file has no header that says where its parts lie"
        context.gap(place, DATA_NAME, "unsupported-header", text, 8, carries_code=False)
        return
    length = int.from_bytes(head[4:8], "little")
    numbers = [int.from_bytes(head[at : at + 8], "little") for at in (8, 16, 24, 32)]
    start, size, base, rest = numbers
    if length < 40 or max(start + size, base + rest) >= _WIDE:
        text = f"the header gives {start}+{size} and {base}+{rest}"
        context.anomaly(place, DATA_NAME, "executorch-overflow", text, 8)
    elif max(start + size, base + rest) > source.size:
        text = f"the header gives {start}+{size} and {base}+{rest} of {source.size} bytes"
        context.anomaly(place, DATA_NAME, "executorch-segment", text, 8)
        context.gap(place, DATA_NAME, "malformed-truncated", text, 8, carries_code=False)
    else:
        _behind(context, source, place, DATA_NAME, max(start + size, base + rest))


def _mobile(context: Context, source: Source, place: Place) -> None:
    """Name the operators that a mobile model calls, the way TorchScript would."""
    context.format(place, MOBILE_NAME, source.size)
    buffer = Buffer(source, context.budget)
    root = buffer.root()
    names: dict[str, None] = {}
    for value in buffer.tables(root, 4):
        # Other kinds are structures, which have no table of fields.
        inner = buffer.child(value, 1) if buffer.scalar(value, 0, 1) == _FUNCTION else None
        if inner is not None:
            for operator in buffer.tables(inner, 2):
                names[buffer.text(operator, 0)] = None
    for number in (1, 8):
        for item in buffer.tables(root, number):
            buffer.text(item, 0)
            buffer.vector(item, 1, 1)
    for item in buffer.tables(root, 6):
        buffer.vector(item, 0, 1)
    calls = tuple("ops." + name.replace("::", ".", 1) for name in list(names)[:_NAMES])
    text = "\n".join(names)
    context.add(
        Code(
            stream=None,
            member=place.member,
            offset=0,
            origin="torchscript",
            name="mobile bytecode",
            call=None,
            imports=(),
            calls=calls,
            constants=(),
            complete=len(names) <= _NAMES,
            text=text[:2000],
            sha256=hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest(),
        )
    )
