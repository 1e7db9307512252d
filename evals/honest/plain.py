"""Documents, images, archives and plain values: what lies beside a model."""

from __future__ import annotations

import argparse
import array
import collections
import dataclasses
import datetime
import decimal
import enum
import fractions
import json
import pathlib
import pickle
import random
import re
import struct
import types
import uuid
import zlib
from collections.abc import Iterator
from typing import Any, NamedTuple

from evals.archives import gzipped, tarred, zipped
from evals.opcodes import Build, Sym, call, pickled
from evals.samples import Honest

NEEDS: tuple[str, ...] = ()
README = """# Model card
Load it with `torch.load("model.pt")`. Never `eval(input())` or `os.system('rm -rf /')`!
```python
import os, subprocess
exec(open("train.py").read())
subprocess.run(["python", "train.py"])
```
See https://example.org/model and mail author@example.org.
"""
VOCABULARY = "\n".join(
    ["[PAD]", "[UNK]", "eval(", "exec", "os.system", "import", "lambda", "__import__", "##ing"]
    + ["cos", "system", "(S'x'", "tR.", "http://example.org", "pickle", "builtins"] * 50
)


class Colour(enum.Enum):
    """An enumeration of a script."""

    RED = 1


class Point(NamedTuple):
    """A tuple of a script."""

    x: int
    y: int


@dataclasses.dataclass
class Settings:
    """Settings of a script."""

    rate: float = 0.1
    colour: Colour = Colour.RED


