"""Training data and weights as programs of their own keep them.

MXNet: dmlc/recordio.h. llm.c: dataloader.h. llama2.c:
export.py, legacy. llama.cpp: the first form of its importance matrices. Marian: common/binary.cpp.
Kaldi: kaldi-matrix.cc, compressed-matrix.cc, kaldi-holder. spaCy: kb_in_memory.pyx, Writer. Lance:
file format 2, footers. LevelDB: doc/log_format.md, as wandb keeps its logs.
"""

from __future__ import annotations

from functools import partial

from weighbridge.budget import Budget
from weighbridge.formats.crc32c import crc32c
from weighbridge.formats.data.extent import MOST_PARTS, Extent, follow, number
from weighbridge.sources.base import Source

_RECORD = b"\x0a\x23\xd7\xce"
_TOKENS = 20240520
_KALDI_MATRICES = {b"FM ": 4, b"DM ": 8}
_KALDI_VECTORS = {b"FV ": 4, b"DV ": 8}
_KALDI_PACKED = {b"CM ": (1, 8), b"CM2": (2, 0), b"CM3": (1, 0)}
_LOG_BLOCK = 32768
_CRC_MASK = 0xA282EAD8
# Computing checksums is slow, so those far from both ends are left out.
_CHECKED = 1 << 18
_WANDB = b":W&B\x94\xbe\0"
_LEAST_WEIGHTS = 1 << 12
_LEAST_PICTURES = 64


