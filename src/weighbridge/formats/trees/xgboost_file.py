"""XGBoost's binary files: UBJSON, and the form before it (xgboost, src/learner.cc, 2.x).

::

    {L ...               UBJSON, since 1.6
    [binf] 136 bytes     settings: base_score, num_feature, num_class ...
           text text     objective and booster, each behind eight bytes of length
           160 bytes     settings of the trees: how many
           trees         148 bytes: ., num_nodes, ., ., num_feature, size_leaf_vector
                         20 bytes a node: parent, left, right, feature, value; 16 of statistics
           groups        four bytes a tree
           attributes

Releases from 3.1 on refuse the old form.
"""

from __future__ import annotations

import re
import struct

from weighbridge.errors import MalformedInput
from weighbridge.formats import hidden
from weighbridge.formats.context import Context, Place
from weighbridge.formats.numpy_array import trailing
from weighbridge.formats.trees import xgboost
from weighbridge.formats.trees.ubjson import Reader
from weighbridge.sources.base import Source

NAME = "xgboost"
_KEY = re.compile(rb"\{[iUIlL][\x00-\x7f]{1,8}?(?:learner|version|Config|Model)")
_OBJECTIVE = re.compile(rb"[a-z]{2,20}(?::[a-z0-9_]{2,40})?\Z")
_BOOSTER = re.compile(rb"(?:gbtree|gblinear|dart)\Z")
_PARAMETERS, _TREES, _TREE, _NODE, _STATISTICS = 136, 160, 148, 20, 16
_REST = 16 << 20
_MOST_NODES = 4_000_000
_LEFT_OUT = 0x7FFFFFFF  # The highest bit of a parent and of a feature is a flag.


def claims(source: Source, head: bytes) -> bool:
    """Say whether it begins as one of the two forms."""
    return _KEY.match(head) is not None or _names_end(source, head) is not None


def parse(context: Context, source: Source, place: Place) -> bool:
    """Read the model; False when it is UBJSON of something else.

    Raises:
        MalformedInput: XGBoost could not read it either.
        LimitExceeded: it has more values than are followed.
    """
    head = source.read_at(0, 512)
    names_end = _names_end(source, head)
    if names_end is not None:
        _Old(context, source, place, names_end).read()
        return True
    reader = Reader(source, context.budget)
    try:
        value = reader.value()
    except MalformedInput:
        if b"learner" not in head:
            return False
        context.format(place, NAME, source.size, encoding="ubjson")
        raise
    if isinstance(value, dict) and "Model" in value:
        value = value["Model"]  # What a pickled booster holds: settings and model.
    if not xgboost.is_xgboost(value):
        return False
    context.format(place, NAME, source.size, encoding="ubjson")
    xgboost.read(context, value, place)
    if reader.offset < source.size:
        trailing(context, source, place, NAME, reader.offset)
    return True


def _names_end(source: Source, head: bytes) -> int | None:
    """Return where the settings of the trees begin in the old form, None for another file."""
    at = _PARAMETERS + (4 if head.startswith(b"binf") else 0)
    for pattern in (_OBJECTIVE, _BOOSTER):
        length = int.from_bytes(head[at : at + 8], "little")
        if not 0 < length <= 64 or pattern.match(head[at + 8 : at + 8 + length]) is None:
            return None
        at += 8 + length
    return at


class _Old:
    """Reads the old form."""

    def __init__(self, context: Context, source: Source, place: Place, at: int) -> None:
        self._context = context
        self._source = source
        self._place = place
        self._at = at

    def read(self) -> None:
        """Check the trees."""
        self._context.format(self._place, NAME, self._source.size, encoding="binary")
        head = self._source.read_at(0, 512)
        base = 4 if head.startswith(b"binf") else 0
        features, classes = struct.unpack_from("<Ii", head, base + 4)
        if b"gblinear" in head[: self._at]:
            self._rest()
            return
        (trees,) = struct.unpack("<i", self._take(_TREES)[:4])
        if not 0 <= trees <= (self._source.size - self._at) // _TREE:
            raise MalformedInput("xgboost-trees", f"{trees} trees do not fit", self._at)
        problems: dict[tuple[str, str], None] = {}
        for _ in range(trees):
            self._context.budget.check_time()
            problems.update(dict.fromkeys(self._tree(features)))
        groups = struct.unpack(f"<{trees}i", self._take(4 * trees))
        if any(not 0 <= group < max(classes, 1) for group in groups):
            problems["xgboost-index", "a tree belongs to a group that there is not"] = None
        for code, text in list(problems)[:20]:
            self._context.anomaly(self._place, NAME, code, text)
        self._rest()

    def _rest(self) -> None:
        """Weights, attributes and names of metrics stand at the end, as the release has them."""
        left = self._source.size - self._at
        found = hidden.search(self._context, self._source, self._place, self._at, left)
        if not found and left > _REST:
            text = f"{left} bytes behind the trees are not read"
            self._context.gap(self._place, NAME, "unsupported-xgboost-rest", text, self._at)

    def _tree(self, features: int) -> list[tuple[str, str]]:
        _roots, nodes, _deleted, _depth, _features, vector = struct.unpack(
            "<6i", self._take(_TREE)[:24]
        )
        if not 0 < nodes <= _MOST_NODES:
            raise MalformedInput("xgboost-trees", f"a tree of {nodes} nodes", self._at)
        data = self._take(nodes * _NODE)
        self._take(nodes * _STATISTICS)
        if vector > 1:
            (count,) = struct.unpack("<Q", self._take(8))
            self._take(4 * count)
        left, right, split = [], [], []
        for _parent, first, second, feature, _value in struct.iter_unpack("<iiiIf", data):
            left.append(first)
            right.append(second)
            split.append(feature & _LEFT_OUT)
        return list(xgboost.node_problems(left, right, split, features))

    def _take(self, count: int) -> bytes:
        if not 0 <= count <= self._source.size - self._at:
            raise MalformedInput("xgboost-truncated", "the data breaks off", self._at)
        self._at += count
        return self._source.read_at(self._at - count, count)
