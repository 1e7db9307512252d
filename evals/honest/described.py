"""Models of makers whose libraries are not installed here, written as those libraries write them."""

from __future__ import annotations

import bz2
import gzip
import json
import marshal
import py_compile
import struct
from collections.abc import Iterator
from importlib.util import MAGIC_NUMBER
from pathlib import Path

from evals import (
    bson_values,
    cntk_models,
    coreml_models,
    ggml_models,
    java_objects,
    mindspore_models,
    program_graphs,
    r_objects,
    tree_models,
    xml_models,
)
from evals.archives import seven_zip, zipped
from evals.gguf_files import gguf
from evals.mobile_networks import NCNN, PLAIN, layer, ncnn, ncnn_text, rknn
from evals.msgpack_values import flax, flax_state
from evals.opcodes import Call, Sym, pickled
from evals.programs import PROGRAMS, elf
from evals.samples import Honest
from evals.stable_baselines import saved, serialized
from evals.torch7_objects import ORDINARY, model

NEEDS: tuple[str, ...] = ()
MODULE = '''"""Scales numbers."""

import math
from functools import cache

LIMITS = {"low": 0.0, "high": 1.0}


class Scaler:
    """Scales."""

    def __init__(self, factor=2.0):
        self.factor = factor

    def __call__(self, values):
        return [math.tanh(value * self.factor) for value in values if value in LIMITS.values()]


@cache
def named(name):
    with open(name) as file:
        return Scaler(float(file.read()))
'''


def samples() -> Iterator[Honest]:
    """Yield the samples."""
    yield from _graphs()
    yield from _phones()
    yield from _trees()
    yield from _weights()
    yield from _objects()
    yield from _java()
    yield from _agents()
    yield from _json_objects()
    yield from _programs()


def _graphs() -> Iterator[Honest]:
    graphs = {
        "caffe-text": (program_graphs.caffe_text(), "deploy.prototxt"),
        "caffe-weights": (program_graphs.caffe(), "net.caffemodel"),
        "paddle-program": (program_graphs.paddle(), "inference.pdmodel"),
        "paddle-json": (program_graphs.paddle_json(), "inference.json"),
        "paddle-conditional": (
            program_graphs.paddle("conditional_block", name="a"),
            "__model__",
        ),
        "mxnet-symbol": (program_graphs.mxnet(), "net-symbol.json"),
        "tensorflow-js": (program_graphs.tfjs(), "model.json"),
        "cntk": (cntk_models.cntk(), "net.dnn"),
        "cntk-long": (cntk_models.of_two_gigabytes(cntk_models.cntk()), "net.model"),
        "openvino": (xml_models.openvino(), "openvino_model.xml"),
        "pmml": (xml_models.pmml(), "model.pmml"),
        "pmml-prefixed": (xml_models.pmml(root="ns0:PMML"), "model.pmml"),
        **{f"coreml-{k}": (v, "m.mlmodel") for k, v in coreml_models.PLAIN.items()},
        "mindir": (mindspore_models.plain(), "network.mindir"),
        "coreml-compiled": (coreml_models.compiled(), "model.mil"),
        "coreml-compiled-typed": (coreml_models.compiled(typed=True), "model.mil"),
    }
    for name, (content, file) in graphs.items():
        yield Honest(f"described-{name}", "graphs of other makers", content, file=file)
    custom = program_graphs.mxnet("Custom", {"op_type": "mine"})
    needs = "an operator that the program registers"
    yield Honest("described-mxnet-custom", "graphs of other makers", custom, needs)
    mine = cntk_models.cntk(cntk_models.in_python("my_layers", "Loss"))
    needs = "a class of the program"
    yield Honest("described-cntk-function", "graphs of other makers", mine, needs)
    needs = "a layer that the application computes"
    custom = coreml_models.model(500, coreml_models.network(coreml_models.custom_layer()))
    yield Honest("described-coreml-custom", "graphs of other makers", custom, needs)


