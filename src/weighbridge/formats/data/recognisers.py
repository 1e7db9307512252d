"""Models and texts of programs in C and C++ whose loaders read them into arrays of their own.

CRFsuite and gettext: as said below. CMU Sphinx: the headers of s3io, bin_mdef and ms_mgau, and the
trie of ngram_model. dlib: serialize.h, where an integer is a byte for its sign and width and then
its bytes. MeCab: dictionary.cpp, connector.cpp and char_property.cpp. Sudachi: its header.
eSpeak NG: compiledict.c, and InitGroups of dictionary.c.
"""

from __future__ import annotations

from collections.abc import Callable

from weighbridge.budget import Budget
from weighbridge.formats.data.extent import Extent, big, number
from weighbridge.sources.base import Source

_DESCRIPTION = b"BEGIN FILE FORMAT DESCRIPTION"
_LEAST_MATRIX = 1_024
_LARGEST_VOICE = 16 << 20
_CHAINS = 1_024
_GROUP, _END_OF_GROUP = 6, 7
_ORDERS = (b"\x44\x33\x22\x11", b"\x11\x22\x33\x44")


def sphinx(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """Acoustic and language models of CMU Sphinx, by the words they begin with."""
    end = head.find(b"endhdr\n")
    if head.startswith(b"s3\nversion ") and end > 0 and head[end + 7 : end + 11] in _ORDERS:
        return Extent("sphinx", source.size)
    described = head[12:41] == _DESCRIPTION and head[:4] in (b"BMDF", b"FDMB")
    dumped = number(head, 0) == len(_DESCRIPTION) + 1 and head[4:33] == _DESCRIPTION
    trie = head.startswith(b"Trie Language Model")
    return Extent("sphinx", source.size) if described or dumped or trie else None


def crfsuite(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """A header that states the length of the whole, and the kind of model (crf1d_model.c)."""
    known = head[:4] == b"lCRF" and head[8:12] == b"FOMC"
    return Extent("crfsuite", number(head, 4)) if known else None


def translations(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """Messages of gettext, as programs beside models bring them (gettext manual, MO files)."""
    if head[:4] not in (b"\xde\x12\x04\x95", b"\x95\x04\x12\xde"):
        return None
    read = number if head[:1] == b"\xde" else big
    tables = (read(head, 12), read(head, 16))
    ends = [_last_text(source, table, read(head, 8), read) for table in tables]
    return Extent("gettext", max(28, *ends))


def _last_text(source: Source, table: int, count: int, read: Callable[..., int]) -> int:
    """Return where the texts of a table end: each has a length, an offset, and a zero behind."""
    if not 0 < count <= 1_000_000:
        return table
    entries = source.read_at(table, 8 * count)
    if len(entries) < 8 * count:
        return source.size + 1
    return max(read(entries, at) + read(entries, at + 4) + 1 for at in range(0, len(entries), 8))


def dlib(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """Networks, by the name of their loss behind the version; predictors of shapes."""
    if head[:2] != b"\1\1":
        return None
    network = head[2:3] == b"\1" and head[4:9] == b"loss_" and head[3] <= 32
    # A column of landmarks: the numbers of rows and columns are written as negative ones.
    predictor = head[2:3] == b"\x81" and head[4:6] == b"\x81\1" and head[6] & 0x7F in (1, 2, 3, 4)
    return Extent("dlib", source.size) if network or predictor else None


_MECAB = 0xEF718F77
_CHARACTERS = 0xFFFF


def dictionary(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """Dictionaries of MeCab and Sudachi, which divide Japanese text into words.

    MeCab writes the size of the file, masked, or names of kinds with a table behind them, or the
    two sides of a matrix of costs.
    """
    if head.startswith(b"SudachiBinaryDic") or head[:8] in _SUDACHI:
        return Extent("sudachi", source.size)
    if number(head, 0) == source.size ^ _MECAB and number(head, 4) < 200:
        return Extent("mecab", source.size)
    kinds = number(head, 0)
    named = head[4:12] == b"DEFAULT\0"
    if named and kinds < 100 and source.size == 4 + 32 * kinds + 4 * _CHARACTERS:
        return Extent("mecab", source.size)
    left, right = number(head, 0, 2), number(head, 2, 2)
    matrix = min(left, right) > 1 and source.size == 4 + 2 * left * right >= _LEAST_MATRIX
    return Extent("mecab", source.size) if matrix else None


_SUDACHI = tuple(
    magic.to_bytes(8, "little")
    for magic in (0x7366D3F18BD111E7, 0xCE9F011A92394434, 0xA50F31188BD211E7, 0x9FDEB5A90168D868)
)
"""Versions 1 and 2 of system dictionaries and of users' ones."""


def pronunciation(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """Dictionaries of eSpeak: words by the hash of their letters, then rules for all others."""
    rules = number(head, 4)
    if number(head, 0) != _CHAINS or not 8 + _CHAINS <= rules <= source.size <= _LARGEST_VOICE:
        return None
    data = source.read_at(0, source.size)
    at = 8
    for _ in range(_CHAINS):
        while at < rules and data[at]:
            at += data[at]
        at += 1
    if at != rules:
        return None
    while at < len(data) and data[at] == _GROUP:
        budget.check_time()
        at = data.find(b"\0", at) + 1 or len(data) + 1
        while at < len(data) and data[at] != _END_OF_GROUP:
            at = data.find(b"\0", at) + 1 or len(data) + 1
        at += 1
    # One zero stands behind the last group.
    return Extent("espeak-dictionary", at + 1)
