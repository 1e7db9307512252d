"""Shards and tokens: bare numbers that a description beside them declares."""

import json
import struct

import pytest

from formats.scanning import scan as scan_bytes
from weighbridge import scan
from weighbridge.findings.model import Verdict

NUMBERS = bytes(range(256)) * 2
SIZE = len(NUMBERS)
TRAP = b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x10echo weighbridge\x85R."


def cache(path="params_shard_0.bin", size=SIZE):
    shard = {"dataPath": path, "format": "raw-shard", "nbytes": size, "records": [{"name": "w"}]}
    return json.dumps({"metadata": {}, "records": [shard]}).encode()


def megatron(length=256, version=1):
    head = b"MMIDIDX\0\0" + struct.pack("<QBQQ", version, 8, 1, 2)
    return head + struct.pack("<iq2q", length, 0, 0, 1)


def fairseq(length=256):
    head = b"TNTIDX\0\0" + struct.pack("<5Q", 1, 8, 2, 1, 1)
    return head + struct.pack("<2q2qq", 0, 1, 0, length, length)


def verdicts(folder, **files):
    for name, content in files.items():
        (folder / name.replace("__", ".")).write_bytes(content)
    report = scan(folder)
    return {file.path: file.verdict for file in report.files}, report.verdict


@pytest.mark.parametrize("name", ["ndarray-cache.json", "tensor-cache.json"])
def test_shards_of_the_stated_length_are_numbers(tmp_path, name):
    files = {name: cache(), "params_shard_0.bin": NUMBERS}
    assert verdicts(tmp_path, **files)[1] is Verdict.CLEAN


def test_a_longer_shard_is_not(tmp_path):
    found, _ = verdicts(tmp_path, cache__json=cache(), params_shard_0__bin=NUMBERS + b"\1" * 5000)
    assert found["params_shard_0.bin"] is Verdict.INCONCLUSIVE


def test_a_pickle_in_a_shard_is_found(tmp_path):
    data = NUMBERS + TRAP
    found, _ = verdicts(tmp_path, cache__json=cache(size=len(data)), params_shard_0__bin=data)
    assert found["params_shard_0.bin"] is Verdict.MALICIOUS


def test_a_shard_outside_is_an_escape():
    assert scan_bytes(cache("/etc/passwd")).verdict is not Verdict.CLEAN
    assert scan_bytes(cache("../../x.bin")).verdict is not Verdict.CLEAN


@pytest.mark.parametrize("make", [megatron, fairseq])
def test_tokens_beside_their_index_are_numbers(tmp_path, make):
    found, verdict = verdicts(tmp_path, text__idx=make(), text__bin=NUMBERS)
    assert (verdict, found["text.bin"]) == (Verdict.CLEAN, Verdict.CLEAN)


def test_a_damaged_index_is_no_alarm(tmp_path):
    data = fairseq()[:-24] + bytes(range(190, 214))
    found, _ = verdicts(tmp_path, text__idx=data)
    assert found["text.idx"] is not Verdict.MALICIOUS


def test_an_index_that_says_less_declares_nothing(tmp_path):
    found, _ = verdicts(tmp_path, text__idx=megatron(3), text__bin=NUMBERS * 50)
    assert found["text.bin"] is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("make", [megatron, fairseq])
def test_what_stands_behind_an_index_is_examined(make):
    assert scan_bytes(make() + TRAP).verdict is Verdict.MALICIOUS
    assert scan_bytes(make()[:-5]).verdict is not Verdict.CLEAN
    assert scan_bytes(megatron(version=7)).verdict is Verdict.INCONCLUSIVE