def _phones() -> Iterator[Honest]:
    detector = ncnn_text(
        "Input            images                   0 1 images 0=640 1=640 2=3",
        "Convolution      conv_0                   1 1 images a 0=16 1=3 11=3 3=2 4=1 5=1 6=432",
        "Swish            silu_0                   1 1 a b",
        "Split            splitncnn_0              1 2 b c d",
        "Interp           up_0                     1 1 c e 0=1 1=2.000000e+00 2=2.000000e+00",
        "Concat           cat_0                    2 1 e d f 0=0",
        "Permute          out                      1 1 f out0 0=1 -23303=2,0,1",
        blobs=8,
    )
    networks = {
        "mnn": (PLAIN["mnn"], "net.mnn"),
        "rknn": (rknn(), "net.rknn"),
        "ncnn": (NCNN, "net.param"),
        "ncnn-detector": (detector, "yolov8n.ncnn.param"),
        "ncnn-binary": (PLAIN["ncnn-binary"], "net.param.bin"),
        "ncnn-binary-long": (
            ncnn(layer(), *(layer(26, 1, first=number) for number in range(40))),
            "net.param.bin",
        ),
    }
    for name, (content, file) in networks.items():
        yield Honest(f"described-{name}", "networks for phones", content, file=file)
    own = ncnn(layer(), layer(256, 1))
    yield Honest("described-ncnn-own", "networks for phones", own, "a layer of the application")
    own = rknn("cstSoftmax")
    yield Honest("described-rknn-own", "networks for phones", own, "a layer of the application")


def _trees() -> Iterator[Honest]:
    for name, build in tree_models.SAMPLES.items():
        yield Honest(f"described-{name.replace(' ', '-')}", "trees of other makers", build())


def _weights() -> Iterator[Honest]:
    rows = ((1.0, 2.0), (3.0,))
    manifest = b"\x0c\xdb\x3a\x2a" + struct.pack("<Q", 40) + b"\0\1" + bytes(range(200, 226))
    array = {
        "zarr_format": 2, "shape": [8, 8], "chunks": [4, 8], "dtype": "<f4", "order": "C",
        "compressor": {"id": "blosc", "cname": "lz4"}, "filters": None, "fill_value": None,
    }  # fmt: skip
    weights = {
        "paddle-parameters": (program_graphs.paddle_weights(*rows), "inference.pdiparams"),
        "mxnet-parameters": (program_graphs.mxnet_weights(*rows), "net-0000.params"),
        "coreml-weights": (coreml_models.blobs(b"x" * 70, b"y" * 3), "weight.bin"),
        "msgpack": (flax(), "flax_model.msgpack"),
        "msgpack-state": (flax_state(), "checkpoint_1000"),
        "ocdbt": (manifest, "manifest.ocdbt"),
        "zarr": (json.dumps(array).encode(), ".zarray"),
        **{f"ggml-{name}": (data, "m.bin") for name, data in ggml_models.HONEST.items()},
    }
    packed = seven_zip("flax_model.msgpack", flax())
    weights["msgpack-7z"] = (packed, "flax_model.7z")
    for name, (content, file) in weights.items():
        yield Honest(f"described-{name}", "weights of other makers", content, file=file)


def _objects() -> Iterator[Honest]:
    yield Honest("described-torch7", "Torch7", model(), file="net.t7")
    yield Honest("described-torch7-text", "Torch7", model(True), file="net.t7")
    needs = "a function of Lua"
    yield Honest("described-torch7-function", "Torch7", model(code=ORDINARY), needs, "net.t7")
    yield Honest("described-bson", "Julia", bson_values.model(), file="net.bson")
    rows = bson_values.document({"word": "eval", "count": 3, "near": [0.5, None]})
    yield Honest("described-bson-rows", "MongoDB", rows * 5, file="words.bson")
    closure = bson_values.function(bson_values.global_reference("NNlib", "relu"))
    needs = "a function of Julia"
    yield Honest(
        "described-bson-function", "Julia", bson_values.model(f=closure), needs, "net.bson"
    )
    body = r_objects.call("+", r_objects.symbol("x"), r_objects.numbers(1.0))
    fit = r_objects.environment(
        r_objects.numbers(1.0, 2.5), r_objects.strings("lm", "eval"), r_objects.closure(body)
    )
    for encoding in "XB":
        for version in (2, 3):
            data = r_objects.rds(fit, encoding, version)
            yield Honest(f"described-rds-{encoding}{version}", "R", data, file="fit.rds")
    yield Honest("described-rds-gzip", "R", gzip.compress(r_objects.rds(fit), mtime=0))
    yield Honest("described-rdata", "R", r_objects.rdata(fit), file="fit.RData")
    yield Honest("described-rdata-bz2", "R", bz2.compress(r_objects.rdata(fit)), file="fit.rda")
    kept = r_objects.environment(r_objects.promise(body, r_objects.numbers(2.0)))
    yield Honest("described-rds-promise", "R", r_objects.rds(kept), file="fit.rds")


