"""7z archives: against py7zr as the oracle, and crafted byte by byte."""

import io
import os
import random
import zlib

import pytest
from opening import codes, content, contents, gaps, is_honest, opened, small_budget

from builders.archives import (
    COPY_CODER,
    build_sevenzip,
    packed_sevenzip,
    sevenzip_files,
    sevenzip_number,
    sevenzip_streams,
    simple_sevenzip,
)
from weighbridge.containers import registry
from weighbridge.errors import LimitExceeded, MalformedInput, Unsupported
from weighbridge.sources.memory import BytesSource

FILES = {
    "a.bin": b"".join(b"\xe8" + random.Random(i).randbytes(4) + b"code" for i in range(5000)),
    "sub/b.txt": b"hello" * 1000,
    "empty": b"",
}
CHAINS = {
    "default": None,
    "lzma": ["LZMA"],
    "x86 and lzma": ["X86", "LZMA"],
    "x86 and lzma2": ["X86", "LZMA2"],
    "arm and lzma": ["ARM", "LZMA"],
    "delta and lzma2": ["DELTA", "LZMA2"],
    "bzip2": ["BZIP2"],
    "x86 and bzip2": ["X86", "BZIP2"],
    "deflate": ["DEFLATE"],
    "zstd": ["ZSTD"],
    "copy": ["COPY"],
}


def written(chain, **options):
    py7zr = pytest.importorskip("py7zr", reason="py7zr writes the archives")
    filters = chain and [{"id": getattr(py7zr, "FILTER_" + name)} for name in chain]
    for entry in filters or ():
        if entry["id"] == py7zr.FILTER_DELTA:
            entry["dist"] = 4
        if entry["id"] == py7zr.FILTER_ZSTD:
            entry["level"] = 3
        if entry["id"] == py7zr.FILTER_LZMA2:
            entry["preset"] = 1
    target = io.BytesIO()
    with py7zr.SevenZipFile(target, "w", filters=filters, **options) as archive:
        for name, data in FILES.items():
            archive.writestr(data, name)
    return target.getvalue()


@pytest.mark.parametrize("name", CHAINS)
def test_all_coders(name):
    data = written(CHAINS[name])
    assert registry.recognise(BytesSource(data)) == "7z"
    archive = opened(data)
    assert is_honest(archive, data)
    assert contents(archive) == FILES
    assert [one.crc for one in archive.members if one.size] == [
        zlib.crc32(data) for data in FILES.values() if data
    ]


def test_solid_folder_is_decoded_forward():
    archive = opened(written(None))
    last = [member for member in archive.members if member.size][-1]
    assert last.source.read_at(5, 5) == FILES[last.name][5:10]


@pytest.mark.parametrize("coder", ["PPMD"])
def test_unsupported_coder(coder):
    py7zr = pytest.importorskip("py7zr", reason="py7zr writes the archives")
    filters = [{"id": getattr(py7zr, "FILTER_" + coder), "order": 6, "mem": 20}]
    target = io.BytesIO()
    with py7zr.SevenZipFile(target, "w", filters=filters) as archive:
        archive.writestr(b"payload", "a")
    archive = opened(target.getvalue())
    assert gaps(archive) == {"unsupported-method", "7z-unreadable"}
    assert "PPMd" in archive.gaps[0].text
    assert archive.members[0].source is None


def test_encrypted_data():
    archive = opened(written(None, password="secret"))
    assert "encrypted" in gaps(archive)
    assert {member.name for member in archive.members} == set(FILES)


def test_encrypted_header():
    py7zr = pytest.importorskip("py7zr", reason="py7zr writes the archives")
    target = io.BytesIO()
    with py7zr.SevenZipFile(target, "w", password="x", header_encryption=True) as archive:
        archive.writestr(b"payload", "a")
    with pytest.raises(Unsupported) as caught:
        opened(target.getvalue())
    assert caught.value.code == "encrypted"


def test_crafted_default_is_honest():
    data = simple_sevenzip(b"payload")
    archive = opened(data)
    assert is_honest(archive, data)
    member = archive.members[0]
    assert (member.name, content(member)) == ("a", b"payload")
    assert (member.stored, member.offset) == (True, 32)


def test_crafted_with_packed_header():
    data = packed_sevenzip(b"payload" * 100)
    archive = opened(data)
    assert is_honest(archive, data)
    assert contents(archive) == {"a": b"payload" * 100}


