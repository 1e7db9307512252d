"""Programs and data files that the real library writes."""

import pytest

from formats.scanning import scan_file
from weighbridge.facts.structure import Format
from weighbridge.findings.model import Verdict

torch = pytest.importorskip("torch", reason="the models are made with torch")
exir = pytest.importorskip("executorch.exir", reason="ExecuTorch writes the files")
pytestmark = [pytest.mark.frameworks, pytest.mark.slow]


@pytest.fixture(scope="module")
def exported():
    model = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU()).eval()
    return torch.export.export(model, (torch.randn(2, 4),))


def format_of(answer):
    return next(f.format for f in answer.facts if isinstance(f, Format) and f.member is None)


def test_a_program(exported, tmp_path):
    path = tmp_path / "model.pte"
    path.write_bytes(exir.to_edge(exported).to_executorch().buffer)
    answer = scan_file(path)
    assert (format_of(answer), answer.verdict) == ("executorch", Verdict.CLEAN)


def test_a_program_that_is_delegated_to_a_backend(exported, tmp_path):
    partitioner = pytest.importorskip(
        "executorch.backends.xnnpack.partition.xnnpack_partitioner"
    ).XnnpackPartitioner
    lowered = exir.to_edge_transform_and_lower(exported, partitioner=[partitioner()])
    path = tmp_path / "model.pte"
    path.write_bytes(lowered.to_executorch().buffer)
    answer = scan_file(path)
    assert (format_of(answer), answer.verdict) == ("executorch", Verdict.CLEAN)


def test_weights_beside_the_program(exported, tmp_path):
    config = exir.ExecutorchBackendConfig(external_constants=True)
    exir.to_edge(exported).to_executorch(config).write_tensor_data_to_file(str(tmp_path))
    (path,) = tmp_path.glob("*.ptd")
    answer = scan_file(path)
    assert (format_of(answer), answer.verdict) == ("executorch-data", Verdict.CLEAN)
