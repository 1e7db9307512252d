"""Small texts that describe files of bare numbers, and files that are only named."""

import pytest
from evals.mobile_networks import NCNN
from evals.program_graphs import tfjs

import weighbridge
from formats.scanning import scan
from weighbridge.budget import Budget
from weighbridge.facts.graphs import ExternalData
from weighbridge.facts.structure import Gap
from weighbridge.findings.model import Verdict
from weighbridge.formats.examine import examine
from weighbridge.sources.memory import BytesSource

NAMED = {
    "tensorrt": b"ftrt" + bytes(200),
    "rknn": b"RKNN" + bytes(200),
    "cntk-1": b"B\0C\0N\0" + bytes(200),
    "onnxruntime": b"\x20\0\0\0ORTM" + bytes(200),
    "encrypted": b"Salted__" + bytes(range(200)),
}


@pytest.mark.parametrize(
    ("data", "name", "location"),
    [
        (NCNN, "net.ncnn.param", "net.ncnn.bin"),
        (tfjs(), "model.json", "group1-shard1of1.bin"),
    ],
)
def test_the_file_of_the_weights_is_stated(data, name, location):
    assert scan(data).verdict is Verdict.CLEAN
    facts = examine(BytesSource(data), Budget(), name)
    assert [f.location for f in facts if isinstance(f, ExternalData)] == [location]


def test_phonemes_of_espeak_tell_of_the_files_beside_them(tmp_path):
    table = bytes((2, 0, 0, 0)) + b"base".ljust(32, b"\0") + bytes(32)
    for file, data in {
        "phontab": b"\1\0\0\0" + table,
        **dict.fromkeys(("phonindex", "phondata", "intonations"), bytes(range(256)) * 2),
    }.items():
        (tmp_path / file).write_bytes(data)
    report = weighbridge.scan(tmp_path)
    assert report.verdict is Verdict.CLEAN
    assert {file.format for file in report.files} == {"espeak-phonemes", "tensor-data"}
    (tmp_path / "phontab").write_bytes(b"\2\0\0\0" + table + b"x")
    assert weighbridge.scan(tmp_path).verdict is Verdict.INCONCLUSIVE


def test_weights_elsewhere_are_malicious():
    assert scan(tfjs("../../etc/passwd")).rules == {"external-data-escape"}


def test_layers_are_counted():
    assert scan(NCNN.replace(b"\n2 2", b"\n9 2")).verdict is Verdict.WEAKNESS
    assert scan(NCNN + b"import os\n").format == "text"


@pytest.mark.parametrize("name", NAMED)
def test_what_is_only_recognised_is_inconclusive_and_says_what_is_needed(name):
    answer = scan(NAMED[name])
    assert (answer.format, answer.verdict) == (name, Verdict.INCONCLUSIVE)
    (gap,) = [fact for fact in answer.facts if isinstance(fact, Gap)]
    assert "that needs " in gap.text