def png() -> bytes:
    """Return an image of one pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    head = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    data = zlib.compress(b"\0\xff\0\0")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def _values() -> dict[str, Any]:
    matches = [re.compile(r"\b\w\w+\b"), re.compile("eval|exec", re.I)]
    return {
        "state": {"weights": [0.1] * 300, "bias": None, "ok": True, "name": "modèle", "n": 1 << 90},
        "sets": {frozenset({1, 2}), "a", b"b"} | {(1, 2)},
        "ordered": collections.OrderedDict(a=1),
        "counter": collections.Counter("hello"),
        "defaultdict": collections.defaultdict(list, a=[1]),
        "defaultdict-int": collections.defaultdict(int, a=1),
        "deque": collections.deque([1, 2], 5),
        "dates": [datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC), datetime.timedelta(1)],
        "numbers": [decimal.Decimal("1.5"), fractions.Fraction(1, 3), complex(1, 2), range(5)],
        "paths": [
            pathlib.PurePosixPath("/a/b"),
            pathlib.Path("runs/x"),
            pathlib.PureWindowsPath("C:/x"),
        ],
        "uuid": uuid.UUID(int=5),
        "namespace": argparse.Namespace(lr=0.1, data="/data", func=None),
        "simple-namespace": types.SimpleNamespace(a=1),
        "regexes": matches,
        "array": array.array("d", [1.0]),
        "bytes": [bytes(range(256)), bytearray(b"abc")],
        "random": random.getstate(),
        "random-object": random.Random(1),
        "slices": [slice(1, 2), Ellipsis, NotImplemented],
        "code-words": {"vocabulary": VOCABULARY.split("\n"), "note": README},
        "types": [int, str, dict, list, float],
        "builtin-functions": [len, max, sum, abs],
        "exceptions": [ValueError("x"), KeyError("y")],
        "nested": [[[[[[{"a": [{}]}]]]]]],
        "methods": ["a".upper, [].append],
    }


def samples() -> Iterator[Honest]:
    """Yield the samples."""
    for name, value in _values().items():
        for protocol in range(6):
            if name in ("slices", "methods") and protocol < 2:
                continue
            content = pickle.dumps(value, protocol)
            yield Honest(f"value-{name}-{protocol}", "stdlib values", content)
    own = "classes of a script"
    for protocol in (0, 2, 4):
        for name, item in {
            "enum": Colour.RED,
            "named-tuple": Point(1, 2),
            "dataclass": Settings(),
            "mixed": {"a": Settings(), "b": [Colour.RED]},
        }.items():
            yield Honest(f"own-{name}-{protocol}", "own classes", pickle.dumps(item, protocol), own)
            moved = pickle.dumps(item, protocol).replace(b"evals.honest.plain", b"__main__")
            if protocol < 4:
                yield Honest(f"main-{name}-{protocol}", "own classes", moved, own)
    yield from _old()
    yield from _documents()
    yield from _archives()


def _old() -> Iterator[Honest]:
    """Files that Python 2 wrote."""
    reconstruct = Sym("copy_reg", "_reconstructor")
    nothing = Sym("__builtin__", "object")
    for protocol in (0, 1, 2):
        tree = call(reconstruct, Sym("sklearn.tree.tree", "DecisionTreeClassifier"), nothing, None)
        yield Honest(
            f"py2-tree-{protocol}",
            "Python 2 files",
            pickled(Build(tree, {"max_depth": 3}), protocol),
        )
        own = call(reconstruct, Sym("mymodel.nets", "Model"), nothing, None)
        yield Honest(
            f"py2-own-{protocol}",
            "Python 2 files",
            pickled(Build(own, {"a": 1}), protocol),
            "own class",
        )
        values = [
            call(Sym("__builtin__", "set"), [1, 2]),
            call(Sym("__builtin__", "bytearray"), "abc", "latin-1"),
        ]
        yield Honest(f"py2-values-{protocol}", "Python 2 files", pickled(values, protocol))
        ordered = call(Sym("collections", "OrderedDict"), [["a", 1]])
        yield Honest(f"py2-ordered-{protocol}", "Python 2 files", pickled(ordered, protocol))
        array = Build(
            call(Sym("numpy.core.multiarray", "_reconstruct"), Sym("numpy", "ndarray"), (0,), "b"),
            (
                1,
                (2,),
                Build(
                    call(Sym("numpy", "dtype"), "f8", 0, 1), (3, "<", None, None, None, -1, -1, 0)
                ),
                False,
                "\0" * 16,
            ),
        )
        yield Honest(f"py2-array-{protocol}", "Python 2 files", pickled(array, protocol))
        frame = call(Sym("pandas.core.internals", "BlockManager"), how="NEWOBJ")
        frame = Build(
            call(reconstruct, Sym("pandas.core.frame", "DataFrame"), nothing, None),
            {"_data": frame},
        )
        yield Honest(f"py2-frame-{protocol}", "Python 2 files", pickled(frame, protocol))
        classic = pickled(
            {"x": call(Sym("mymodel.nets", "Old"), how="OBJ" if protocol else "INST")}, protocol
        )
        yield Honest(f"py2-classic-{protocol}", "Python 2 files", classic, "own class")


def _documents() -> Iterator[Honest]:
    jpeg = b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0" + bytes(range(250)) * 4 + b"\xff\xd9"
    gif = b"GIF89a\1\0\1\0\x80\0\0\xff\xff\xff\0\0\0,\0\0\0\0\1\0\1\0\0\2\2D\1\0\x3b"
    config = {"model_type": "bert", "architectures": ["BertModel"], "note": "eval(exec)"}
    index = {"metadata": {"total_size": 1}, "weight_map": {"a": "model-00001-of-00002.safetensors"}}
    notebook = {"nbformat": 4, "cells": [{"cell_type": "code", "source": ["!pip install x"]}]}
    words = {word: number for number, word in enumerate(VOCABULARY.split())}
    tokenizer = {"version": "1.0", "model": {"vocab": words}}
    files: dict[str, bytes] = {
        "README.md": README.encode(),
        "README-long.md": (README * 400).encode(),
        "vocab.txt": VOCABULARY.encode(),
        "merges.txt": b"#version: 0.2\n\xc4\xa0 t\nh e\ni n\n" * 200,
        "config.json": json.dumps(config, indent=2).encode(),
        "model.safetensors.index.json": json.dumps(index).encode(),
        "tokenizer.json": json.dumps(tokenizer).encode(),
        "data.csv": b"id,text\n1,eval(x)\n2,os.system\n" * 100,
        "data.tsv": "a\tb\nc\té\n".encode() * 50,
        "train.jsonl": b'{"a": 1}\n{"a": 2}\n' * 20,
        "notes.txt": b"c\nos system\nis what a pickle may hold: cos\nsystem\n",
        "numbers.txt": b"I0\nI1\nI2\n" * 50,
        "dots.txt": b"(((((...)))))\n",
        "single.txt": b"N.",
        "latin1.txt": "café crème brûlée\n".encode("latin-1") * 30,
        "utf16.txt": "hello world\n".encode("utf-16"),
        "empty.txt": b"",
        "blank.txt": b"\n\n   \n",
        "train.py": b"import os\nos.system('nvidia-smi')\nmodel.eval()\n",
        "notebook.ipynb": json.dumps(notebook).encode(),
        "config.yaml": b"a: 1\nb:\n  - x\n",
        "requirements.txt": b"torch==2.0\nnumpy\n",
        "LICENSE": b"Apache License\nVersion 2.0\n" * 20,
        ".gitattributes": b"*.bin filter=lfs diff=lfs merge=lfs -text\n",
        "run.sh": b"#!/bin/sh\npython train.py\n",
        "model.cfg": b"[net]\nbatch=64\n",
        "labels.names": b"cat\ndog\n",
        "image.png": png(),
        "image.jpg": jpeg,
        "image.gif": gif,
        "page.html": b"<html><script>eval('1')</script></html>\n",
        "sound.wav": b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0"
        b"\x40\x1f\0\0\x80\x3e\0\0\2\0\x10\0data\0\0\0\0",
    }
    for name, content in files.items():
        label = name.strip(".").replace(".", "-").lower()
        yield Honest(f"document-{label}", "documents", content, file=name)


def _archives() -> Iterator[Honest]:
    documents = {"README.md": README.encode(), "vocab.txt": VOCABULARY.encode(), "logo.png": png()}
    model = pickle.dumps({"weights": [1.0, 2.0]})
    for name, content in {
        "docs-zip": zipped(documents),
        "docs-zip-deflated": zipped(documents, 8),
        "docs-tar": tarred(documents),
        "docs-tar-gz": tarred(documents, mode="w:gz"),
        "model-tar-gz": tarred({"model.pkl": model, "config.json": b"{}"}, mode="w:gz"),
        "model-zip": zipped({"m/model.pkl": model, "m/": b"", "m/__init__.txt": b""}),
        "model-gz": gzipped(model),
        "link-in-tar": tarred({"model-v2.pkl": model}, {"model.pkl": "model-v2.pkl"}),
        "zip-in-zip": zipped({"a.zip": zipped(documents), "b.txt": b"x"}),
        "docx-like": zipped({"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<w/>"}, 8),
        "empty-zip": zipped({}),
    }.items():
        yield Honest(f"archive-{name}", "archives", content)
