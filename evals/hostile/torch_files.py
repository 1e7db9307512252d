"""Checkpoints of PyTorch: zip, legacy stream, legacy tar, TorchScript, torch.package."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

from evals.archives import Entry, tarred, zip_of, zipped
from evals.opcodes import Items, Pid, Sym, call, pickled, shell, sym
from evals.samples import COMMAND, SOURCE, Sample

RUN = ("process_exec",)
EAGER = ("torch.load",)
ANY: tuple[str, ...] = ()
# The first pickle of a legacy stream.
MAGIC = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."


def _storage(key: str, count: int, kind: str = "FloatStorage") -> Pid:
    return Pid(("storage", sym(f"torch.{kind}"), key, "cpu", count))


def _tensor(key: str, count: int, shape: tuple[int, ...], start: int = 0) -> Any:
    strides = [1] * len(shape)
    for at in range(len(shape) - 2, -1, -1):
        strides[at] = strides[at + 1] * shape[at + 1]
    hooks = call("collections.OrderedDict")
    return call(
        "torch._utils._rebuild_tensor_v2",
        _storage(key, count),
        start,
        shape,
        tuple(strides),
        False,
        hooks,
    )


def honest_state() -> bytes:
    """The pickle of a state_dict with one tensor of four floats."""
    return pickled(Items(call("collections.OrderedDict"), ("w", _tensor("0", 4, (2, 2)))), 2)


def checkpoint(
    data: bytes | None = None, extra: dict[str, bytes] | None = None, storage: bytes = bytes(16)
) -> dict[str, bytes]:
    """The members of a checkpoint; without `data` an honest one."""
    return {
        "archive/data.pkl": honest_state() if data is None else data,
        "archive/byteorder": b"little",
        "archive/data/0": storage,
        "archive/version": b"3\n",
        **(extra or {}),
    }


def samples() -> Iterator[Sample]:
    """Yield the samples."""
    yield from _zip()
    yield from _tensors()
    yield from _readers()
    yield from _legacy()
    yield from _script()
    yield from _package()


def _zip() -> Iterator[Sample]:
    state = Items(
        call("collections.OrderedDict"),
        ("w", _tensor("0", 4, (2, 2)), "x", call("posix.system", COMMAND)),
    )
    yield Sample("torch-data-pkl", "torch zip", RUN, EAGER, zipped(checkpoint(pickled(state, 2))))
    yield Sample("torch-deflated", "torch zip", RUN, EAGER, zipped(checkpoint(shell(2)), 8))
    yield Sample(
        "torch-other-root",
        "torch zip",
        RUN,
        EAGER,
        zipped({"x/y/data.pkl": shell(2), "x/y/version": b"3"}),
    )
    yield Sample(
        "torch-no-root", "torch zip", RUN, ANY, zipped({"data.pkl": shell(2), "version": b"3"})
    )
    for suffix in (
        "pkl",
        "bin",
        "p",
        "txt",
        "json",
        "md",
        "png",
        "py",
        "dat",
        "",
        "safetensors",
        "PKL",
    ):
        name = f"archive/extra.{suffix}".rstrip(".")
        content = zipped(checkpoint(extra={name: shell()}))
        yield Sample(f"torch-extra-{suffix or 'none'}", "torch zip", RUN, ANY, content)
    content = zipped(checkpoint(extra={"archive/data/9": shell()}))
    yield Sample("torch-surplus-record", "torch zip", RUN, ANY, content)
    content = zipped(checkpoint(extra={"other/data.pkl": shell()}))
    yield Sample("torch-second-root", "torch zip", RUN, ANY, content)
    content = zipped(checkpoint(extra={"archive/.data/serialization_id": shell(0)}))
    yield Sample("torch-in-serialization-id", "torch zip", RUN, ANY, content)
    inner = zipped(checkpoint(shell(2)))
    yield Sample(
        "torch-zip-in-extra", "torch zip", RUN, ANY, zipped(checkpoint(extra={"archive/x": inner}))
    )
    padded = shell() + bytes(4000 - len(shell()))
    state = pickled(Items(call("collections.OrderedDict"), ("w", _tensor("0", 1000, (1000,)))), 2)
    yield Sample(
        "torch-pickle-in-storage", "torch zip", RUN, ANY, zipped(checkpoint(state, storage=padded))
    )
    size = (len(inner) + 3) // 4
    state = pickled(Items(call("collections.OrderedDict"), ("w", _tensor("0", size, (size,)))), 2)
    inside = inner + bytes(size * 4 - len(inner))
    yield Sample(
        "torch-zip-in-storage", "torch zip", RUN, ANY, zipped(checkpoint(state, storage=inside))
    )
    odd = pickled(Pid(("module", call("posix.system", COMMAND), "a", "b")), 2)
    yield Sample("torch-call-in-persistent-id", "torch zip", RUN, EAGER, zipped(checkpoint(odd)))
    odd = pickled([Pid("os.system"), _tensor("0", 4, (2, 2))], 2)
    yield Sample("torch-odd-persistent-id", "torch zip", ANY, EAGER, zipped(checkpoint(odd)))
    device = call(
        "torch._utils._rebuild_device_tensor_from_numpy",
        call("builtins.eval", "print(1)"),
        "cpu",
        "x",
        False,
    )
    yield Sample(
        "torch-eval-as-argument",
        "torch zip",
        ("code_exec",),
        EAGER,
        zipped(checkpoint(pickled(device, 2))),
    )
    hooks = call(
        "torch._utils._rebuild_parameter_with_state",
        _tensor("0", 4, (2, 2)),
        True,
        call("collections.OrderedDict"),
        {"__setstate__": sym("posix.system")},
    )
    yield Sample(
        "torch-parameter-state", "torch zip", RUN, EAGER, zipped(checkpoint(pickled(hooks, 2)))
    )
    fx = call(
        "torch.fx.graph_module.reduce_graph_module",
        {
            "_code": f"def forward(self):\n    import os\n    os.system({COMMAND!r})\n",
            "_graph": None,
        },
        "",
    )
    yield Sample("torch-fx-hostile", "torch zip", RUN, EAGER, zipped(checkpoint(pickled(fx, 2))))
    wrapped = call(
        "torch._utils._rebuild_wrapper_subclass",
        sym("subprocess.Popen"),
        "x",
        (1,),
        (1,),
        0,
        None,
        "cpu",
        False,
    )
    yield Sample(
        "torch-wrapper-subclass", "torch zip", RUN, EAGER, zipped(checkpoint(pickled(wrapped, 2)))
    )


def _tensors() -> Iterator[Sample]:
    """CVE-2026-24747 and its kin."""
    shapes: dict[str, tuple[Any, bytes]] = {
        "beyond-storage": (_tensor("0", 4, (1000, 1000)), bytes(16)),
        "offset-beyond": (_tensor("0", 4, (2, 2), 100), bytes(16)),
        "storage-short": (_tensor("0", 1000, (1000,)), bytes(16)),
        "negative-offset": (_tensor("0", 4, (2,), -8), bytes(16)),
        "two-sizes": ([_tensor("0", 4, (2,)), _tensor("0", 400, (400,))], bytes(16)),
        "setitem": (Items(_tensor("0", 4, (2, 2)), (0, 1.0)), bytes(16)),
        "missing": ([_tensor("0", 4, (2, 2)), _tensor("7", 4, (2, 2))], bytes(16)),
    }
    for name, (item, storage) in shapes.items():
        content = zipped(checkpoint(pickled(item, 2), storage=storage))
        yield Sample(f"tensor-{name}", "tensors beyond storages", ANY, EAGER, content)


def _entries(members: dict[str, bytes], name: str, **changes: dict[str, Any]) -> list[Entry]:
    return [
        Entry(key.encode(), data, **(changes if key.endswith(name) else {}))
        for key, data in members.items()
    ]


def _readers() -> Iterator[Sample]:
    """Archives on which torch and Python's zipfile disagree."""
    bad = checkpoint(shell(2))
    pkl = "data.pkl"
    files: dict[str, tuple[bytes, tuple[str, ...]]] = {
        "local-name": (zip_of(*_entries(bad, pkl, local={"name": b"archive/data.txt"})), RUN),
        "central-name": (
            zip_of(*_entries(checkpoint(), pkl, local={"name": b"archive/evil.pkl"})),
            ANY,
        ),
        "encrypted-flag": (
            zip_of(*_entries(bad, pkl, local={"flags": 1}, central={"flags": 1})),
            RUN,
        ),
        "encrypted-flag-central": (zip_of(*_entries(bad, pkl, central={"flags": 1})), RUN),
        "patch-flag": (
            zip_of(*_entries(bad, pkl, local={"flags": 0x20}, central={"flags": 0x20})),
            RUN,
        ),
        "strong-encryption-flag": (
            zip_of(*_entries(bad, pkl, local={"flags": 0x40}, central={"flags": 0x40})),
            RUN,
        ),
        "bad-crc": (zip_of(*_entries(bad, pkl, local={"crc": 1}, central={"crc": 1})), RUN),
        "local-crc": (zip_of(*_entries(bad, pkl, local={"crc": 1})), RUN),
        "local-size": (zip_of(*_entries(bad, pkl, local={"size": 3, "packed": 3})), RUN),
        "unlisted-member": (
            zip_of(
                *_entries(checkpoint(), "none"), Entry(b"archive/evil.pkl", shell(2), listed=False)
            ),
            RUN,
        ),
        "duplicate-last": (
            zip_of(*_entries(checkpoint(), "none"), Entry(b"archive/data.pkl", shell(2))),
            RUN,
        ),
        "duplicate-first": (
            zip_of(Entry(b"archive/data.pkl", shell(2)), *_entries(checkpoint(), "none")),
            RUN,
        ),
        "prefix": (zip_of(*_entries(bad, "none"), prefix=b"harmless text\n" * 3), RUN),
        "suffix": (zip_of(*_entries(bad, "none"), suffix=b"tail" * 30), RUN),
        "pickle-before-zip": (zip_of(*_entries(checkpoint(), "none"), prefix=shell(2)), RUN),
        "zip-behind-pickle": (shell(2) + zipped(checkpoint()), RUN),
        "pickle-behind-zip": (zipped(checkpoint()) + shell(), RUN),
        "comment-holds-zip": (zip_of(*_entries(checkpoint(), "none"), comment=zipped(bad)), RUN),
        "two-archives": (zipped(bad) + zipped(checkpoint()), RUN),
        "two-archives-reversed": (zipped(checkpoint()) + zipped(bad), RUN),
        "backslash-names": (
            zip_of(*[Entry(k.replace("/", "\\").encode(), d) for k, d in bad.items()]),
            RUN,
        ),
        "leading-slash": (zip_of(*[Entry(b"/" + k.encode(), d) for k, d in bad.items()]), RUN),
        "truncated": (zipped(bad)[:-40], RUN),
        "no-end-record": (zipped(bad)[:-22], RUN),
        "upper-case": (zip_of(*[Entry(k.upper().encode(), d) for k, d in bad.items()]), RUN),
    }
    for name, (content, effects) in files.items():
        yield Sample(f"zip-{name}", "zip readers disagree", effects, ANY, content)


