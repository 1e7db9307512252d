"""Small real files of every format that is parsed, made with the libraries that write them."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import pickle
import struct
import zlib
from functools import cache

import pytest

from builders.archives import simple_sevenzip, tar_member
from builders.pickles import SHELL, proto


def safetensors(tensors: dict[str, object], data: bytes, pad: bytes = b"") -> bytes:
    """Return a safetensors file with this header and data."""
    header = json.dumps(tensors).encode() + pad
    return struct.pack("<Q", len(header)) + header + data


def tensor(begin: int, end: int, shape: list[int], dtype: str = "F32") -> dict[str, object]:
    """Return one entry of the header."""
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


HONEST = {"a": tensor(0, 16, [4]), "b": tensor(16, 24, [2])}


@cache
def arrays() -> dict[str, object]:
    """Arrays of many types and orders."""
    np = pytest.importorskip("numpy")
    pair = np.dtype([("x", "<f4"), ("y", "<i8", (2,)), ("z", "S3")])
    return {
        "float": np.arange(12.0).reshape(3, 4), "fortran": np.asfortranarray(np.ones((3, 4), "f4")),
        "bool": np.array([True, False]), "complex": np.ones(3, "c16"), "half": np.ones(5, "f2"),
        "big-endian": np.arange(5, dtype=">i4"), "text": np.array(["ab", "c"]),
        "scalar": np.array(3),
        "bytes": np.array([b"abc", b"d"]), "dates": np.array(["2024-01-01"], "M8[D]"),
        "empty": np.zeros((0, 3)), "records": np.zeros(3, pair), "uint8": np.arange(9, dtype="u1"),
        "objects": np.array([{"a": 1}, "x", None], dtype=object), "delta": np.array([1], "m8[ns]"),
        "void": np.zeros(2, "V7"), "subarray-of-objects": np.zeros(2, [("o", "O"), ("n", "i4")]),
    }  # fmt: skip


def joblib_file(item: object, compress: object = 0) -> bytes:
    """Return what joblib.dump writes."""
    joblib = pytest.importorskip("joblib")
    out = io.BytesIO()
    joblib.dump(item, out, compress=compress)
    return out.getvalue()


def npy(array: object, version: tuple[int, int] | None = None) -> bytes:
    """Return an array file of this version."""
    np = pytest.importorskip("numpy")
    out = io.BytesIO()
    np.lib.format.write_array(out, array, version)
    return out.getvalue()


def torch_file(item: object, zipped: bool = True) -> bytes:
    """Return what torch.save writes."""
    torch = pytest.importorskip("torch")
    out = io.BytesIO()
    torch.save(item, out, _use_new_zipfile_serialization=zipped)
    return out.getvalue()


@cache
def clean_samples() -> dict[str, bytes]:
    """Honest files that need no library beyond the standard one and NumPy."""
    plain = pickle.dumps({"a": [1, 2.5, "x"], "b": (None, b"y")})
    found = {f"pickle-{n}": pickle.dumps({"a": [1, 2.5, "x", 2**70]}, n) for n in range(6)}
    found["streams"] = plain + pickle.dumps([1], 2) + pickle.dumps("z", 4)
    found["gzip"], found["bz2"] = gzip.compress(plain, mtime=0), bz2.compress(plain)
    found["xz"], found["zlib"] = lzma.compress(plain), zlib.compress(plain)
    found["7z"] = simple_sevenzip(plain)
    found["tar"] = tar_member(b"m.pkl", plain) + bytes(1024)
    found["safetensors"] = safetensors(HONEST, bytes(24))
    for name in ("float", "objects", "records"):
        found[f"npy-{name}"] = npy(arrays()[name])
        found[f"joblib-{name}"] = joblib_file({"w": arrays()[name], "n": 1})
    np = pytest.importorskip("numpy")
    out = io.BytesIO()
    np.savez(out, a=np.ones(3), b=arrays()["objects"])
    found["npz"] = out.getvalue()
    return found


@cache
def torch_samples() -> dict[str, bytes]:
    """Honest checkpoints."""
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    state = {"w": torch.ones(4, 3), "half": torch.ones(5, dtype=torch.float16), "step": 3}
    return {"torch-zip": torch_file(state), "torch-legacy": torch_file(state, zipped=False)}


def hostile_samples() -> dict[str, bytes]:
    """Files that run a shell, for damage to be done to."""
    return {"pickle": proto(4) + SHELL + b"N.", "text-pickle": SHELL + b"N."}
