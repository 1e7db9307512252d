"""Word vectors, indexes of neighbours, language models and vocabularies.

fastText: FastText::saveModel. word2vec: the binary form of the original tool. FAISS: index_write.
hnswlib: saveIndex. Annoy: save. Darknet: save_weights. KenLM: the header of its binary form.
CTranslate2: Model::load. sentencepiece: sentencepiece_model.proto.
"""

from __future__ import annotations

import re

from weighbridge.budget import Budget
from weighbridge.errors import ParseError
from weighbridge.formats.data.extent import Extent, number
from weighbridge.formats.protobuf import BYTES, FIXED32, FIXED64, VARINT, Wire
from weighbridge.sources.base import Source

_FASTTEXT = 793712314
_FAISS = re.compile(rb"I[a-zA-Z][A-Za-z0-9]{2}")
_WORD2VEC = re.compile(rb"([1-9]\d{0,8}) ([1-9]\d{0,4})\n")
_KENLM = b"mmap lm http://kheafield.com/code format version "
_MARISA = b"We love Marisa."
_PIECES = 4_000_000
# TensorProto of onnx.proto: the wire types that each field may have.
_TENSOR = {
    1: (VARINT, BYTES),
    2: (VARINT,),
    4: (BYTES, FIXED32),
    5: (BYTES, VARINT),
    6: (BYTES,),
    7: (BYTES, VARINT),
    8: (BYTES,),
    9: (BYTES,),
    10: (BYTES, FIXED64),
    11: (BYTES, VARINT),
    12: (BYTES,),
}
_ANNOY_LEAST, _ANNOY_MOST = 12 + 4, 16 + 4 * 8192
_VARIABLES = 200_000
_DARKNET = ((0, 1, 0), (0, 2, 0), (0, 2, 5))


