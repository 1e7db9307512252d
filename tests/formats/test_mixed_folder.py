"""One folder with a file of every format that can be built: nothing in it is unknown."""

import importlib
import sys
import time
from pathlib import Path

import pytest
from evals.coreml_models import blobs
from evals.mobile_networks import NCNN
from evals.program_graphs import SAMPLES as PROGRAMS
from evals.program_graphs import tfjs
from evals.torch7_objects import model as torch7
from evals.tree_models import SAMPLES as TREES
from evals.xml_models import SAMPLES as XML
from samples import clean_samples

import weighbridge
from builders.archives import ZipEntry, build_zip
from formats.data_files.data_samples import MADE
from formats.test_described_weights import NAMED

FUZZ = Path(__file__).resolve().parents[1] / "fuzz"
# Targets whose seeds are whole files; the others take parts of files.
WHOLE = (
    "bytecode executable executorch ggml gguf hdf5 java_objects msgpack onnx r_data tensorflow "
    "tflite tensorflow_text keras_json sevenzip tar zip coreml torch7"
).split()
TEXTS = {
    "notes.md": b"# A model\n",
    "config.json": b'{"model_type": "bert"}',
    "train.py": b"import torch\n\nprint(torch.ones(2))\n",
    "run.sh": b"#!/bin/sh\necho done\n",
    "hyper.yaml": b"lr: 0.1\n",
    "requirements.txt": b"torch==2.6.0\n",
    "chat_template.jinja": b"{% for m in messages %}{{ m.content }}{% endfor %}",
    "nb.ipynb": b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}',
    "net.param": NCNN,
    "net.bin": bytes(range(1, 200)),
    "model.json": tfjs("group1-shard1of1.bin"),
    "group1-shard1of1.bin": bytes(range(1, 100)),
    "openvino_model.xml": XML["openvino"](),
    "openvino_model.bin": b"\x07" * 64,
    "empty": b"",
}


def files():
    """Yield names and contents."""
    yield from TEXTS.items()
    for group in (MADE, TREES, PROGRAMS, XML):
        yield from ((f"{name} made", make()) for name, make in group.items())
    yield from ((f"{name} clean", data) for name, data in clean_samples().items())
    yield from ((f"{name} named", data) for name, data in NAMED.items())
    yield "weight.bin", blobs(b"x" * 64)
    yield "text.t7", torch7(True)
    part = build_zip(ZipEntry(b"a/data.pkl", b"N."), ZipEntry(b"a/version", b"3\n"))
    yield from {"zip.pt": part, "__0_0.distcp": part + part}.items()
    if str(FUZZ) not in sys.path:
        sys.path.append(str(FUZZ))
    for name in WHOLE:
        for number, data in enumerate(importlib.import_module(f"fuzz_{name}").seeds()[:2]):
            yield f"{name} seed {number}", data


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mixed")
    for name, data in files():
        (folder / name.replace(" ", "-")).write_bytes(data)
    begin = time.monotonic()
    made = weighbridge.scan(folder)
    return made, time.monotonic() - begin


def test_nothing_is_unknown(report):
    unknown = [one.path for one in report[0].files if one.format is None]
    assert unknown == []


def test_it_holds_many_formats(report):
    assert len({one.format for one in report[0].files}) >= 80


def test_it_takes_seconds(report):
    assert report[1] < 10