def _legacy_stream(objects: list[bytes], keys: bytes, tail: bytes = b"") -> bytes:
    system = pickled(
        {
            "protocol_version": 1001,
            "little_endian": True,
            "type_sizes": {"short": 2, "int": 4, "long": 4},
        },
        2,
    )
    return MAGIC + b"\x80\x02M\xe9\x03." + system + b"".join(objects) + keys + tail


def _legacy() -> Iterator[Sample]:
    tensor = call(
        "torch._utils._rebuild_tensor_v2",
        Pid(("storage", sym("torch.FloatStorage"), "0", "cpu", 4, None)),
        0,
        (4,),
        (1,),
        False,
        call("collections.OrderedDict"),
    )
    state = pickled({"w": tensor}, 2)
    keys = pickled(["0"], 2)
    raw = struct.pack("<q", 4) + bytes(16)
    bad = shell(2)
    for name, content in {
        "object": _legacy_stream(
            [pickled({"w": tensor, "x": call("posix.system", COMMAND)}, 2)], keys, raw
        ),
        "keys": _legacy_stream([state], pickled(call("posix.system", COMMAND), 2), raw),
        "after-storages": _legacy_stream([state], keys, raw + bad),
        "computed-magic": b"\x80\x02"
        + b"cbuiltins\nint\n(S'119547037146038801333356'\ntR."
        + _legacy_stream([bad], keys, raw)[15:],
        "magic-by-eval": b"\x80\x02"
        + b"cbuiltins\neval\n(S'119547037146038801333356'\ntR."
        + _legacy_stream([state], keys, raw)[15:],
        "protocol-version": MAGIC + bad,
        "truncated": _legacy_stream([bad], b""),
        "in-system-info": MAGIC
        + b"\x80\x02M\xe9\x03."
        + pickled({"little_endian": call("posix.system", COMMAND)}, 2)
        + state
        + keys
        + raw,
        "module-source": _legacy_stream(
            [
                pickled(
                    Pid(
                        (
                            "module",
                            sym("torch.nn.modules.linear.Linear"),
                            "x.py",
                            call("posix.system", COMMAND),
                        )
                    ),
                    2,
                )
            ],
            keys,
            raw,
        ),
    }.items():
        effects = ("code_exec",) if "eval" in name else RUN
        yield Sample(f"legacy-{name}", "torch legacy", effects, ANY, content)
    count = pickled(1, 2)
    storages = count + pickled(("0", "cpu", sym("torch.FloatStorage")), 2) + raw
    tensors = (
        count + pickled(("t", "0", sym("torch.FloatTensor")), 2) + struct.pack("<i4x3q", 1, 4, 1, 0)
    )
    honest = {
        "sys_info": pickled({"protocol_version": 1000}, 2),
        "storages": storages,
        "tensors": tensors,
        "pickle": pickled({"w": Pid("t")}, 2),
    }
    for member in honest:
        for where, mode in (("plain", "w"), ("gz", "w:gz")):
            members = {**honest, member: bad}
            yield Sample(
                f"legacy-tar-{member}-{where}", "torch legacy", RUN, ANY, tarred(members, mode=mode)
            )
    second = {
        **honest,
        "storages": pickled(2, 2) + pickled(("0", "cpu", sym("torch.FloatStorage")), 2) + raw + bad,
    }
    yield Sample("legacy-tar-second-storage", "torch legacy", RUN, ANY, tarred(second))