def fasttext(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """Its magic number, version 11 or 12, and settings of ordinary size."""
    if number(head, 0) != _FASTTEXT or number(head, 4) not in (11, 12):
        return None
    return Extent("fasttext", source.size if 0 < number(head, 8) <= 1 << 16 else source.size + 1)


def word2vec(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """Two counts in a line; then for each word its text, a blank, and that many floats.

    Where a word ends is known only after reading it, so what is held against the file is that
    there is room for all of them and that the first ones are words.
    """
    counts = _WORD2VEC.match(head)
    if counts is None:
        return None
    words, size = int(counts[1]), int(counts[2])
    at = counts.end()
    for _ in range(min(words, 8)):
        text, blank, _rest = source.read_at(at, 512).partition(b" ")
        if not blank or not text.strip(b"\n"):
            return None
        at += len(text) + 1 + 4 * size
    least = counts.end() + words * (4 * size + 2)
    return Extent("word2vec", source.size if least <= source.size else source.size + 1)


def faiss(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """Four letters for the kind of index, then dimension, count and two reserved numbers."""
    if _FAISS.match(head[:4]) is None or len(head) < 33:
        return None
    if head[1:2] == b"B":  # of bits: dimension, bytes of a vector, count
        bits, width = number(head, 4), number(head, 8)
        return Extent("faiss", source.size) if bits == 8 * width > 0 and head[20] < 2 else None
    dimension, reserved = number(head, 4), (number(head, 16, 8), number(head, 24, 8))
    plausible = 0 < dimension <= 1 << 20 and reserved == (1 << 20, 1 << 20)
    return Extent("faiss", source.size) if plausible and head[32] in (0, 1) else None


def annoy(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """Nodes of one size to the end, without any header (annoylib.h, Node).

    A node begins with the number of items below it: 1 for each item, and in the last node, which is
    a root, the number of all items. The size is not stated; it is that of a few numbers and one
    float for each dimension.
    """
    if number(head, 0) != 1:
        return None
    start = source.read_at(0, 4 * _ANNOY_MOST)
    for size in range(_ANNOY_LEAST, min(len(start) // 4, _ANNOY_MOST) + 1, 4):
        if source.size % size or any(number(start, size * at) != 1 for at in range(4)):
            continue
        items = number(source.read_at(source.size - size, 4), 0)
        if 4 <= items < source.size // size and _items(source, size, items):
            return Extent("annoy", source.size)
    return None


def _items(source: Source, size: int, items: int) -> bool:
    """Say whether nodes from the first to the last item count themselves alone, and no further."""
    some = {items * at // 16 for at in range(16)} | {items - 1}
    ones = all(number(source.read_at(size * at, 4), 0) == 1 for at in some)
    return ones and number(source.read_at(size * items, 4), 0) != 1


def hnswlib(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """Ten numbers whose sizes have to agree with one another, then the elements of level 0."""
    if len(head) < 96:
        return None
    offset, most, count, element, label, data = (number(head, 8 * n, 8) for n in range(6))
    plausible = offset == 0 and 0 < count <= most and 0 < data < label < element <= 1 << 24
    if not plausible or label + 8 != element:
        return None
    return Extent("hnswlib", source.size if 96 + count * element <= source.size else 0)


def darknet(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """Three numbers for the version, a count of images, then floats to the end."""
    version = (number(head, 0), number(head, 4), number(head, 8))
    wide = 8 if version[1] >= 2 else 4
    seen = number(head, 12, wide)
    if version not in _DARKNET or source.size < 4096 or seen > 1 << 40:
        return None
    return Extent("darknet", source.size) if (source.size - 12 - wide) % 4 == 0 else None


def kenlm(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """A sentence that names the format; marisa-trie has one too."""
    known = head.startswith((_KENLM, _MARISA))
    name = "kenlm" if head.startswith(_KENLM) else "marisa-trie"
    return Extent(name, source.size) if known else None


def ctranslate2(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """Version, name and revision of the specification, then variables with their sizes."""
    if number(head, 0) not in (5, 6) or not 2 <= number(head, 4, 2) <= 64:
        return None
    at = 6 + number(head, 4, 2)
    name = head[6:at]
    if not name.endswith(b"Spec\0") or not name[:-1].isascii():
        return None
    count = number(head, at + 4)
    at += 8
    if not 0 < count <= _VARIABLES:
        return None
    for _ in range(count):
        budget.check_time()
        at = _variable(source, at)
    return Extent("ctranslate2", _aliases(source, at, budget))


def _variable(source: Source, at: int) -> int:
    at += 2 + number(source.read_at(at, 2), 0, 2)
    at += 1 + 4 * number(source.read_at(at, 1), 0, 1)
    return at + 5 + number(source.read_at(at + 1, 4), 0)


def _aliases(source: Source, at: int, budget: Budget) -> int:
    """Behind the variables, since version 3: how many other names they have, and these in pairs."""
    if at >= source.size:
        return at
    count = number(source.read_at(at, 4), 0)
    at += 4
    for _ in range(2 * min(count, _VARIABLES)):
        budget.check_time()
        at += 2 + number(source.read_at(at, 2), 0, 2)
    return at


def sentencepiece(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """A protobuf: pieces (1) with text, score and type, then trainer (2) and normalizer (3)."""
    if head[:1] != b"\x0a" or head[2:3] != b"\x0a":
        return None
    wire, pieces, others = Wire(source, budget), 0, set()
    try:
        for field in wire.fields(wire.whole()):
            if field.wire != BYTES or not 1 <= field.number <= 5:
                return None
            others.add(field.number)
            pieces += field.number == 1
            if pieces > _PIECES or (field.number == 1 and field.size > 1 << 16):
                return None
            if field.number == 1 and pieces <= 64 and not _is_piece(wire, field):
                return None
    except ParseError:
        return None
    return Extent("sentencepiece", source.size) if pieces >= 3 and 2 in others else None


def onnx_tensor(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """One tensor, as test data lies beside ONNX models: shape 1, type 2, name 8, numbers 4 to 11.

    One that keeps its numbers in another file (13, 14) is left to be unknown.
    """
    if head[:1] not in (b"\x08", b"\x0a", b"\x10") or source.size < 4:
        return None
    wire = Wire(source, budget)
    seen: dict[int, int] = {}
    try:
        for field in wire.fields(wire.whole(), runs=(1, 4, 5, 7, 10, 11)):
            if field.number not in _TENSOR or field.wire not in _TENSOR[field.number]:
                return None
            seen.setdefault(field.number, field.value)
    except ParseError:
        return None
    numbers = {4, 5, 6, 7, 9, 10, 11} & set(seen)
    known = 1 <= seen.get(2, 0) <= 26 and len(numbers) == 1
    return Extent("onnx-tensor", source.size) if known else None


def _is_piece(wire: Wire, field: object) -> bool:
    shape = {1: BYTES, 2: FIXED32, 3: VARINT}
    parts = list(wire.fields(wire.inner(field)))  # type: ignore[arg-type]
    return bool(parts) and all(shape.get(part.number) == part.wire for part in parts)