def _java() -> Iterator[Honest]:
    """Models of Weka, and the values that the platform itself writes."""
    whole, known = java_objects.stream(*java_objects.tree()), "Java objects"
    yield Honest("described-java", known, whole, file="j48.model")
    yield Honest("described-java-gzip", known, gzip.compress(whole, mtime=0), file="m.ser.gz")
    yield Honest("described-java-zip", known, zipped({"c.model": whole}), file="m.zip")
    yield Honest("described-java-twice", known, whole + whole, file="two.model")
    packed = java_objects.Array("[B", gzip.compress(whole, mtime=0))
    stored = java_objects.stream(java_objects.thing("weka.core.SerializedObject", packed))
    yield Honest("described-java-stored", known, stored, file="stored.model")
    for name in (
        "cc.mallet.classify.MaxEnt", "edu.stanford.nlp.ie.crf.CRFClassifier", "hex.Model",
        "libsvm.svm_model", "ml.dmlc.xgboost4j.java.Booster", "moa.classifiers.trees.HoeffdingTree",
        "opennlp.tools.ml.maxent.GISModel", "org.deeplearning4j.nn.multilayer.MultiLayerNetwork",
    ):  # fmt: skip
        kept = [("a", java_objects.integer(1)), ("at", java_objects.url("a.example", 7))]
        held = java_objects.thing(name, java_objects.hash_map(kept), "Runtime.exec")
        yield Honest(f"described-java-{name}", known, java_objects.stream(held), file="m.ser")
    own = java_objects.stream(java_objects.thing("com.example.Classifier", "x"))
    yield Honest("described-java-own", known, own, "a class of its own", "m.ser")


def _agents() -> Iterator[Honest]:
    unit = Sym("stable_baselines3.common.type_aliases", "TrainFrequencyUnit")
    frequency = Sym("stable_baselines3.common.type_aliases", "TrainFreq")
    values = {
        "policy_class": Sym("stable_baselines3.common.policies", "ActorCriticPolicy"),
        "policy_kwargs": {"net_arch": [64, 64], "ortho_init": False},
        "train_freq": Call(frequency, (4, Call(unit, ("step",))), "NEWOBJ"),
        "replay_buffer_class": Sym("stable_baselines3.common.buffers", "ReplayBuffer"),
    }
    packed = {key: serialized(pickled(value, 4)) for key, value in values.items()}
    content = saved({"policy_class": packed["policy_class"], **packed})
    yield Honest("described-sb3", "Stable-Baselines3", content, file="ppo-CartPole-v1.zip")
    plain = saved({key: serialized(pickled(value, 2)) for key, value in values.items()}, 5 << 20)
    yield Honest("described-sb3-long", "Stable-Baselines3", plain, file="dqn.zip")


def _json_objects() -> Iterator[Honest]:
    """What jsonpickle writes of ordinary objects."""
    time = {"py/reduce": [{"py/type": "datetime.datetime"}, {"py/tuple": ["B+gBAQAAAAAAAA=="]}]}
    array = {
        "py/reduce": [
            {"py/function": "numpy.core.multiarray._reconstruct"},
            {"py/tuple": [{"py/type": "numpy.ndarray"}, {"py/tuple": [0]}, {"py/b64": "Yg=="}]},
        ]
    }
    model = {"py/object": "model.Model", "made": time, "weights": array}
    model["names"] = {"py/object": "collections.OrderedDict", "log": {"py/function": "math.log"}}
    data = json.dumps(model).encode()
    yield Honest("described-jsonpickle", "jsonpickle", data, file="model.json")


def _compiled(path: Path) -> None:
    source = path.with_suffix(".py")
    source.write_text(MODULE, "utf-8")
    py_compile.compile(str(source), str(path), doraise=True)


def _programs() -> Iterator[Honest]:
    needs = "it is a program"
    yield Honest("described-bytecode", "programs", _compiled, needs, "module.cpython-311.pyc")
    checked = MAGIC_NUMBER + struct.pack("<I8x", 3) + marshal.dumps(compile(MODULE, "m", "exec"))
    yield Honest("described-bytecode-checked", "programs", checked, needs, "module.pyc")
    for name, content in PROGRAMS.items():
        yield Honest(f"described-{name}", "programs", content, needs)
    weights = gguf({"general.architecture": "llama"})
    arguments = b"-m\nmodel.gguf\n--temp\n0.7\n...\n"
    for name, program in {
        "elf": elf(2).ljust(4096, b"\0"),
        "portable": b"MZqFpD='\n" + bytes(4000),
    }.items():
        content = program + zipped({"model.gguf": weights, ".args": arguments})
        yield Honest(f"described-llamafile-{name}", "programs", content, needs, "m.llamafile")