def coder(identifier, inputs=1, properties=b""):
    flags = len(identifier) | (0x10 if inputs > 1 else 0) | (0x20 if properties else 0)
    streams = bytes([inputs, 1]) if inputs > 1 else b""
    length = bytes([len(properties)]) if properties else b""
    return b"\x01" + bytes([flags]) + identifier + streams + length + properties


@pytest.mark.parametrize(
    ("identifier", "name"),
    [("040109", "Deflate64"), ("04f71102", "Brotli"), ("7f01", "7f01"), ("030401", "PPMd")],
)
def test_coders_are_refused_by_name(identifier, name):
    archive = opened(simple_sevenzip(b"x", coders=coder(bytes.fromhex(identifier))))
    assert name in archive.gaps[0].text


def test_bcj2_is_refused_by_name():
    coders = coder(bytes.fromhex("0303011b"), 4) + b"\x00\x01\x02\x03"
    archive = opened(simple_sevenzip(b"x", coders=coders))
    assert "BCJ2" in archive.gaps[0].text


@pytest.mark.parametrize(
    ("identifier", "properties"),
    [("030101", b"\x5d" + (1 << 30).to_bytes(4, "little")), ("21", b"\x28")],
)
def test_large_dictionary_is_a_gap(identifier, properties):
    archive = opened(simple_sevenzip(b"x", coders=coder(bytes.fromhex(identifier), 1, properties)))
    assert "limit-dictionary" in gaps(archive)


def test_coder_circle():
    circle = b"\x02\x01\x00\x01\x00" + b"\x01\x01"
    streams = sevenzip_streams(1, circle, 1).replace(b"\x0c\x01", b"\x0c\x01\x01")
    header = b"\x01\x04" + streams + sevenzip_files("a") + b"\0"
    archive = opened(build_sevenzip(b"x", header))
    assert "7z-folder" in gaps(archive)


def test_wrong_crc_is_read_nevertheless():
    streams = sevenzip_streams(7, COPY_CODER, 7)
    header = b"\x01\x04" + streams + sevenzip_files("a") + b"\0"
    archive = opened(build_sevenzip(b"payload", header, crc_off=1))
    assert codes(archive) == {"7z-crc-mismatch"}
    assert contents(archive) == {"a": b"payload"}


def test_appended_bytes():
    archive = opened(simple_sevenzip(b"payload") + b"tail")
    assert codes(archive) == {"7z-appended"}
    assert [size for _, size in archive.uncovered] == [4]


def test_more_files_than_data():
    streams = sevenzip_streams(1, COPY_CODER, 1)
    header = b"\x01\x04" + streams + sevenzip_files("a", "b") + b"\0"
    archive = opened(build_sevenzip(b"x", header))
    assert codes(archive) == {"7z-no-data"}
    assert [member.source is None for member in archive.members] == [False, True]


def test_names_are_judged():
    assert codes(opened(simple_sevenzip(b"x", "../x"))) == {"archive-name-escape"}


@pytest.mark.parametrize(("target", "bad"), [(b"other", False), (b"/etc/passwd", True)])
def test_symlink(target, bad):
    archive = opened(simple_sevenzip(target, "l", attributes=0o120777 << 16 | 0x8000))
    assert archive.members[0].kind == "symlink"
    assert archive.members[0].link_target == target.decode()
    assert codes(archive) == ({"archive-link-escape"} if bad else set())


@pytest.mark.parametrize(
    "header",
    [
        b"\x01\x05" + b"\xff" * 9,
        b"\x01\x04\x06\x00" + sevenzip_number(1 << 40),
        b"\x02",
        b"\x01\x77",
    ],
)
def test_lying_headers(header):
    with pytest.raises((MalformedInput, LimitExceeded)):
        opened(build_sevenzip(b"", header))


def test_missing_header():
    with pytest.raises(MalformedInput):
        opened(simple_sevenzip(b"payload")[:-3])


def test_bomb_stops():
    py7zr = pytest.importorskip("py7zr", reason="py7zr writes the archives")
    target = io.BytesIO()
    with py7zr.SevenZipFile(target, "w") as archive:
        archive.writestr(bytes(40 << 20), "a")
    archive = opened(target.getvalue(), budget=small_budget())
    with pytest.raises(LimitExceeded):
        archive.members[0].source.read_at((40 << 20) - 1, 1)


def test_truncated_payload_keeps_its_start():
    """The nullifAI samples: a 7z whose content breaks right behind the payload."""
    data = bytearray(written(["LZMA"]))
    data[2000:2100] = os.urandom(100)
    source = opened(bytes(data)).members[0].source
    assert source.read_at(0, 500) == FILES["a.bin"][:500]
