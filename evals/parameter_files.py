"""Small files of weights without a program, and of what stands beside them, made by hand."""

from __future__ import annotations

import struct

from evals.protobufs import message


def _text(value: str) -> bytes:
    return struct.pack("<Q", len(value)) + value.encode()


def coreml_description(functions=1):
    """The `coremldata.bin` of a compiled program."""
    described = message((1, message((1, "x"))), (10, message((1, "y"))))
    header = struct.pack("<II20x", 502, 8) + _text("generic") + b"\x08" + bytes(31)
    marks = struct.pack("<I12x", 502) * functions
    return header + struct.pack("<Q", len(described)) + described + marks


def coreml_details():
    """The `analytics/coremldata.bin` of a compiled model."""
    sections = {
        "NeuralNetworkModelDetails": {"containsCustomLayer": "0", "modelDimension": "0"},
        "SpecificationDetails": {"modelHash": "aGFzaA==", "modelName": "model"},
    }
    return b"".join(
        _text(name)
        + struct.pack("<Q", len(entries))
        + b"".join(_text(text) for entry in entries.items() for text in entry)
        for name, entries in sections.items()
    )


def espresso():
    """The `model.espresso.weights` of a compiled network."""
    blobs = {1: b"\x3f\x80\x12\x07" * 8, 3: b"\x9f\x01" * 9}
    table = b"".join(struct.pack("<QQ", number, len(blob)) for number, blob in blobs.items())
    return struct.pack("<Q", len(blobs)) + table + b"".join(blobs.values())


def mindspore(ending=b""):
    """A checkpoint, as `mindspore.save_checkpoint` writes it."""
    numbers = struct.pack("<6f", *(0.5 * n for n in range(6)))
    matrix = message((1, 2), (1, 3), (2, "Float32"), (3, numbers))
    count = message((1, 0), (2, "Int32"), (3, struct.pack("<i", 7)))
    tensors = {"fc.weight": matrix, "epoch": count}
    values = ((1, message((1, name), (2, tensor))) for name, tensor in tensors.items())
    return message(*values) + ending


def tvm():
    """Parameters, as `tvm.runtime.save_param_dict` writes them."""
    array = struct.pack("<QQiiiBBH2qQ", 0xDD5E40F096B4A13F, 0, 1, 0, 2, 2, 32, 1, 2, 3, 24)
    array += struct.pack("<6f", *(0.5 * n for n in range(6)))
    names = ("w", "b")
    listed = struct.pack("<Q", len(names)) + b"".join(map(_text, names))
    return (
        struct.pack("<QQ", 0xF7E58D4F05049CB7, 0)
        + listed
        + struct.pack("<Q", len(names))
        + array * len(names)
    )


def time_zone():
    """A zone whose clock changed once."""

    def table(width):
        header = struct.pack(">4sc15x6I", b"TZif", b"2", 0, 0, 0, 1, 1, 4)
        return header + bytes(width) + b"\0" + struct.pack(">ibb", 3600, 0, 0) + b"CET\0"

    return table(4) + table(8) + b"\nCET-1\n"


PARAMETERS = {
    "coreml-compiled": coreml_description,
    "coreml-compiled functions": lambda: coreml_description(3),
    "coreml-compiled details": coreml_details,
    "espresso-weights": espresso,
    "mindspore-checkpoint": mindspore,
    "mindspore-checkpoint sum": lambda: mindspore(b"crc_num" + (77).to_bytes(10, "big")),
    "tvm-parameters": tvm,
    "time-zone": time_zone,
}
