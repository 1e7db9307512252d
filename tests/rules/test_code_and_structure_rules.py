"""Rules about carried code, structure, skops and TorchServe."""

import json
import zlib

import pytest
from evals.archives import tarred, zipped
from evals.hostile.containers import npy
from evals.hostile.torch_files import checkpoint, honest_state
from evals.opcodes import call, pickled
from judging import findings, rules_of

from weighbridge.findings.model import Kind


def _cloudpickled(source):
    code = compile(source, "a.py", "exec").co_consts[0]
    arguments = (
        code.co_argcount, 0, 0, code.co_nlocals, code.co_stacksize, code.co_flags, code.co_code,
        code.co_consts, code.co_names, code.co_varnames, "a.py", "f", "f", 1, b"", b"", (), (),
    )  # fmt: skip
    built = call(call("cloudpickle.cloudpickle._builtin_type", "CodeType"), *arguments)
    return pickled(
        {"f": call("cloudpickle.cloudpickle._make_function", built, {}, None, None, None)}
    )


def _script(line):
    text = f"class M(Module):\n  def forward(self, x: Tensor) -> Tensor:\n    {line}\n"
    members = {"data.pkl": b"\x80\x02N.", "constants.pkl": b"\x80\x02).", "version": b"3\n"}
    members["code/__torch__/m.py"] = text.encode()
    return zipped({f"m/{name}": data for name, data in members.items()})


def _skops(module, name, loader="ObjectNode", **rest):
    node = {"__class__": name, "__module__": module, "__loader__": loader, "protocol": 2, **rest}
    return zipped({"schema.json": json.dumps(node).encode()})


def _mar(requirements):
    manifest = {"model": {"handler": "image_classifier", "requirementsFile": "requirements.txt"}}
    members = {"MAR-INF/MANIFEST.json": json.dumps(manifest).encode()}
    return zipped({**members, "requirements.txt": requirements.encode()})


def _safetensors(*offsets):
    header = {
        str(at): {"dtype": "U8", "shape": [end - start], "data_offsets": [start, end]}
        for at, (start, end) in enumerate(offsets)
    }
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + bytes(offsets[-1][1])


HITS = {
    "hostile-code": _cloudpickled("def f(x):\n    import os\n    os.system('id')\n"),
    "carried-code": _cloudpickled("def f(x):\n    return x + 1\n"),
    "torchscript-operator": _script("y = ops.aten.from_file('/etc/passwd', False, 9)"),
    "torchscript-code": _script("return torch.add(x, x)"),
    "reader-disagreement": zipped(checkpoint()).replace(
        zlib.crc32(honest_state()).to_bytes(4, "little"), b"\1\2\3\4"
    ),
    "hidden-content": npy("'<f8'", bytes(8) + b"tail" * 9),
    "path-escape": tarred({"../../.bashrc": b"x"}),
    "safetensors-layout": _safetensors((0, 8), (16, 24)),
    "torch-structure": zipped(checkpoint(storage=bytes(4))),
    "skops-node": _skops(
        "sklearn.base", "BaseEstimator", "MethodNode", content={"func": "__reduce__"}
    ),
    "skops-import": _skops("os", "system", "FunctionNode"),
    "foreign-requirements": _mar("--index-url http://192.0.2.1/simple\n"),
}
NEAR_MISSES = {
    "hostile-code": _cloudpickled("def f(x):\n    return x.system('id')\n"),
    "carried-code": pickled({"source": "def f(x): return x"}),
    "torchscript-operator": _script("return torch.add(x, x)"),
    "torchscript-code": zipped(checkpoint()),
    "reader-disagreement": zipped(checkpoint()),
    "hidden-content": npy("'<f8'", bytes(8)),
    "path-escape": tarred({"a..b/c...txt": b"x"}),
    "safetensors-layout": _safetensors((0, 8), (8, 24)),
    "torch-structure": zipped(checkpoint()),
    "skops-node": _skops("sklearn.base", "BaseEstimator", "MethodNode", content={"func": "fit"}),
    "skops-import": _skops("sklearn.svm._classes", "SVC", content={}),
    "foreign-requirements": _mar("torch==2.13.0\n# see https://example.org\n"),
}


@pytest.mark.parametrize("rule", HITS)
def test_hit(rule):
    assert rule in rules_of(HITS[rule])


@pytest.mark.parametrize("rule", NEAR_MISSES)
def test_near_miss(rule):
    assert rule not in rules_of(NEAR_MISSES[rule])


@pytest.mark.parametrize(
    "content",
    [
        zipped(checkpoint()),
        _safetensors((0, 8), (8, 24)),
        npy("'<f8'", bytes(8)),
        _skops("sklearn.svm._classes", "SVC", content={}),
        _mar("torch==2.13.0\n"),
        tarred({"model/config.json": b"{}"}, {"latest": "model"}),
    ],
    ids=["torch", "safetensors", "npy", "skops", "mar", "tar"],
)
def test_honest_shape(content):
    assert not findings(content)


def test_code_decides_between_weakness_and_malice():
    assert {f.kind for f in findings(HITS["carried-code"])} == {Kind.WEAKNESS}
    assert Kind.MALICIOUS in {f.kind for f in findings(HITS["hostile-code"])}
