"""Files to measure with, made by code: large, many, or built to use up memory."""

from __future__ import annotations

import gzip
import io
import json
import os
import pickle
import random
import struct
import zipfile
import zlib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

MIB = 1 << 20


def opcode_heavy(path: Path) -> bytes:
    """Write a dictionary of 400,000 entries, 4.8 million opcodes, about 15 MB; return its bytes."""
    value = {f"k{i}": (i, 0.5 * i, [i, 7]) for i in range(400_000)}
    data = pickle.dumps(value, protocol=4)
    path.write_bytes(data)
    return data


# -- a checkpoint as torch.save writes it --------------------------------------------------------


def checkpoint(
    path: Path, storages: int = 64, storage_bytes: int = 64 * MIB, payload: bytes = b""
) -> None:
    """Write a PyTorch checkpoint whose storages are holes in the file: all zeros, no disk used."""
    rows = storage_bytes // 4 // 1024
    members = [
        ("archive/data.pkl", _state_dict(storages, rows, payload)),
        ("archive/.format_version", b"1"),
        ("archive/byteorder", b"little"),
    ]
    with open(path, "wb") as file:
        directory = [_stored(file, name, data, zlib.crc32(data)) for name, data in members]
        crc = _crc_of_zeros(storage_bytes)
        for number in range(storages):
            name = f"archive/data/{number}"
            directory.append(_stored(file, name, storage_bytes, crc))
        directory.append(_stored(file, "archive/version", b"3\n", zlib.crc32(b"3\n")))
        _directory(file, directory)


def _state_dict(storages: int, rows: int, payload: bytes = b"") -> bytes:
    """Return the pickle of an ordered dictionary of float32 matrices with 1,024 columns."""
    ordered = b"ccollections\nOrderedDict\n)R"
    out = [b"\x80\x02", payload, ordered, b"("]
    for number in range(storages):
        out += [
            _text(f"layers.{number}.weight"),
            b"ctorch._utils\n_rebuild_tensor_v2\n((",
            _text("storage"),
            b"ctorch\nFloatStorage\n",
            _text(str(number)),
            _text("cpu"),
            b"J" + struct.pack("<i", rows * 1024),
            b"tQK\0",
            b"J" + struct.pack("<i", rows) + b"M\0\x04\x86",
            b"M\0\x04K\x01\x86",
            b"\x89" + ordered + b"tR",
        ]
    return b"".join([*out, b"u."])


def _text(text: str) -> bytes:
    return b"X" + struct.pack("<I", len(text)) + text.encode()


@lru_cache
def _crc_of_zeros(size: int) -> int:
    crc, block = 0, bytes(MIB)
    for _ in range(size // MIB):
        crc = zlib.crc32(block, crc)
    return crc


def _stored(file: io.BufferedWriter, name: str, data: bytes | int, crc: int) -> bytes:
    """Write one stored member, its data on a border of 64 bytes; return its directory entry."""
    offset = file.tell()
    size = data if isinstance(data, int) else len(data)
    fill = -(offset + 30 + len(name) + 4) % 64
    extra = struct.pack("<HH", 0x4246, fill) + b"Z" * fill
    sizes = struct.pack("<III", crc, size, size)
    lengths = struct.pack("<HH", len(name), len(extra))
    file.write(b"PK\x03\x04" + struct.pack("<HHHHH", 0, 0, 0, 0, 0) + sizes + lengths)
    file.write(name.encode() + extra)
    if isinstance(data, int):
        file.seek(size, os.SEEK_CUR)
    else:
        file.write(data)
    far = struct.pack("<HHQ", 1, 8, offset) if offset > 0xFFFFFFFE else b""
    fixed = struct.pack("<HHHHHH", 0x0300 + 45, 45 if far else 0, 0, 0, 0, 0) + sizes
    place = struct.pack("<HHHHHII", len(name), len(far), 0, 0, 0, 0, min(offset, 0xFFFFFFFF))
    return b"PK\x01\x02" + fixed + place + name.encode() + far


def _directory(file: io.BufferedWriter, entries: list[bytes]) -> None:
    start, data = file.tell(), b"".join(entries)
    count = len(entries)
    end64 = struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, count, count, len(data), start)
    locator = struct.pack("<IQI", 0, start + len(data), 1)
    end = struct.pack("<HHHHIIH", 0, 0, count, count, len(data), min(start, 0xFFFFFFFF), 0)
    file.write(data + b"PK\x06\x06" + end64 + b"PK\x06\x07" + locator + b"PK\x05\x06" + end)


# -- many small files ----------------------------------------------------------------------------


def small_files(folder: Path, count: int) -> None:
    """Write `count` small files of the kinds that repositories of models hold."""
    folder.mkdir()
    chance = random.Random(0)
    for number in range(count):
        name, data = _SMALL[number % len(_SMALL)](chance)
        directory = folder / f"{number // 100:02}"
        directory.mkdir(exist_ok=True)
        (directory / f"{number}-{name}").write_bytes(data)


def _small_pickle(chance: random.Random) -> tuple[str, bytes]:
    value = {f"layer{i}": [chance.random() for _ in range(20)] for i in range(20)}
    return "state.pkl", pickle.dumps(value)


def _small_array(chance: random.Random) -> tuple[str, bytes]:
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (16, 16), }"
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    return "array.npy", b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header + bytes(1024)


def _small_safetensors(chance: random.Random) -> tuple[str, bytes]:
    tensors = {
        f"t{i}": {"dtype": "F32", "shape": [8, 8], "data_offsets": [i * 256, (i + 1) * 256]}
        for i in range(16)
    }
    header = json.dumps(tensors).encode()
    return "model.safetensors", struct.pack("<Q", len(header)) + header + bytes(4096)


