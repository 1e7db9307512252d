"""Builds networks for phones: MNN, and both forms of ncnn."""

from __future__ import annotations

import struct
from typing import Any

from evals.flat_tables import Flat, Numbers, Scalar, flatbuffer

PLUGIN, EXTRA, CONVOLUTION = 256, 512, 12
NCNN = b"7767517\n2 2\nInput data 0 1 data\nConvolution conv1 1 1 data conv1 0=8 1=3\n"


def operator(
    kind: int = CONVOLUTION, inputs: tuple[int, ...] = (0,), path: str = "", main: Any = None
) -> Flat:
    """An operator of MNN."""
    fields: dict[int, Any] = {0: Numbers(inputs), 3: "conv", 4: Numbers((1,)), 5: Scalar(kind)}
    if main is not None:
        fields |= {1: Scalar(1, 1), 2: main}
    return Flat(fields | ({7: path} if path else {}))


def mnn(*operators: Flat) -> bytes:
    """A network of MNN with two tensors."""
    names = ["x", "y"]
    net = {0: "biz", 3: list(operators or [operator()]), 4: ["y"], 7: names, 8: Scalar(0), 11: "id"}
    return flatbuffer(Flat(net), b"")


def ncnn(*layers: bytes) -> bytes:
    """A network of ncnn as numbers, with a blob for each layer."""
    return struct.pack("<3i", 7767517, len(layers), len(layers)) + b"".join(layers)


def layer(kind: int = 16, inputs: int = 0, *settings: int, first: int = 0) -> bytes:
    """A layer of ncnn; its blobs count up from `first`."""
    numbers = [kind, inputs, 1, *range(first, first + inputs + 1), *settings, -233]
    return struct.pack(f"<{len(numbers)}i", *numbers)


def ncnn_text(*lines: str, blobs: int) -> bytes:
    """A network of ncnn as text."""
    return "\n".join([f"7767517\n{len(lines)} {blobs}", *lines, ""]).encode()


PLAIN = {"mnn": mnn(), "ncnn-binary": ncnn(layer(), layer(5, 1, 0, 8, -23303, 2, 3, 3))}


def rknn(*custom: str, processor: str = "rk3588", behind: bytes = b"") -> bytes:
    """A model of RKNN in layout 6, with operators of the application or without."""
    fields: dict[int, Any] = {0: Scalar(6), 1: "RKNPU v2", 8: processor, 20: bytes(256)}
    if custom:
        fields[21] = ",".join(custom)
    buffer = flatbuffer(Flat(fields), b"RKNN")
    told = b'{"graph":[],"name":"rknn model","node_num":1,"target_platform":["rk3588"]}'
    head = b"RKNN\0\0\0\0" + struct.pack("<QQ", 6, len(buffer)) + bytes(40)
    return head + buffer + struct.pack("<Q", len(told)) + told + behind