def _scripted(
    code: str, data: bytes = b"\x80\x02N.", constants: bytes = b"\x80\x02).", **extra: bytes
) -> bytes:
    return zipped(
        {
            "m/data.pkl": data,
            "m/constants.pkl": constants,
            "m/code/__torch__/model.py": code.encode(),
            "m/version": b"3\n",
            **{f"m/{name}": value for name, value in extra.items()},
        }
    )


def _script() -> Iterator[Sample]:
    head = (
        "class Model(Module):\n  __parameters__ = []\n"
        "  def forward(self: __torch__.model.Model, x: Tensor) -> Tensor:\n"
    )
    lines = {
        "from-file": "    y = torch.from_file('/etc/passwd', False, 100)\n    return y\n",
        "ops-from-file": "    y = ops.aten.from_file('/etc/passwd', False, 100)\n    return y\n",
        "save": "    torch.save(x, '/tmp/weighbridge-eval')\n    return x\n",
        "load": "    y = torch.load('/tmp/weighbridge-eval')\n    return x\n",
        "python-op": "    y = ops.prim.PythonOp(x)\n    return y\n",
    }
    for name, line in lines.items():
        effects = ("file_read", "file_write", "deserialize", "code_exec")
        yield Sample(
            f"script-{name}", "TorchScript", effects, ("torch.jit.load",), _scripted(head + line)
        )
    good = head + "    return torch.add(x, x)\n"
    yield Sample("script-data-pkl", "TorchScript", RUN, ANY, _scripted(good, data=shell(2)))
    yield Sample("script-constants", "TorchScript", RUN, ANY, _scripted(good, constants=shell(2)))
    yield Sample(
        "script-debug-pickle",
        "TorchScript",
        RUN,
        ANY,
        _scripted(good, **{"code/__torch__/model.py.debug_pkl": shell()}),
    )
    yield Sample(
        "script-bytecode", "TorchScript", RUN, ANY, _scripted(good, **{"bytecode.pkl": shell()})
    )
    yield Sample(
        "script-extra-file",
        "TorchScript",
        RUN,
        ANY,
        _scripted(good, **{"extra/notes.txt": shell()}),
    )


