"""LightGBM's text (LightGBM, src/boosting/gbdt_model_text.cpp, src/io/tree.cpp).

::

    tree
    version=v4
    num_class=1 ... tree_sizes=453 455
    (empty line)
    Tree=0
    num_leaves=3 ... split_feature=0 1 ... left_child=1 -1 ... leaf_value=...
    end of trees
    feature_importances: ...
    parameters:
    [boosting: gbdt]
    end of parameters
    pandas_categorical:null

Of a key that stands twice the last one counts, while a reader sees the first. Counts are taken as
they are; before 4.6.0 that led to writing beyond an array (CVE-2024-43598).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from weighbridge.errors import LimitExceeded, MalformedInput
from weighbridge.facts.graphs import ForeignText
from weighbridge.formats.context import Context, Place
from weighbridge.formats.python.effects import excerpt
from weighbridge.sources.base import Source

NAME = "lightgbm"
_START = re.compile(rb"tree\r?\nversion=v\d\r?\n")
_PAIR = re.compile(rb"([A-Za-z_][\w ]{0,60})=")
_PARAMETER = re.compile(rb"\[(\w{1,60}): (.*)\]\Z")
_WINDOW = 1 << 20
_LONGEST = 64 << 20
_MOST_PROBLEMS = 20
_LEAVES = ("leaf_value", "leaf_weight", "leaf_count")
_SPLITS = ("split_feature", "threshold", "decision_type", "left_child", "right_child")
# Parameters that name files which training or prediction opens.
_PATHS = (
    "data", "valid", "input_model", "output_model", "output_result", "forcedsplits_filename",
    "forcedbins_filename", "parser_config_file", "machine_list_filename", "initscore_filename",
    "convert_model",
)  # fmt: skip


def claims(source: Source, head: bytes) -> bool:
    """Say whether it begins with the two lines of a model."""
    return _START.match(head) is not None


def parse(context: Context, source: Source, place: Place) -> bool:
    """Read the lines.

    Raises:
        MalformedInput: a line is none that LightGBM writes.
        LimitExceeded: a line is too long.
    """
    context.format(place, NAME, source.size)
    reader = _Reader(context, place)
    try:
        for line, offset in _lines(context, source):
            reader.take(line, offset)
        reader.finish(source.size)
    finally:
        for code, text in list(reader.problems)[:_MOST_PROBLEMS]:
            context.anomaly(place, NAME, code, text, reader.problems[code, text])
    return True


def _lines(context: Context, source: Source) -> Iterator[tuple[bytes, int]]:
    offset, kept, start = 0, b"", 0
    while offset < source.size:
        context.budget.check_time()
        chunk = source.read_at(offset, _WINDOW)
        offset += len(chunk)
        *whole, kept = (kept + chunk).split(b"\n")
        for line in whole:
            yield line.rstrip(b"\r"), start
            start += len(line) + 1
        if len(kept) > _LONGEST:
            raise LimitExceeded("limit-lightgbm-line", "a line is too long", start)
    if kept:
        yield kept, start


class _Reader:
    """Goes from part to part: header, trees, what follows them, parameters, the end."""

    def __init__(self, context: Context, place: Place) -> None:
        self._context = context
        self._place = place
        self._part = "header"
        self._pairs: dict[bytes, bytes] = {}
        self._features = 0
        self._sizes = -1
        self._trees = 0
        self.problems: dict[tuple[str, str], int] = {}

    def take(self, line: bytes, offset: int) -> None:
        """Take the next line."""
        if self._part == "parameters":
            self._parameter(line, offset)
        elif self._part == "end":
            self._end(line, offset)
        elif line.startswith(b"Tree="):
            self._close(offset)
            self._part = "tree"
        elif line == b"end of trees":
            self._close(offset)
            self._part = "end"
        elif line and not (self._part == "header" and line in (b"tree", b"average_output")):
            self._pair(line, offset)

    def finish(self, size: int) -> None:
        """Say what is missing at the end."""
        if self._part != "end":
            raise MalformedInput("lightgbm-truncated", "the model breaks off", size)
        if self._sizes not in (-1, self._trees):
            self._problem("lightgbm-count", f"tree_sizes speaks of {self._sizes} trees", 0)

    def _pair(self, line: bytes, offset: int) -> None:
        match = _PAIR.match(line)
        if match is None:
            raise MalformedInput("lightgbm-line", "a line has no key", offset)
        key = match[1]
        if key in self._pairs:
            name = key.decode("latin-1")
            self._problem("lightgbm-duplicate-key", f"{name} stands twice", offset)
        self._pairs[key] = line[match.end() :]

    def _close(self, offset: int) -> None:
        """Check the part that ends here."""
        pairs, self._pairs = self._pairs, {}
        if self._part == "header":
            self._features = _number(pairs.get(b"max_feature_idx", b"")) + 1
            if b"tree_sizes" in pairs:
                self._sizes = len(pairs[b"tree_sizes"].split())
            return
        self._trees += 1
        for code, text in _tree(pairs, self._features):
            self._problem(code, text, offset)

    def _end(self, line: bytes, offset: int) -> None:
        if line == b"parameters:":
            self._part = "parameters"
        elif line.startswith(b"pandas_categorical:") or not line:
            return
        elif line != b"feature_importances:" and _PAIR.match(line) is None and b"=" not in line:
            raise MalformedInput("lightgbm-line", "a line is none of LightGBM's", offset)

    def _parameter(self, line: bytes, offset: int) -> None:
        if line == b"end of parameters":
            self._part = "end"
            return
        match = _PARAMETER.match(line)
        if match is None:
            if line:
                raise MalformedInput("lightgbm-line", "a parameter has no key", offset)
            return
        key, value = match[1].decode("latin-1"), match[2].decode("utf-8", "backslashreplace")
        if key in _PATHS and value:
            text = excerpt(value, 300)
            member = self._place.member
            self._context.add(ForeignText(member, offset, NAME, "parameters", key, text))

    def _problem(self, code: str, text: str, offset: int) -> None:
        if len(self.problems) < _MOST_PROBLEMS:
            self.problems.setdefault((code, text), offset)


def _tree(pairs: dict[bytes, bytes], features: int) -> Iterator[tuple[str, str]]:
    leaves = _number(pairs.get(b"num_leaves", b""))
    if leaves < 1:
        yield "lightgbm-count", "a tree has no leaves"
        return
    for names, count in ((_LEAVES, leaves), (_SPLITS, leaves - 1)):
        for name in names:
            values = pairs.get(name.encode())
            found = count if values is None else len(values.split())
            if found != count and (found or count != 1):
                yield "lightgbm-count", f"{name} has {found} values for {leaves} leaves"
    if leaves == 1:
        return
    for name in ("left_child", "right_child"):
        children = [_number(one, -leaves - 1) for one in pairs.get(name.encode(), b"").split()]
        if any(not -leaves <= child < leaves - 1 or not child for child in children):
            yield "lightgbm-index", f"{name} names a node that there is not"
    split = [_number(one, -1) for one in pairs.get(b"split_feature", b"").split()]
    if any(not 0 <= feature < max(features, 1) for feature in split):
        yield "lightgbm-index", "split_feature names a feature that there is not"


def _number(text: bytes, default: int = 0) -> int:
    text = text.strip()
    return int(text) if re.fullmatch(rb"-?[0-9]{1,10}", text) else default
