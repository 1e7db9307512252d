"""Model files of tens of gigabytes: sparse files with the structure of real ones."""

from __future__ import annotations

import json
import os
import struct
from pathlib import Path

GB = 1_000_000_000
LAYERS = 80


def safetensors(path: Path, size: int = 50 * GB) -> None:
    """Weights of a large language model, nine tensors a layer."""
    each = size // (LAYERS * 9) // 8192 * 8192
    header, begin = {}, 0
    for layer in range(LAYERS):
        for part in range(9):
            header[f"model.layers.{layer}.part{part}.weight"] = {
                "dtype": "BF16",
                "shape": [each // 8192, 4096],
                "data_offsets": [begin, begin + each],
            }
            begin += each
    text = json.dumps({"__metadata__": {"format": "pt"}, **header}).encode()
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + begin)


def _text(value: str) -> bytes:
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def gguf(path: Path, size: int = 50 * GB, vocabulary: int = 128_000) -> None:
    """The same as GGUF, with its vocabulary and a chat template."""
    each = size // (LAYERS * 9) // 16384 * 16384
    template = "{% for m in messages %}<|{{ m['role'] }}|>{{ m['content'] }}{% endfor %}"
    tokens = b"".join(_text(f"token{number}") for number in range(vocabulary))
    pairs = [
        _text("general.architecture") + struct.pack("<I", 8) + _text("llama"),
        _text("tokenizer.chat_template") + struct.pack("<I", 8) + _text(template),
        _text("tokenizer.ggml.tokens") + struct.pack("<IIQ", 9, 8, vocabulary) + tokens,
    ]
    tensors = []
    for number in range(LAYERS * 9):
        shape = struct.pack("<IQQ", 2, 4096, each // 8192)
        name = _text(f"blk.{number // 9}.part{number % 9}.weight")
        tensors.append(name + shape + struct.pack("<IQ", 1, number * each))
    head = struct.pack("<4sIQQ", b"GGUF", 3, len(tensors), len(pairs))
    head += b"".join(pairs) + b"".join(tensors)
    with path.open("wb") as file:
        file.write(head)
        file.truncate(len(head) + -len(head) % 32 + each * len(tensors))


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def _message(*fields: tuple[int, int | bytes | str]) -> bytes:
    out = b""
    for number, value in fields:
        if isinstance(value, int):
            out += _varint(number << 3) + _varint(value)
        else:
            data = value.encode() if isinstance(value, str) else value
            out += _varint(number << 3 | 2) + _varint(len(data)) + data
    return out


def onnx(folder: Path, size: int = 50 * GB) -> None:
    """A model whose tensors lie in a file beside it (onnx.proto, external_data)."""
    folder.mkdir()
    count = LAYERS * 9
    each = size // count // 4096 * 4096
    parts: list[tuple[int, int | bytes | str]] = [(2, "main")]
    for number in range(count):
        place = {"location": "weights.bin", "offset": str(number * each), "length": str(each)}
        entries = [(13, _message((1, key), (2, value))) for key, value in place.items()]
        shape = ((1, each // 4096), (1, 2048))
        tensor = _message(*shape, (2, 10), (8, f"w{number}"), *entries, (14, 1))
        parts += [(1, _message((1, f"w{number}"), (2, f"y{number}"), (4, "Relu"))), (5, tensor)]
    model = _message((1, 8), (2, "bench"), (7, _message(*parts)), (8, _message((1, ""), (2, 17))))
    (folder / "model.onnx").write_bytes(model)
    with (folder / "weights.bin").open("wb") as file:
        file.truncate(each * count)


def hdf5(path: Path, size: int = 2 * GB) -> None:
    """A Keras model in HDF5; raises ImportError without h5py."""
    import h5py

    layer = {"class_name": "Dense", "config": {"name": "dense", "units": 4096}}
    config = {"class_name": "Sequential", "config": {"name": "s", "layers": [layer]}}
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = "2.15.0"
        file.attrs["backend"] = "tensorflow"
        file.attrs["model_config"] = json.dumps(config)
        weights = file.create_group("model_weights")
        for number in range(100):
            settings = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
            settings.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
            settings.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
            space = h5py.h5s.create_simple((size // 400 // 1000, 1000))
            group = weights.create_group(f"dense_{number}")
            h5py.h5d.create(group.id, b"kernel", h5py.h5t.NATIVE_FLOAT, space, settings)
    if os.path.getsize(path) < size:
        raise ValueError("the library did not lay the tensors out")
