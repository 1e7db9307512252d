"""Compressed streams: recognised, decoded lazily, kept to the last good byte, and bounded."""

import bz2
import gzip
import lzma
import random
import zlib

import pytest
from opening import small_budget

from weighbridge.budget import Budget, Limits
from weighbridge.containers import registry
from weighbridge.containers.codecs import CODECS, RAW_DEFLATE
from weighbridge.containers.compressed import open_stream, recognise
from weighbridge.containers.inflate import InflatedSource, Spools
from weighbridge.errors import LimitExceeded, MalformedInput, Unsupported
from weighbridge.sources.memory import BytesSource

_RANDOM = random.Random(7)
TEXT = b"".join(b"%d," % _RANDOM.randrange(10**6) for _ in range(200_000))
SKIPPABLE = b"\x5a\x2a\x4d\x18\x03\0\0\0abc"


def pack_zstd(data):
    zstd = pytest.importorskip("backports.zstd")
    return zstd.compress(data, options={zstd.CompressionParameter.checksum_flag: 1})


def pack_lz4(data):
    return pytest.importorskip("lz4.frame").compress(data, content_checksum=True)


PACKERS = {
    "gzip": gzip.compress,
    "zlib": zlib.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "lzma": lambda data: lzma.compress(data, lzma.FORMAT_ALONE),
    "zstd": pack_zstd,
    "lz4": pack_lz4,
}
SEVERAL = ["gzip", "bz2", "xz", "zstd", "lz4"]


@pytest.fixture(params=PACKERS)
def kind(request):
    return request.param


def stream(kind, data, budget=None):
    return open_stream(kind, BytesSource(data), budget or Budget())


def test_recognised_and_decoded(kind):
    packed = PACKERS[kind](TEXT)
    assert recognise(packed[:4096]) == kind
    assert registry.recognise(BytesSource(packed)) == kind
    opened = stream(kind, packed)
    assert opened.known_size is None
    assert opened.size == len(TEXT)
    assert opened.read_at(0, len(TEXT)) == TEXT
    assert opened.consumed == len(packed)
    assert opened.damage is None and opened.faults == []


def test_decoded_only_as_far_as_asked(kind):
    opened = stream(kind, PACKERS[kind](TEXT))
    assert opened.read_at(1000, 5) == TEXT[1000:1005]
    assert 1005 <= opened.decoded <= 512 << 10
    assert opened.read_at(3, 5) == TEXT[3:8]
    assert opened.read_at(len(TEXT), 5) == b""


@pytest.mark.parametrize("kind", [one for one in PACKERS if one != "lzma"])
def test_trailing_junk_is_located(kind):
    packed = PACKERS[kind](TEXT)
    opened = stream(kind, packed + b"JUNK behind")
    opened.exhaust()
    assert opened.consumed == len(packed)


@pytest.mark.parametrize("kind", SEVERAL)
def test_several_streams(kind):
    packed = PACKERS[kind](TEXT) + PACKERS[kind](b"second")
    opened = stream(kind, packed)
    assert opened.read_at(0, 1 << 24) == TEXT + b"second"
    assert opened.consumed == len(packed)


@pytest.mark.parametrize("kind", ["gzip", "xz"])
def test_padding_between_streams(kind):
    packed = PACKERS[kind](b"first") + bytes(8) + PACKERS[kind](b"second")
    assert stream(kind, packed).read_at(0, 99) == b"firstsecond"


@pytest.mark.parametrize("kind", ["zstd", "lz4"])
def test_skippable_frames(kind):
    packed = SKIPPABLE + PACKERS[kind](b"first") + SKIPPABLE + PACKERS[kind](b"second")
    assert recognise(packed) == kind
    opened = stream("zstd", packed)
    assert opened.read_at(0, 99) == b"firstsecond"
    assert [length for _, length in opened.skipped] == [11, 11]


def test_only_skippable_frames():
    assert stream("zstd", SKIPPABLE).size == 0


