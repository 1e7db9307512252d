"""What runs, or reaches out, in the forms that other runtimes and devices read."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from typing import Any

from evals.archives import zipped
from evals.flat_tables import Flat, Numbers, Scalar, flatbuffer
from evals.opcodes import shell
from evals.samples import COMMAND, Sample

RUN = ("process_exec",)
LOAD = ("torch.export.load",)
TECHNIQUE = "exported programs"
OTHERS = "graphs of other frameworks"
SHELL = f"__import__('os').system({COMMAND!r})"


def samples() -> Iterator[Sample]:
    """Yield the samples."""
    for name, content in _programs().items():
        # A target is told by where it leads; what would be called there is for the reader to see.
        # A library beside the program is loaded by whoever takes it for AOTInductor's.
        effects = () if name in ("target", "library") else RUN
        loaders = () if name == "library" else LOAD
        yield Sample(f"pt2-{name}", TECHNIQUE, effects, loaders, content, f"{name}.pt2")
    yield Sample("pte-overflow", TECHNIQUE, (), (), _executorch((1 << 30, 1 << 30, 64)), "m.pte")
    yield Sample("pte-shape", TECHNIQUE, (), (), _executorch((-1, 2)), "m.pte")
    layer = 'layer {\n  name: "py"\n  type: "Python"\n  python_param {\n'
    layer += '    module: "os"\n    layer: "system"\n  }\n}\n'
    caffe = f'name: "Net"\nlayer {{\n  name: "c"\n  type: "Convolution"\n}}\n{layer}'
    yield Sample("caffe-python-layer", OTHERS, (), (), caffe.encode(), "deploy.prototxt")
    yield Sample("paddle-python-function", OTHERS, (), (), _paddle("1.py_func"), "model.json")
    entity = '<?xml version="1.0"?>\n<!DOCTYPE net [<!ENTITY x SYSTEM "file:///etc/passwd">]>\n'
    net = '<net name="m" version="11"><layers/><edges/><rt_info>&x;</rt_info></net>'
    yield Sample("openvino-entity", OTHERS, (), (), (entity + net).encode(), "model.xml")


def _programs() -> dict[str, bytes]:
    evil = shell(2)
    return {
        "size": _archive(_program(expressions=[SHELL])),
        "guard": _archive(_program(guards=[f"{SHELL} == 0"])),
        "target": _archive(_program(targets=["torch.serialization.os.system"])),
        "sample-inputs": _archive(_program(), {"m/data/sample_inputs/model.pt": evil}),
        "library": _archive(_program(), {"m/extra/wrapper.so": _library()}),
        "constant": _archive(_program(), {"m/data/constants/opaque_obj_0": evil}),
    }


def _program(
    expressions: list[str] | None = None,
    guards: list[str] | None = None,
    targets: list[str] | None = None,
) -> dict[str, Any]:
    sizes = [{"as_expr": {"expr_str": text, "hint": {"as_int": 2}}} for text in expressions or []]
    chosen = targets or ["torch.ops.aten.relu.default"]
    nodes = [{"target": target, "inputs": []} for target in chosen]
    return {
        "graph_module": {"graph": {"nodes": nodes, "tensor_values": {"x": {"sizes": sizes}}}},
        "guards_code": guards or [],
        "schema_version": {"major": 8, "minor": 20},
        "torch_version": "2.13.0",
    }


def _archive(program: dict[str, Any], more: dict[str, bytes] | None = None) -> bytes:
    members = {
        "m/models/model.json": json.dumps(program).encode(),
        "m/archive_format": b"pt2",
        "m/archive_version": b"0",
        "m/byteorder": b"little",
        "m/.data/version": b"6\n",
        **(more or {}),
    }
    return zipped(members)


def _library() -> bytes:
    """A header of a 64-bit library, and nothing behind it."""
    numbers = (3, 62, 1, 0, 64, 0, 0, 64, 56, 0, 64, 0, 0)
    return b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", *numbers)


def _executorch(sizes: tuple[int, ...]) -> bytes:
    """A program with one tensor (executorch, schema/program.fbs)."""
    tensor = Flat({0: Scalar(6, 1), 2: Numbers(sizes), 3: b"\0\1", 5: Scalar(0)})
    value = Flat({0: Scalar(5, 1), 1: tensor})
    plan = Flat({0: "forward", 2: [value], 3: Numbers((0,)), 4: Numbers((0,))})
    return flatbuffer(Flat({0: Scalar(0), 1: [plan]}), b"ET12")


def _paddle(operator: str) -> bytes:
    made = {"#": operator, "A": [], "I": [{"%": 1}], "O": [{"%": 2, "TT": {"#": "0.t_dtensor"}}]}
    block = {"#": "block_0", "args": [], "ops": [made]}
    program = {"regions": [{"#": "region_0", "blocks": [block]}]}
    return json.dumps({"base_code": {"magic": "pir", "version": 3}, "program": program}).encode()
