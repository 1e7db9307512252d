"""Models in the forms that other runtimes and devices read: pt2, ExecuTorch, Core ML, MNN."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from evals.samples import Honest

NEEDS = ("numpy", "torch", "coremltools", "lightgbm", "onnx", "MNN", "executorch")


def samples() -> Iterator[Honest]:
    """Yield the samples."""
    with tempfile.TemporaryDirectory(prefix="weighbridge-eval-") as name:
        folder = Path(name)
        _exported(folder)
        _coreml(folder)
        _lightgbm(folder)
        _mnn(folder)
        for path in sorted(folder.iterdir()):
            yield Honest(f"export-{path.name}", "exports", path.read_bytes(), file=path.name)


def _exported(folder: Path) -> None:
    import torch

    class Dynamic(torch.nn.Module):
        def forward(self, x: Any) -> Any:
            return x + 1 if x.shape[0] > 4 else x * (x.shape[0] // 2)

    layers = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU()).eval()
    program = torch.export.export(layers, (torch.randn(2, 4),))
    torch.export.save(program, folder / "linear.pt2", extra_files={"note.txt": "hello"})
    from executorch import exir

    with torch.no_grad():
        plain = exir.to_edge(program).to_executorch()
        beside = exir.ExecutorchBackendConfig(external_constants=True)
        apart = exir.to_edge(program).to_executorch(beside)
    (folder / "linear.pte").write_bytes(plain.buffer)
    apart.write_tensor_data_to_file(str(folder))
    batch = {"x": {0: torch.export.Dim.AUTO}}
    program = torch.export.export(Dynamic(), (torch.randn(6, 4),), dynamic_shapes=batch)
    torch.export.save(program, folder / "dynamic.pt2")


def _coreml(folder: Path) -> None:
    import coremltools
    import numpy as np
    from coremltools.models import neural_network

    array = coremltools.models.datatypes.Array
    builder = neural_network.NeuralNetworkBuilder([("x", array(4))], [("y", array(2))])
    builder.add_inner_product("fc", np.ones((2, 4)), np.ones(2), 4, 2, True, "x", "y")
    coremltools.models.MLModel(builder.spec).save(str(folder / "network.mlmodel"))


def _lightgbm(folder: Path) -> None:
    import lightgbm
    import numpy as np

    rows = np.random.default_rng(0).random((60, 3))
    data = lightgbm.Dataset(rows, (rows.sum(1) > 1.5).astype(int))
    settings = {"objective": "binary", "verbose": -1, "min_data_in_leaf": 2}
    booster = lightgbm.train(settings, data, num_boost_round=3)
    booster.save_model(folder / "booster.txt")


def _mnn(folder: Path) -> None:
    import numpy as np
    import onnx
    from onnx import helper, numpy_helper

    kind = onnx.TensorProto.FLOAT
    weights = numpy_helper.from_array(np.ones((8, 3, 3, 3), "f4"), "w")
    nodes = [helper.make_node("Conv", ["x", "w"], ["y"]), helper.make_node("Relu", ["y"], ["z"])]
    ends = [
        helper.make_tensor_value_info(name, kind, shape)
        for name, shape in (("x", [1, 3, 16, 16]), ("z", [1, 8, 14, 14]))
    ]
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], [weights])
    opset = [helper.make_opsetid("", 13)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), folder / "conv.onnx")
    words = "-f ONNX --modelFile conv.onnx --MNNModel conv.mnn --bizCode biz".split()
    code = "import sys; from MNN.tools.mnnconvert import main; sys.exit(main())"
    subprocess.run(
        [sys.executable, "-c", code, *words], cwd=folder, check=True, capture_output=True
    )