def test_cut_stream_keeps_what_was_decoded(kind):
    packed = PACKERS[kind](TEXT)
    opened = stream(kind, packed[: len(packed) * 3 // 4])
    assert opened.read_at(0, 1000) == TEXT[:1000]
    with pytest.raises(MalformedInput):
        opened.exhaust()
    with pytest.raises(MalformedInput):
        opened.read_at(opened.decoded - 1, 2)
    prefix = opened.prefix()
    assert prefix.size == opened.decoded > len(TEXT) // 4
    assert TEXT.startswith(prefix.read_at(0, prefix.size))
    assert prefix.read_at(prefix.size - 1, 100) == TEXT[prefix.size - 1 : prefix.size]


def test_damage_loses_a_few_bytes_only(kind):
    """Data that a loader acts on before it meets the damage must be seen (nullifAI)."""
    if kind in ("zlib", "gzip"):
        packed = bytearray(PACKERS[kind](TEXT) + bytes(9))
        cut = len(packed) * 3 // 4
        packed[cut : cut + 400] = b"\xff" * 400
    else:
        packed = bytearray(PACKERS[kind](TEXT))
        cut = len(packed) * 3 // 4
        packed[cut] ^= 0x5A
        packed[cut + 9] ^= 0xFF
    opened = stream(kind, bytes(packed))
    prefix = opened.prefix()
    assert opened.damage is None or isinstance(opened.damage, MalformedInput)
    assert opened.damage is not None or opened.faults
    good = prefix.read_at(0, prefix.size)
    # The block with the damage is lost: 900 kB of bzip2, 128 KiB of zstd, 64 KiB of lz4.
    assert good[: len(TEXT) // 4] == TEXT[: len(TEXT) // 4]


@pytest.mark.parametrize("small", [b"payload", b"x" * 300])
def test_wrong_checksum_is_a_fault_and_no_damage(small):
    for kind in ("gzip", "zlib"):
        packed = bytearray(PACKERS[kind](small))
        packed[-5 if kind == "gzip" else -1] ^= 1
        opened = stream(kind, bytes(packed))
        assert opened.size == len(small)
        assert opened.read_at(0, 999) == small
        assert [fault.code for fault in opened.faults] == ["stream-checksum"]


def test_gzip_with_all_header_fields():
    body = gzip.compress(b"payload")
    head = b"\x1f\x8b\x08\x1e" + body[4:10] + b"\3\0abc" + b"name\0" + b"comment\0" + b"\0\0"
    assert stream("gzip", head + body[10:]).read_at(0, 99) == b"payload"


def test_gzip_header_without_end():
    endless = b"\x1f\x8b\x08\x08" + bytes(6) + b"n" * (3 << 20)
    with pytest.raises(MalformedInput):
        stream("gzip", endless).exhaust()


@pytest.mark.parametrize("space", [b"", b" "])
def test_old_joblib_header(space):
    packed = b"ZF" + hex(len(TEXT)).encode().ljust(19) + space + zlib.compress(TEXT)
    assert recognise(packed[:4096]) == "joblib-zf"
    assert stream("joblib-zf", packed).size == len(TEXT)


@pytest.mark.parametrize(
    "head",
    [b"", b"x", b"x^2 + y^2", b"x^2 and much more text than this " * 9,
     b"\x5d\0\0\0\1" + b"\1" * 40, b"BZh91 text", b"ZFile", b"PK\3\4", b"\x80\x04\x95",
     b"\x1f\x8b\x07"],
)  # fmt: skip
def test_what_is_no_stream(head):
    assert recognise(head) is None


def test_small_zlib_is_recognised():
    assert recognise(zlib.compress(b"")) == "zlib"
    assert recognise(zlib.compress(b"cos\nsystem\n(S'id'\ntR.")) == "zlib"


@pytest.mark.parametrize("kind", PACKERS)
def test_bombs_stop(kind):
    packed = PACKERS[kind](bytes(48 << 20))
    opened = stream(kind, packed, small_budget())
    with pytest.raises(LimitExceeded):
        opened.exhaust()
    assert opened.decoded <= 9 << 20
    assert opened.prefix().read_at(0, 10) == bytes(10)


@pytest.mark.parametrize("kind", ["bz2", "xz"])
def test_ratio_stops_what_deflate_cannot_reach(kind):
    packed = PACKERS[kind](bytes(100 << 20))
    opened = stream(kind, packed, Budget(Limits(inflation_free_bytes=1 << 20)))
    with pytest.raises(LimitExceeded) as caught:
        opened.exhaust()
    assert caught.value.code == "limit-ratio"


def test_nested_streams_share_the_counters():
    packed = gzip.compress(gzip.compress(bytes(40 << 20)))
    budget = small_budget()
    inner = open_stream("gzip", stream("gzip", packed, budget), budget)
    with pytest.raises(LimitExceeded):
        inner.exhaust()


def test_damage_below_reaches_the_stream_above():
    inside = gzip.compress(TEXT)
    packed = gzip.compress(inside, 0)
    below = stream("gzip", packed[: len(packed) // 2])
    above = open_stream("gzip", below, Budget())
    with pytest.raises(MalformedInput):
        above.exhaust()
    assert above.decoded > len(TEXT) // 4


def test_dictionary_limit():
    alone = b"\x5d" + (1 << 30).to_bytes(4, "little") + b"\xff" * 8 + bytes(50)
    with pytest.raises(LimitExceeded) as caught:
        stream("lzma", alone).exhaust()
    assert caught.value.code == "limit-dictionary"


def test_zstd_window_limit():
    zstd = pytest.importorskip("backports.zstd")
    options = {zstd.CompressionParameter.window_log: 28}
    packer = zstd.ZstdCompressor(options=options)
    packed = packer.compress(b"x" * 1000) + packer.flush()
    with pytest.raises(LimitExceeded):
        stream("zstd", packed).exhaust()


def test_large_output_goes_to_disk():
    data = bytes(range(256)) * (12 << 12)
    opened = stream("gzip", gzip.compress(data))
    assert opened.size == len(data)
    assert opened.read_at(len(data) - 256, 256) == bytes(range(256))
    assert opened.read_at(0, 256) == bytes(range(256))


def test_released_streams_decode_again():
    spools = Spools(active=1)
    packed = BytesSource(zlib.compress(TEXT))
    first, second = (InflatedSource(packed, CODECS["zlib"], Budget(), None, spools) for _ in "ab")
    assert first.size == second.size == len(TEXT)
    assert first.read_at(5, 9) == TEXT[5:14]
    assert second.read_at(len(TEXT) - 5, 9) == TEXT[-5:]


def test_declared_size():
    packer = zlib.compressobj(wbits=-15)
    packed = BytesSource(packer.compress(TEXT) + packer.flush())
    assert InflatedSource(packed, RAW_DEFLATE, Budget(), len(TEXT)).size == len(TEXT)
    longer = InflatedSource(packed, RAW_DEFLATE, Budget(), len(TEXT) + 1)
    assert longer.read_at(0, 10) == TEXT[:10]
    with pytest.raises(MalformedInput):
        longer.exhaust()
    shorter = InflatedSource(packed, RAW_DEFLATE, Budget(), 10)
    assert shorter.size == 10
    assert shorter.read_at(0, 10) == TEXT[:10]
    assert shorter.overrun and shorter.size == len(TEXT)


def test_many_tiny_members():
    packed = gzip.compress(b"") * 5000 + gzip.compress(b"end")
    assert stream("gzip", packed).read_at(0, 9) == b"end"


def test_unknown_kind():
    with pytest.raises(Unsupported):
        open_stream("brotli", BytesSource(b""), Budget())


def test_missing_package(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "lz4.frame", None)
    with pytest.raises(Unsupported):
        open_stream("lz4", BytesSource(b"\x04\x22\x4d\x18"), Budget())