def records(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """RecordIO of MXNet: a mark and a length before each record, which is filled up to four."""

    def length(header: bytes, _offset: int) -> int | None:
        size = number(header, 4) & 0x1FFFFFFF
        return 8 + size + -size % 4 if header[:4] == _RECORD and len(header) == 8 else None

    return Extent("recordio", follow(source, 0, 8, length, budget)) if head[:4] == _RECORD else None


def tokens(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """Tokens of llm.c behind 256 numbers, of which one counts them."""
    if number(head, 0) != _TOKENS or number(head, 4) != 1:
        return None
    return Extent("llm.c-tokens", 1024 + 2 * number(head, 8))


def llama2c(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """Seven sizes without a mark, and as many weights as a network of these sizes has."""
    dim, hidden, layers, heads, shared, vocabulary, length = (number(head, 4 * n) for n in range(7))
    vocabulary = vocabulary if vocabulary < 1 << 31 else (1 << 32) - vocabulary
    sizes = (dim, hidden, layers, heads, shared, vocabulary, length)
    if source.size < _LEAST_WEIGHTS or not all(0 < n < 1 << 20 for n in sizes) or dim % heads:
        return None
    values = dim * shared // heads
    each = 2 * dim + 2 * dim * dim + 2 * dim * values + 3 * dim * hidden
    weights = vocabulary * dim + layers * each + dim + length * (dim // heads)
    known = source.size in (28 + 4 * weights, 28 + 4 * (weights + vocabulary * dim))
    return Extent("llama2.c", source.size) if known else None


def pieces(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """The vocabulary of llama2.c: a score, a length and a text for each piece of a word."""
    longest = number(head, 0)
    if not 0 < longest <= 1 << 10 or source.size < 64:
        return None

    def length(header: bytes, _offset: int) -> int | None:
        size = number(header, 4)
        return 8 + size if len(header) == 8 and size <= longest else None

    end = follow(source, 4, 8, length, budget)
    return Extent("llama2.c-vocabulary", end) if end == source.size else None


def pictures(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """CIFAR: one or two labels before 3072 samples, and nothing besides."""
    for labels, classes in ((1, 10), (2, 100)):
        width = labels + 3072
        if source.size < _LEAST_PICTURES * width or source.size % width:
            continue

        end = follow(source, 0, labels, partial(_picture, width, classes), budget)
        if end == source.size:
            return Extent("cifar", end)
    return None


def _picture(width: int, classes: int, labels: bytes, _offset: int) -> int | None:
    return width if labels and max(labels) < classes else None


def importance(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """Importance matrices of llama.cpp: names and sums; there is no mark, so they end exactly."""
    count = number(head, 0)
    if not 0 < count < 100_000 or not 4 < number(head, 4) < 256:
        return None
    at = 4
    for _ in range(count):
        budget.check_time()
        name = source.read_at(at + 4, number(source.read_at(at, 4), 0) & 0xFFF)
        if not name or not name.isascii() or b"." not in name:
            return None
        at += 4 + len(name)
        at += 8 + 4 * number(source.read_at(at + 4, 4), 0)
        if at > source.size:
            return None
    if at < source.size:  # The last chunk, and what was read to compute it.
        at += 8 + number(source.read_at(at + 4, 4), 0)
    return Extent("imatrix", at) if at == source.size else None


def marian(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """Translation models: headers of all tensors, their names, shapes, and data."""
    count = number(head, 8, 8)
    if number(head, 0, 8) != 1 or not 0 < count < 100_000 or source.size < 16 + 32 * count:
        return None
    headers = source.read_at(16, 32 * count)
    fields = [[number(headers, at + 8 * n, 8) for n in range(4)] for at in range(0, 32 * count, 32)]
    if any(not 0 < name < 1024 or dims > 32 for name, _kind, dims, _data in fields):
        return None
    at = 16 + 32 * count + sum(name + 4 * dims for name, _kind, dims, _data in fields)
    at += 8 + number(source.read_at(at, 8), 0, 8)
    end = at + sum(data for *_rest, data in fields)
    known = source.read_at(16 + 32 * count + fields[0][0] - 1, 1) == b"\0"
    return Extent("marian", end) if known else None


def kaldi(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """Features of Kaldi: each a key, a mark, and a matrix or a vector."""

    def length(data: bytes, _offset: int) -> int | None:
        key, mark, rest = data.partition(b"\0B")
        named = key.endswith(b" ") and key.isascii() and key.decode("ascii").isprintable()
        if not mark or len(key) > 250 or (key and not named):
            return None
        size = _kaldi_object(rest)
        return None if size is None else len(key) + 2 + size

    if b"\0B" not in head[:256]:
        return None
    end = follow(source, 0, 300, length, budget)
    return Extent("kaldi-archive", end) if end else None


def _kaldi_object(data: bytes) -> int | None:
    kind = data[:3]
    if kind in _KALDI_MATRICES and data[3:4] == b"\4" and data[8:9] == b"\4":
        return 13 + _KALDI_MATRICES[kind] * number(data, 4) * number(data, 9)
    if kind in _KALDI_VECTORS and data[3:4] == b"\4":
        return 8 + _KALDI_VECTORS[kind] * number(data, 4)
    if kind in _KALDI_PACKED:
        start = 3 if data[2:3] == b" " else 4
        each, column = _KALDI_PACKED[kind]
        rows, columns = number(data, start + 8), number(data, start + 12)
        return start + 16 + columns * (column + each * rows)
    if data[:1] == b"\4" and (data[5:6] == b"\4" or not number(data, 1)):
        return 5 + 5 * number(data, 1)
    return None


def knowledge_base(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """Entities of spaCy's linker: their vectors, and names with the entities that they may mean."""
    entities, width = number(head, 0, 8), number(head, 8, 8)
    if not 0 < entities < 1 << 32 or not 0 < width < 1 << 16:
        return None
    at = 16 + entities * (4 * width + 16)
    names = number(source.read_at(at, 8), 0, 8)
    at += 8
    for name in range(names if at + 16 * names <= source.size else 0):
        if name > MOST_PARTS:
            return None
        if not name % 1024:
            budget.check_time()
        at += 16 + 12 * number(source.read_at(at + 8, 8), 0, 8)
    return Extent("spacy-knowledge-base", at) if at == source.size else None


def lance(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """Tables and manifests of Lance, known by their ends, which say where their parts stand."""
    tail = source.read_at(max(0, source.size - 40), 40)
    if not tail.endswith(b"LANC"):
        return None
    start = number(tail, len(tail) - 16, 8)
    if number(source.read_at(start, 4), 0) + 4 + start == source.size - 16:
        return Extent("lance", source.size)
    places = [number(tail, 8 * n, 8) for n in range(3)]
    ordered = 0 <= places[0] <= places[1] <= places[2] <= source.size - 40
    # Entries of sixteen bytes for each column, and for each buffer of the whole.
    columns, buffers = number(tail, 28), number(tail, 24)
    known = places[2] - places[1] == 16 * columns and source.size - 40 - places[2] == 16 * buffers
    return Extent("lance", source.size) if ordered and known else None


def log(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """Logs of LevelDB, its list of tables, and wandb's: records in blocks, each with a checksum."""
    start = len(_WANDB) if head.startswith(_WANDB) else 0
    if head[start + 6 : start + 7] not in (b"\1", b"\2") or not _is_record(source, start):
        return None

    def length(header: bytes, offset: int) -> int | None:
        left = _LOG_BLOCK - offset % _LOG_BLOCK
        if left < 7:
            return left if not any(header[:left]) else None
        near = min(offset, source.size - offset) < _CHECKED
        known = len(header) == 7 and 1 <= header[6] <= 4
        if not known or (near and not _is_record(source, offset)):
            return None
        return 7 + number(header, 4, 2)

    name = "wandb-log" if start else "leveldb-log"
    return Extent(name, follow(source, start, 7, length, budget))


def _is_record(source: Source, offset: int) -> bool:
    """Say whether a record is whole and its checksum right."""
    header = source.read_at(offset, 6)
    size = 1 + number(header, 4, 2)
    data = source.read_at(offset + 6, size)
    if len(data) < size:
        return False
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + _CRC_MASK) & 0xFFFFFFFF == number(header, 0)
