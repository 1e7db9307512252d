"""Whatever the bytes: the readers end, and in nothing but the three errors."""

import bz2
import contextlib
import gzip
import io
import lzma
import tarfile
import zipfile
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opening import THREE_ERRORS, read_everything, small_budget

from builders.archives import (
    TAR_END,
    ZipEntry,
    build_sevenzip,
    build_zip,
    packed_sevenzip,
    pax_header,
    simple_sevenzip,
    tar_member,
)
from weighbridge.containers import registry
from weighbridge.containers.compressed import open_stream, recognise
from weighbridge.sources.memory import BytesSource

QUICK = settings(
    max_examples=150, deadline=None, database=None, derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)  # fmt: skip


def zip_sample():
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("stored", b"abc" * 9)
        archive.writestr("deflated", b"abc" * 99, zipfile.ZIP_DEFLATED)
        with archive.open("wide", "w", force_zip64=True) as member:
            member.write(b"x")
        archive.comment = b"comment"
    return target.getvalue()


def tar_sample():
    return (
        pax_header({"path": "long", "size": "7"})
        + tar_member(b"a", b"payload")
        + tar_member(b"l", b"", b"2", link=b"a")
        + pax_header({"GNU.sparse.map": "0,3,1000,4", "GNU.sparse.size": "2000"})
        + tar_member(b"s", b"abcdefg")
        + TAR_END
    )


ARCHIVES = {
    "zip": zip_sample,
    "crafted-zip": lambda: build_zip(ZipEntry(b"a", b"x"), ZipEntry(b"b", b"y" * 50, 8, 8)),
    "tar": tar_sample,
    "7z": lambda: packed_sevenzip(b"payload" * 50),
    "plain-7z": lambda: simple_sevenzip(b"payload"),
}
STREAMS = {
    "gzip": gzip.compress,
    "zlib": zlib.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "lzma": lambda data: lzma.compress(data, lzma.FORMAT_ALONE),
    "zstd": lambda data: pytest.importorskip("backports.zstd").compress(data),
    "lz4": lambda data: pytest.importorskip("lz4.frame").compress(data),
}
TEXT = b"some text, some more text, and more of the same text" * 5


def kind_of(name):
    return name.rpartition("-")[2]


def read_stream(data, kind):
    stream = open_stream(kind, BytesSource(data), small_budget())
    with contextlib.suppress(*THREE_ERRORS):
        stream.exhaust()
    prefix = stream.prefix()
    assert len(prefix.read_at(0, prefix.size + 1)) == prefix.size
    return prefix.read_at(0, prefix.size)


@pytest.mark.parametrize("name", ARCHIVES)
def test_archives_cut_at_every_offset(name):
    data = ARCHIVES[name]()
    step = 7 if len(data) > 2000 else 1
    for length in range(0, len(data), step):
        read_everything(data[:length], kind_of(name))
        registry.recognise(BytesSource(data[:length]))


@pytest.mark.parametrize("name", ARCHIVES)
@QUICK
@given(data=st.data())
def test_archives_with_flipped_bits(name, data):
    sample = bytearray(ARCHIVES[name]())
    for _ in range(data.draw(st.integers(1, 4))):
        sample[data.draw(st.integers(0, len(sample) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    read_everything(bytes(sample), kind_of(name))


@pytest.mark.parametrize("name", ["crafted-zip", "plain-7z"])
def test_archives_with_every_byte_replaced(name):
    sample = ARCHIVES[name]()
    for offset in range(len(sample)):
        for value in (0x00, 0x7F, 0xFF):
            read_everything(sample[:offset] + bytes([value]) + sample[offset + 1 :], kind_of(name))


@pytest.mark.parametrize("kind", ["zip", "tar", "7z"])
@QUICK
@given(data=st.binary(max_size=2000))
def test_random_bytes(kind, data):
    read_everything(data, kind)
    magic = {"zip": b"PK\3\4", "tar": b"", "7z": b"7z\xbc\xaf\x27\x1c"}[kind]
    read_everything(magic + data, kind)
    registry.recognise_all(BytesSource(data))


@QUICK
@given(header=st.binary(max_size=300))
def test_random_sevenzip_headers(header):
    read_everything(build_sevenzip(b"payload", b"\x01\x04" + header), "7z")
    read_everything(build_sevenzip(b"payload", b"\x17" + header), "7z")


@pytest.mark.parametrize("kind", STREAMS)
def test_streams_cut_at_every_offset(kind):
    data = STREAMS[kind](TEXT)
    for length in range(len(data)):
        assert TEXT.startswith(read_stream(data[:length], kind))
        recognise(data[:length])


@pytest.mark.parametrize("kind", STREAMS)
@QUICK
@given(data=st.data())
def test_streams_with_flipped_bits(kind, data):
    sample = bytearray(STREAMS[kind](TEXT))
    for _ in range(data.draw(st.integers(1, 3))):
        sample[data.draw(st.integers(0, len(sample) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    read_stream(bytes(sample), kind)


@pytest.mark.parametrize("kind", STREAMS)
@QUICK
@given(data=st.binary(max_size=500))
def test_streams_of_random_bytes(kind, data):
    read_stream(data, kind)
    read_stream(STREAMS[kind](b"")[:10] + data, kind)


@QUICK
@given(st.dictionaries(st.text("abc.", min_size=1, max_size=200), st.binary(max_size=99)))
def test_tarfile_agrees_on_honest_archives(files):
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo("n" + name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    if not files:
        return
    archive = registry.open_archive("tar", BytesSource(target.getvalue()), small_budget())
    with tarfile.open(fileobj=io.BytesIO(target.getvalue())) as oracle:
        assert [member.name for member in archive.members] == oracle.getnames()


def flipped(draw, sample):
    changed = bytearray(sample)
    for _ in range(draw(st.integers(1, 3))):
        changed[draw(st.integers(0, len(changed) - 1))] ^= 1 << draw(st.integers(0, 7))
    return bytes(changed)


def readable(archive):
    """The start of all that our reader hands out."""
    found = set()
    for member in archive.members:
        if member.source is not None:
            data = getattr(member.source, "prefix", lambda member=member: member.source)()
            found.add(data.read_at(0, 2000))
    return found


def zipfile_reads(data):
    found = []
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for info in archive.infolist():
                try:
                    found.append(archive.read(info)[:2000])
                except Exception:  # the oracle raises what it likes
                    continue
    except Exception:
        return []
    return found


def tarfile_reads(data):
    found = []
    try:
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            for info in archive:
                if info.isreg():
                    found.append(archive.extractfile(info).read(2000))
    except Exception:
        pass
    # A sparse file that lost its map is all zeros to tarfile.
    return [data for data in found if data.strip(b"\0")]


@pytest.mark.parametrize("name", ["zip", "crafted-zip"])
@QUICK
@given(data=st.data())
def test_we_see_no_less_than_zipfile(name, data):
    sample = flipped(data.draw, ARCHIVES[name]())
    expected = zipfile_reads(sample)
    if expected:
        ours = readable(registry.open_archive("zip", BytesSource(sample), small_budget()))
        assert all(any(one.startswith(want) for one in ours) for want in expected)


@QUICK
@given(data=st.data())
def test_we_see_no_less_than_tarfile(data):
    sample = flipped(data.draw, tar_sample())
    expected = tarfile_reads(sample)
    if expected:
        ours = readable(registry.open_archive("tar", BytesSource(sample), small_budget()))
        assert all(any(one.startswith(want) for one in ours) for want in expected)