def _small_checkpoint(chance: random.Random) -> tuple[str, bytes]:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("m/data.pkl", _state_dict(4, 1))
        for number in range(4):
            archive.writestr(f"m/data/{number}", bytes(4096))
        archive.writestr("m/version", "3\n")
    return "model.pt", buffer.getvalue()


def _small_json(chance: random.Random) -> tuple[str, bytes]:
    return "config.json", json.dumps({f"key{i}": chance.random() for i in range(50)}).encode()


_SMALL = (_small_pickle, _small_array, _small_safetensors, _small_checkpoint, _small_json)


# -- bombs -----------------------------------------------------------------------------------------


def _bomb_nested_tuples(path: Path) -> None:
    path.write_bytes(b"\x80\x02)" + b"\x85" * 10_000_000 + b".")


def _bomb_memo(path: Path) -> None:
    path.write_bytes(b"\x80\x04N" + b"\x94" * 40_000_000 + b".")


def _bomb_wide_memo(path: Path) -> None:
    """Fresh tuples, each of them kept in the memo."""
    path.write_bytes(b"\x80\x04" + b"K\x01\x85\x940" * 8_000_000 + b"N.")


def _bomb_stack(path: Path) -> None:
    path.write_bytes(b"\x80\x02(" + b"N" * 30_000_000 + b"t.")


def _bomb_marks(path: Path) -> None:
    path.write_bytes(b"\x80\x02" + b"(" * 20_000_000 + b".")


def _bomb_lists(path: Path) -> None:
    path.write_bytes(b"\x80\x02(" + b"](K\x01K\x02e" * 4_000_000 + b"l.")


def _bomb_imports(path: Path) -> None:
    path.write_bytes(b"\x80\x02" + b"".join(b"cos\nf%d\n0" % i for i in range(1_000_000)) + b"N.")


def _bomb_calls(path: Path) -> None:
    calls = b"".join(b"cos\nsystem\nX\7\0\0\0%7d\x85R0" % i for i in range(500_000))
    path.write_bytes(b"\x80\x02" + calls + b"N.")


def _bomb_length(path: Path) -> None:
    path.write_bytes(b"\x80\x04\x8e" + struct.pack("<Q", 1 << 40) + b"x" * 1000)


def _bomb_text(path: Path) -> None:
    """One string of a gigabyte that is really there (as a hole)."""
    with open(path, "wb") as file:
        file.write(b"\x80\x04\x8d" + struct.pack("<Q", 1 << 30))
        file.seek(1 << 30, os.SEEK_CUR)
        file.write(b"cos\nsystem\nX\x02\0\0\0id\x85R.")


def _bomb_gzip(path: Path) -> None:
    with gzip.open(path, "wb", compresslevel=1) as file:
        for _ in range(1024):
            file.write(bytes(MIB))


def _bomb_members(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(150_000):
            archive.writestr(f"{number}", b"")


def _bomb_nested_zip(path: Path) -> None:
    data = bytes(MIB)
    for level in range(40):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for number in range(4):
                archive.writestr(f"{level}-{number}.zip", data)
        data = buffer.getvalue()[: 4 * MIB]
    path.write_bytes(data)


def _bomb_json_header(path: Path) -> None:
    """A safetensors header of nearly 100 MB, the most that the format allows."""
    entry = '"t%d":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}'
    header = ("{" + ",".join(entry % i for i in range(1_600_000)) + "}").encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header)


def _bomb_payloads(path: Path) -> None:
    """Payloads of many megabytes, compressed a thousandfold, for pickle.loads."""
    packed = zlib.compress(b"\x80\x02)" + b"\x85" * 15_000_000 + b".", 9)
    call = b"cpickle\nloads\nczlib\ndecompress\nB" + struct.pack("<I", len(packed)) + packed
    path.write_bytes(b"\x80\x03" + (call + b"\x85R\x85R0") * 50 + b"N.")


def _bomb_source(path: Path) -> None:
    source = b"x=" + b"(" * 90 + b"1" + b")" * 90 + b"\n"
    source = b"y=[" + b"1," * 1_000_000 + b"]\n" + source
    call = b"cbuiltins\nexec\nX" + struct.pack("<I", len(source)) + source
    path.write_bytes(b"\x80\x03" + call + b"\x85R.")


BOMBS: dict[str, Callable[[Path], None]] = {
    name.removeprefix("_bomb_").replace("_", "-"): function
    for name, function in list(globals().items())
    if name.startswith("_bomb_")
}


# -- models on a hub -----------------------------------------------------------------------------


def safetensors_shard(path: Path, size: int, tensors: int) -> None:
    """Write a safetensors file whose tensors are holes: all zeros, no disk used."""
    each = size // tensors // 2
    header = json.dumps(
        {
            f"model.layers.{number}.mlp.gate_proj.weight": {
                "dtype": "BF16",
                "shape": [each],
                "data_offsets": [number * each * 2, (number + 1) * each * 2],
            }
            for number in range(tensors)
        }
    ).encode()
    header += b" " * (-len(header) % 8)
    path.write_bytes(struct.pack("<Q", len(header)) + header)
    os.truncate(path, 8 + len(header) + each * 2 * tensors)


def poisoned_checkpoint(path: Path, storages: int, storage_bytes: int) -> None:
    """Write such a checkpoint whose pickle also runs a command, an inert one."""
    checkpoint(path, storages, storage_bytes, b"cposix\nsystem\n(X\x04\0\0\0echotR0")
