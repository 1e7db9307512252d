"""Arrays in many files: chunks are numbers where the description beside them says so."""

from __future__ import annotations

import gzip
import io
import json
import random
import struct
import tarfile
from pathlib import Path

import pytest

from weighbridge import scan
from weighbridge.facts.graphs import DataFolder, describing
from weighbridge.findings.model import Verdict

NUMBERS = random.Random(1).randbytes(256)
TRAP = b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x10echo weighbridge\x85R."
ARRAY = {
    "zarr_format": 2, "shape": [8, 8], "chunks": [4, 8], "dtype": "<f4", "order": "C",
    "compressor": {"id": "gzip", "level": 1}, "filters": None, "fill_value": None,
}  # fmt: skip
ARRAY_3 = {"zarr_format": 3, "node_type": "array", "shape": [8], "codecs": [{"name": "bytes"}]}
MANIFEST = b"\x0c\xdb\x3a\x2a" + struct.pack("<Q", 40) + b"\0\1" + NUMBERS[:26]
FILE = f"d/{'0123456789abcdef' * 2}"


def written(folder: Path, files: dict[str, object]) -> Path:
    for name, content in files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return folder


BLOCK = struct.pack(">HHII", 0, 2, 4, 8) + NUMBERS
N5 = {"dataType": "float32", "dimensions": [8, 8], "blockSize": [4, 8], "compression": {}}

HONEST = {
    "n5": {"w/attributes.json": N5, "w/0/0": BLOCK, "w/1/0": gzip.compress(BLOCK)},
    "zarr 2": {"w/.zarray": ARRAY, "w/0.0": gzip.compress(NUMBERS), "w/1.0": NUMBERS},
    "zarr 2 nested": {"w/.zarray": ARRAY, "w/0/0": NUMBERS},
    "zarr 3": {"w/zarr.json": ARRAY_3, "w/c/0/1": NUMBERS, "w/c/1": NUMBERS},
    "orbax": {
        "manifest.ocdbt": MANIFEST,
        FILE: NUMBERS,
        "ocdbt.process_0/manifest.ocdbt": MANIFEST,
        f"ocdbt.process_0/{FILE}": NUMBERS,
    },
}


@pytest.mark.parametrize("name", HONEST)
def test_chunks_are_numbers(tmp_path: Path, name: str) -> None:
    report = scan(written(tmp_path, HONEST[name]))
    assert report.verdict is Verdict.CLEAN, report.findings


@pytest.mark.parametrize("name", HONEST)
def test_the_same_in_an_archive(tmp_path: Path, name: str) -> None:
    place = tmp_path / "bundle.tar.gz"
    with tarfile.open(place, "w:gz") as archive:
        for path, content in HONEST[name].items():
            data = content if isinstance(content, bytes) else json.dumps(content).encode()
            entry = tarfile.TarInfo(path)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    assert scan(place).verdict is Verdict.CLEAN


@pytest.mark.parametrize(
    "files",
    [
        {"w/0.0": NUMBERS},
        {"w/.zarray": ARRAY, "other/0.0": NUMBERS},
        {"w/.zarray": ARRAY, "w/model.bin": NUMBERS},
        {"w/.zarray": {**ARRAY, "filters": [{"id": "pickle", "protocol": 4}]}, "w/0": NUMBERS},
        {"manifest.ocdbt": MANIFEST, "d/short": NUMBERS},
        {"manifest.ocdbt": MANIFEST[:30], FILE: NUMBERS},
    ],
)
def test_other_unknown_files_stay_unknown(tmp_path: Path, files: dict[str, object]) -> None:
    assert scan(written(tmp_path, files)).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("name", HONEST)
@pytest.mark.parametrize("packed", [False, True])
def test_a_pickle_among_the_chunks_is_found(tmp_path: Path, name: str, packed: bool) -> None:
    files = dict(HONEST[name])
    data = NUMBERS + TRAP
    files[list(files)[1]] = gzip.compress(data) if packed else data
    assert scan(written(tmp_path, files)).verdict is Verdict.MALICIOUS


def test_what_follows_a_manifest_is_examined(tmp_path: Path) -> None:
    report = scan(written(tmp_path, {"manifest.ocdbt": MANIFEST + TRAP}))
    assert report.verdict is Verdict.MALICIOUS


def test_the_nearest_description_counts() -> None:
    folders = {"": DataFolder(None, 0, "zarr"), "a/b": DataFolder(None, 0, "ocdbt")}
    assert describing(folders, "0.1") == ""
    assert describing(folders, f"a/b/{FILE}") == "a/b"
    assert describing(folders, "a/0.1") is None
    assert describing({}, "0.1") is None


def shard(*chunks: bytes, damage: bool = False) -> bytes:
    """Chunks one behind the other, and their index; the last is not there."""
    index = b""
    offset = 0
    for chunk in chunks:
        index += struct.pack("<QQ", offset, len(chunk))
        offset += len(chunk)
    index += b"\xff" * 16
    checksum = crc32c(index) ^ damage
    return b"".join(chunks) + index + struct.pack("<I", checksum)


def crc32c(data: bytes) -> int:
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
    return value ^ 0xFFFFFFFF


CHUNKS = [gzip.compress(NUMBERS[:100]), gzip.compress(NUMBERS[100:])]


def test_a_checksum_known_from_the_standard() -> None:
    assert crc32c(b"123456789") == 0xE3069283


def test_shards_are_numbers_where_they_are_described(tmp_path: Path) -> None:
    report = scan(written(tmp_path, {"w/zarr.json": ARRAY_3, "w/c/0": shard(*CHUNKS)}))
    assert (report.verdict, report.findings) == (Verdict.CLEAN, ())


@pytest.mark.parametrize(
    "files",
    [
        {"w/c/0": shard(*CHUNKS)},
        {"w/zarr.json": ARRAY_3, "w/c/0": shard(*CHUNKS, damage=True)},
        {"w/zarr.json": ARRAY_3, "w/c/0": shard(*CHUNKS)[:-3]},
        {"w/c/0": shard(gzip.compress(b"a text, which is known\n" * 9), *CHUNKS)},
    ],
)
def test_other_chunks_behind_each_other_stay_unknown(
    tmp_path: Path, files: dict[str, object]
) -> None:
    assert scan(written(tmp_path, files)).verdict is Verdict.INCONCLUSIVE


def test_a_pickle_in_a_shard_is_found(tmp_path: Path) -> None:
    files = {"w/zarr.json": ARRAY_3, "w/c/0": shard(CHUNKS[0], TRAP)}
    assert scan(written(tmp_path, files)).verdict is Verdict.MALICIOUS