def _packaged(members: dict[str, bytes]) -> bytes:
    names = {
        "p/.data/extern_modules": b"torch\n",
        "p/.data/python_version": b"3.11.7",
        "p/.data/version": b"6\n",
        **members,
    }
    return zipped(names)


def _package() -> Iterator[Sample]:
    model = pickled(call(Sym("<torch_package_0>.model", "Model"), how="NEWOBJ"), 3)
    yield Sample(
        "package-source",
        "torch.package",
        RUN,
        ("torch.package",),
        _packaged({"p/model/model.pkl": model, "p/model.py": SOURCE.encode()}),
    )
    yield Sample(
        "package-pickle",
        "torch.package",
        RUN,
        ("torch.package",),
        _packaged({"p/model/model.pkl": shell(3), "p/model.py": b"class Model: pass\n"}),
    )
    hidden = b"import importlib as i\ni.import_module('o' + 's').system('echo x')\n"
    yield Sample(
        "package-source-hidden",
        "torch.package",
        RUN,
        ("torch.package",),
        _packaged({"p/model/model.pkl": model, "p/a/__init__.py": hidden}),
    )
    yield Sample(
        "package-data",
        "torch.package",
        RUN,
        ANY,
        _packaged({"p/model/model.pkl": model, "p/data/x.bin": shell()}),
    )
