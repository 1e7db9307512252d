"""What the libraries of other makers save, each when it is installed."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from evals.samples import Honest

NEEDS = ("numpy",)
# Chunks, and weights without a structure of their own: only a folder tells what they are.
_BARE = re.compile(r"(^|/)(c/[\d/]+|\d+(\.\d+)*|d/[0-9a-f]{32}|[^/]+\.bin|key2row|contents)$")


def samples() -> Iterator[Honest]:
    """Yield every file that tells what it is."""
    for name, write in installed():
        with tempfile.TemporaryDirectory(prefix="weighbridge-eval-") as place:
            folder = Path(place)
            write(folder)
            for path in sorted(folder.rglob("*")):
                relative = path.relative_to(folder).as_posix()
                if path.is_file() and path.stat().st_size and not _BARE.search(relative):
                    title = f"{name}-{relative.replace('/', '-')}"
                    yield Honest(title, name, path.read_bytes(), file=path.name)


def installed() -> Iterator[tuple[str, Callable[[Path], None]]]:
    """Yield name and writer of each library that is installed."""
    for name, (needs, write) in WRITERS.items():
        if all(importlib.util.find_spec(one) for one in needs.split()):
            yield name, write


def _data() -> tuple[Any, Any]:
    import numpy as np

    rows = np.random.default_rng(0).random((80, 4))
    return rows, (rows.sum(1) > 2).astype(int)


def _network() -> Any:
    import torch

    torch.manual_seed(0)
    layers = torch.nn
    return layers.Sequential(
        layers.Conv2d(3, 8, 3), layers.BatchNorm2d(8), layers.ReLU(),
        layers.AdaptiveAvgPool2d(1), layers.Flatten(), layers.Linear(8, 3),
    ).eval()  # fmt: skip


def openvino(folder: Path) -> None:
    """Networks of three kinds, compressed and not."""
    import numpy as np
    import openvino
    import torch
    from openvino import opset13 as operators

    made = openvino.convert_model(_network(), example_input=torch.randn(1, 3, 16, 16))
    openvino.save_model(made, folder / "openvino_model.xml")
    memory = torch.nn.LSTM(4, 5, batch_first=True)
    made = openvino.convert_model(memory, example_input=torch.randn(1, 6, 4))
    openvino.save_model(made, folder / "lstm.xml", compress_to_fp16=False)
    given = operators.parameter([-1, 2], np.float32)
    product = operators.matmul(given, operators.constant(np.eye(2, dtype="f4")), False, False)
    made = openvino.Model([operators.result(product)], [given], 'named "<&>"')
    made.set_rt_info("Nobody & Co. <nobody@example.org>", ["info", "author"])
    openvino.save_model(made, folder / "hand.xml")


def ncnn(folder: Path) -> None:
    """A network through pnnx: its own files, and those for ncnn."""
    import torch

    model = torch.jit.trace(_network(), torch.randn(1, 3, 16, 16))
    model.save(str(folder / "net.pt"))
    import pnnx

    words = [pnnx.EXEC_PATH, "net.pt", "inputshape=[1,3,16,16]"]
    subprocess.run(words, cwd=folder, check=True, capture_output=True, timeout=120)
    (folder / "net.pt").unlink()  # A program in TorchScript; others have those.


def spacy(folder: Path) -> None:
    """Pipelines, blank and trained, with and without vectors."""
    import numpy as np
    import spacy
    from spacy.tokens import DocBin
    from spacy.training import Example

    spacy.blank("en").to_disk(folder / "blank")
    language = spacy.blank("en")
    entities = language.add_pipe("ner")
    entities.add_label("A")
    texts = language.add_pipe("textcat")
    texts.add_label("X")
    texts.add_label("Y")
    marks = {"entities": [(6, 10, "A")], "cats": {"X": 1.0, "Y": 0.0}}
    example = Example.from_dict(language.make_doc("hello Acme world"), marks)
    language.initialize(lambda: [example])
    rules = language.add_pipe("entity_ruler", first=True)
    town = [{"LOWER": "new"}, {"LOWER": "york"}]
    rules.add_patterns([{"label": "ORG", "pattern": "Acme"}, {"label": "GPE", "pattern": town}])
    language.to_disk(folder / "trained")
    documents = DocBin(docs=[language.make_doc("hello Acme world")])
    documents.to_disk(folder / "train.spacy")
    vectors = spacy.blank("en")
    vectors.vocab.set_vector("hello", np.ones(5, "f4"))
    vectors.to_disk(folder / "vectors")


def zarr(folder: Path) -> None:
    """Arrays of both versions, alone and in groups, divided, and in a zip."""
    import numpy as np
    import zarr

    for version in (2, 3):
        group = zarr.open_group(str(folder / f"group{version}"), mode="w", zarr_format=version)
        weights = group.create_array("w", shape=(40, 30), chunks=(10, 30), dtype="f4")
        weights[:] = np.random.default_rng(0).random((40, 30))
        counts = group.create_array("layers/counts", shape=(5,), dtype="i8")
        counts[:] = 3
    divided = zarr.create_array(
        str(folder / "divided"), shape=(100, 100), shards=(50, 50), chunks=(10, 10), dtype="f4"
    )
    divided[:] = np.random.default_rng(0).random((100, 100))
    store = zarr.storage.ZipStore(str(folder / "w.zarr.zip"), mode="w")
    array = zarr.create_array(store, name="w", shape=(4_000,), dtype="f4")
    array[:] = np.random.default_rng(0).random(4_000)
    store.close()


def tensorstore(folder: Path) -> None:
    """Arrays in OCDBT, as Orbax keeps them, and in plain zarr."""
    import numpy as np
    import tensorstore

    values = np.random.default_rng(0).random((400, 300)).astype("f4")
    for driver in ("zarr", "zarr3"):
        file = {"driver": "file", "path": str(folder / f"{driver}-ocdbt")}
        stores = {
            "ocdbt": {"driver": "ocdbt", "base": file},
            "plain": {"driver": "file", "path": str(folder / f"{driver}-plain")},
        }
        for store in stores.values():
            place = {"driver": driver, "kvstore": store, "path": "params.w/"}
            array = tensorstore.open(
                place, create=True, dtype=tensorstore.float32, shape=[400, 300]
            ).result()
            array[...] = values


def r_objects(folder: Path) -> None:
    """Lists, arrays and tables of R, in its forms and streams."""
    import numpy as np
    import pandas as pd
    import rdata

    table = pd.DataFrame({"a": [1.5, 2.0], "b": ["x", "system('y')"]})
    value = {"w": np.ones((3, 4)), "names": ["a", "b"], "table": table}
    for stream in ("gzip", "bzip2", "xz", None):
        for form in ("xdr", "ascii"):
            name, settings = f"{stream or 'plain'}-{form}", {"compression": stream}
            rdata.write_rds(folder / f"{name}.rds", value, file_format=form, **settings)
            rdata.write_rda(folder / f"{name}.rda", value, file_format=form, **settings)


def nyoka(folder: Path) -> None:
    """Pipelines of scikit-learn as PMML."""
    from nyoka import skl_to_pmml
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler

    rows, classes = _data()
    for name, model in {
        "linear": LogisticRegression(),
        "forest": RandomForestClassifier(5),
    }.items():
        line = Pipeline([("scale", StandardScaler()), ("model", model)]).fit(rows, classes)
        skl_to_pmml(line, list("abcd"), "y", str(folder / f"{name}.pmml"))


def coreml(folder: Path) -> None:
    """An ML program in its package, weights in a file of their own."""
    import coremltools
    import torch

    example = torch.randn(1, 3, 16, 16)
    traced = torch.jit.trace(_network(), example)
    made = coremltools.convert(
        traced, inputs=[coremltools.TensorType(shape=example.shape)], convert_to="mlprogram"
    )
    made.save(str(folder / "net.mlpackage"))


def trees(folder: Path) -> None:
    """Boosters of XGBoost and LightGBM in the forms of their own."""
    import lightgbm
    import xgboost

    rows, classes = _data()
    for booster in ("gbtree", "dart", "gblinear"):
        model = xgboost.XGBClassifier(n_estimators=3, booster=booster).fit(rows, classes)
        for ending in ("json", "ubj"):
            model.save_model(folder / f"{booster}.{ending}")
        model.get_booster().dump_model(folder / f"{booster}-dump.json", dump_format="json")
        model.get_booster().dump_model(folder / f"{booster}-dump.txt")
    data = lightgbm.Dataset(rows, classes)
    settings = {"objective": "binary", "verbose": -1, "min_data_in_leaf": 2, "linear_tree": True}
    made = lightgbm.train(settings, data, num_boost_round=3)
    made.save_model(folder / "linear.txt")
    (folder / "dump.json").write_text(json.dumps(made.dump_model()), "utf-8")


def catboost(folder: Path) -> None:
    """One model in every form that CatBoost exports, and one with texts."""
    import catboost

    rows, classes = _data()
    settings = {"iterations": 4, "depth": 3, "verbose": 0, "allow_writing_files": False}
    model = catboost.CatBoostClassifier(**settings).fit(rows, classes)
    endings = {"cbm": "cbm", "json": "json", "onnx": "onnx", "pmml": "pmml", "coreml": "mlmodel",
               "cpp": "cpp", "python": "py"}  # fmt: skip
    for form, ending in endings.items():
        model.save_model(str(folder / f"plain.{ending}"), format=form)
    words = [[row[0], f"word{number % 5} and more"] for number, row in enumerate(rows)]
    texts = catboost.CatBoostClassifier(text_features=[1], **settings).fit(words, classes)
    texts.save_model(str(folder / "texts.cbm"))


def flax(folder: Path) -> None:
    """Parameters of a network, as MessagePack."""
    import jax
    from flax import linen, serialization

    network = linen.Sequential([linen.Dense(8), linen.relu, linen.Dense(3)])
    state = network.init(jax.random.key(0), jax.numpy.ones((1, 4)))
    (folder / "flax_model.msgpack").write_bytes(serialization.to_bytes(state))


def orbax(folder: Path) -> None:
    """A checkpoint alone, and one that a manager keeps."""
    import jax
    from orbax import checkpoint

    dense = {"kernel": jax.numpy.ones((4, 3)), "bias": jax.numpy.zeros(3)}
    tree = {"params": {"dense": dense}, "step": 7}
    with checkpoint.StandardCheckpointer() as saver:
        saver.save(folder / "orbax", tree)
    with checkpoint.CheckpointManager(folder / "managed") as manager:
        manager.save(1, args=checkpoint.args.StandardSave(tree))
        manager.wait_until_finished()


def paddle(folder: Path) -> None:
    """States as pickles, and a program with its parameters."""
    import paddle as library

    layers = library.nn
    network = layers.Sequential(layers.Linear(4, 8), layers.ReLU(), layers.Linear(8, 3))
    library.save(network.state_dict(), str(folder / "model.pdparams"))
    adam = library.optimizer.Adam(parameters=network.parameters())
    network(library.ones([2, 4])).sum().backward()
    adam.step()
    library.save(adam.state_dict(), str(folder / "model.pdopt"))
    shape = library.static.InputSpec([None, 4], "float32")
    network.eval()
    library.jit.save(network, str(folder / "inference"), input_spec=[shape])


def mxnet(folder: Path) -> None:
    """Networks with their parameters, arrays dense and sparse, states of training, records."""
    import mxnet as library

    array, sparse, gluon = library.nd, library.nd.sparse, library.gluon
    network = gluon.model_zoo.vision.get_model("resnet18_v1", classes=3)
    network.initialize()
    network.hybridize()
    with library.autograd.record():
        loss = network(array.ones((1, 3, 32, 32))).sum()
    loss.backward()
    network.export(str(folder / "resnet"), epoch=1)
    network.save_parameters(str(folder / "resnet.params"))
    trainer = gluon.Trainer(network.collect_params(), "sgd", {"momentum": 0.9})
    trainer.step(1)
    trainer.save_states(str(folder / "trainer.states"))
    rows = sparse.csr_matrix(([1.0, 2.0], [1, 2], [0, 1, 1, 2, 2]), shape=(4, 4))
    kinds = {"csr": rows, "rows": rows.tostype("default").tostype("row_sparse")}
    array.save(str(folder / "sparse.nd"), kinds)
    array.save(str(folder / "list.nd"), [array.arange(4), array.ones((2, 3), dtype="float16")])

    def step(data: Any, states: Any) -> Any:
        return data + states[0], [states[0] * 2]

    data, state = library.sym.Variable("data"), library.sym.Variable("state")
    library.sym.contrib.foreach(step, data, [state])[0].save(str(folder / "loop-symbol.json"))


def rknn(folder: Path) -> None:
    """A network for two processors, compiled out of ONNX."""
    import numpy
    from onnx import TensorProto, helper, numpy_helper, save
    from rknn.api import RKNN

    weights = numpy.random.default_rng(0).random((8, 3, 3, 3)).astype("float32")
    graph = helper.make_graph(
        [helper.make_node("Conv", ["x", "W"], ["c"], kernel_shape=[3, 3], pads=[1] * 4),
         helper.make_node("Relu", ["c"], ["y"])],
        "network",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 32, 32])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 8, 32, 32])],
        [numpy_helper.from_array(weights, "W")],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    save(model, str(folder / "network.onnx"))
    for processor in ("rk3588", "rk3566"):
        maker = RKNN(verbose=False)
        maker.config(target_platform=processor)
        if maker.load_onnx(str(folder / "network.onnx")) or maker.build(do_quantization=False):
            raise RuntimeError("rknn-toolkit2 did not build the network")
        maker.export_rknn(str(folder / f"network-{processor}.rknn"))
        maker.release()


def mindspore(folder: Path) -> None:
    """Checkpoints, with a sum and without, and a graph."""
    import mindspore as library
    import numpy
    from mindspore import Tensor, nn

    class Network(nn.Cell):
        def __init__(self) -> None:
            super().__init__()
            self.table, self.last = nn.Embedding(10, 4), nn.Dense(4, 3)

        def construct(self, data: Any) -> Any:
            return self.last(self.table(data)), ("low", "high"), data

    network = Network()
    half = Tensor(numpy.ones((3, 2), "float16"))
    values = [{"name": "half", "data": half}, {"name": "b", "data": half.astype(library.bfloat16)}]
    library.save_checkpoint(network, str(folder / "network.ckpt"))
    library.save_checkpoint(network, str(folder / "summed.ckpt"), crc_check=True)
    more = {"epoch": 3, "rate": 0.1, "text": "words"}
    library.save_checkpoint(values, str(folder / "values.ckpt"), append_dict=more)
    example = Tensor(numpy.zeros((1, 2), "int32"))
    library.export(network, example, file_name=str(folder / "network"), file_format="MINDIR")


def tvm(folder: Path) -> None:
    """Parameters of a module."""
    import numpy
    from tvm import runtime

    kinds = ("float32", "float16", "int64", "int8")
    arrays = {kind: runtime.tensor(numpy.ones((3, 2), kind)) for kind in kinds}
    (folder / "module.params").write_bytes(bytes(runtime.save_param_dict(arrays)))


WRITERS: dict[str, tuple[str, Callable[[Path], None]]] = {
    "OpenVINO": ("openvino torch", openvino),
    "ncnn and pnnx": ("pnnx torch", ncnn),
    "spaCy": ("spacy", spacy),
    "zarr": ("zarr", zarr),
    "TensorStore": ("tensorstore", tensorstore),
    "R objects": ("rdata", r_objects),
    "PMML": ("nyoka sklearn", nyoka),
    "Core ML": ("coremltools torch", coreml),
    "boosted trees": ("xgboost lightgbm", trees),
    "CatBoost": ("catboost", catboost),
    "Flax": ("flax", flax),
    "Orbax": ("orbax", orbax),
    "Paddle": ("paddle", paddle),
    "MXNet": ("mxnet", mxnet),
    "RKNN": ("rknn", rknn),
    "MindSpore": ("mindspore", mindspore),
    "TVM": ("tvm", tvm),
}
