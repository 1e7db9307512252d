"""Files of bare numbers: what the model beside them says they are, and what they are without it."""

import io
import random
import struct
import tarfile
import zipfile

import pytest
from evals.protobufs import onnx_graph, onnx_model, onnx_node, onnx_tensor

import weighbridge
from weighbridge.findings.model import Verdict

NUMBERS = random.Random(5).randbytes(4096)


def model(location="model.onnx_data", offset=0, length=4096):
    tensor = onnx_tensor(location=location, offset=offset, length=length)
    return onnx_model(onnx_graph((onnx_node("Relu"),), (tensor,)))


def answer(folder, name):
    report = weighbridge.scan(folder)
    return next(file for file in report.files if file.path == name)


def test_numbers_alone_are_unknown(tmp_path):
    (tmp_path / "model.onnx_data").write_bytes(NUMBERS)
    assert answer(tmp_path, "model.onnx_data").verdict is Verdict.INCONCLUSIVE


def test_a_model_beside_them_declares_them(tmp_path):
    (tmp_path / "model.onnx").write_bytes(model())
    (tmp_path / "model.onnx_data").write_bytes(NUMBERS)
    file = answer(tmp_path, "model.onnx_data")
    assert (file.format, file.verdict, file.coverage.complete) == (
        "tensor-data",
        Verdict.CLEAN,
        True,
    )
    assert [note.code for note in file.notes] == ["declared-data"]


@pytest.mark.parametrize("name", ["weights.raw", "model.onnx_data"])
def test_a_name_or_a_look_proves_nothing(tmp_path, name):
    """What is named by these alone can still be declared."""
    numbers = struct.pack("<8192f", *(random.Random(n).gauss(0, 1) for n in range(8192)))
    (tmp_path / name).write_bytes(numbers)
    alone = answer(tmp_path, name)
    assert alone.format in ("raw-data", "raw-numbers")
    assert alone.verdict is Verdict.INCONCLUSIVE
    (tmp_path / "model.onnx").write_bytes(model(name, length=len(numbers)))
    assert (answer(tmp_path, name).format, answer(tmp_path, name).verdict) == (
        "tensor-data",
        Verdict.CLEAN,
    )


@pytest.mark.parametrize("folder", ["", "./", "saved/1/"])
def test_members_of_an_archive_stand_beside_each_other(tmp_path, folder):
    with tarfile.open(tmp_path / "model.tar.gz", "w:gz") as archive:
        for name, data in (("model.onnx", model()), ("model.onnx_data", NUMBERS)):
            member = tarfile.TarInfo(folder + name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    file = answer(tmp_path, "model.tar.gz")
    assert (file.verdict, file.coverage.complete) == (Verdict.CLEAN, True)
    assert "declared-data" in [note.code for note in file.notes]


def test_members_of_other_folders_are_not_declared(tmp_path):
    with zipfile.ZipFile(tmp_path / "model.zip", "w") as archive:
        archive.writestr("a/model.onnx", model())
        archive.writestr("b/model.onnx_data", NUMBERS)
        archive.writestr("a/model.onnx_data", NUMBERS)
    file = answer(tmp_path, "model.zip")
    assert (file.verdict, file.coverage.complete) == (Verdict.INCONCLUSIVE, False)
    assert [note.member for note in file.coverage.notes] == ["b/model.onnx_data"]


TRAP = b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x10echo weighbridge\x85R."
PAGE = 4096


@pytest.mark.parametrize(
    ("more", "complete"), [(0, True), (PAGE, True), (PAGE + 1, False), (-1, False)]
)
@pytest.mark.parametrize("archived", [False, True])
def test_only_what_is_declared_is_declared(tmp_path, more, complete, archived):
    """Bytes behind the last tensor, more than fill a page, are nobody's; so are missing ones."""
    data = (NUMBERS + NUMBERS + NUMBERS)[: len(NUMBERS) + more]
    files = {"model.onnx": model(length=len(NUMBERS)), "model.onnx_data": data}
    if archived:
        with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
            for name, content in files.items():
                archive.writestr(name, content)
    else:
        for name, content in files.items():
            (tmp_path / name).write_bytes(content)
    report = weighbridge.scan(tmp_path)
    assert all(file.coverage.complete for file in report.files) == complete
    assert report.verdict is (Verdict.CLEAN if complete else Verdict.INCONCLUSIVE)


def test_a_pickle_among_the_numbers_of_a_member_is_found(tmp_path):
    data = NUMBERS[:100] + TRAP + NUMBERS[: len(NUMBERS) - 100 - len(TRAP)]
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("model.onnx", model())
        archive.writestr("model.onnx_data", data)
    assert weighbridge.scan(tmp_path).verdict is Verdict.MALICIOUS


@pytest.mark.parametrize("declaration", [model("other.bin"), model(offset=100, length=4096)])
def test_another_declaration_says_nothing_of_them(tmp_path, declaration):
    (tmp_path / "model.onnx").write_bytes(declaration)
    (tmp_path / "model.onnx_data").write_bytes(NUMBERS)
    assert answer(tmp_path, "model.onnx_data").verdict is Verdict.INCONCLUSIVE


def test_what_is_recognised_is_judged_as_what_it_is(tmp_path):
    trap = b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x10echo weighbridge\x85R."
    (tmp_path / "model.onnx").write_bytes(model(length=len(trap)))
    (tmp_path / "model.onnx_data").write_bytes(trap)
    assert answer(tmp_path, "model.onnx_data").verdict is Verdict.MALICIOUS


@pytest.mark.frameworks
def test_the_variables_of_a_real_checkpoint(tmp_path):
    tensorflow = pytest.importorskip("tensorflow", reason="it writes the files")
    variable = tensorflow.Variable(tensorflow.random.normal([40, 40]))
    tensorflow.train.Checkpoint(v=variable).save(str(tmp_path / "model.ckpt"))
    with tarfile.open(tmp_path / "model.tar.gz", "w:gz") as archive:
        for path in tmp_path.glob("model.ckpt*"):
            archive.add(path, path.name)
    report = weighbridge.scan(tmp_path)
    assert report.verdict is Verdict.CLEAN
    assert "tensor-data" in {file.format for file in report.files}
