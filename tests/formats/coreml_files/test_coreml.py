"""Core ML: what a model asks the application for, and which files it names."""

import pytest
from evals.coreml_models import (
    PLAIN,
    blobs,
    compiled,
    custom_layer,
    linked,
    model,
    network,
    pipeline,
    program,
)
from evals.programs import PROGRAMS

from builders.wire import message
from formats.scanning import scan
from weighbridge.facts.graphs import ExternalData
from weighbridge.findings.model import Kind, Verdict

ESCAPES = ["@model_path/../../secret", "/etc/passwd", "../weight.bin"]


@pytest.mark.parametrize("name", PLAIN)
def test_honest_models_are_clean(name):
    answer = scan(PLAIN[name])
    assert (answer.format, answer.verdict) == ("coreml", Verdict.CLEAN)


@pytest.mark.parametrize(
    "data",
    [
        model(555, message((10, "MyModel"))),
        model(500, network(custom_layer())),
        model(202, pipeline(model(403, network(custom_layer())))),
        model(500, network(message((1, "if"), (605, message((1, network(custom_layer()))))))),
    ],
)
def test_a_class_of_the_application_is_a_weakness(data):
    (finding,) = scan(data).findings
    assert (finding.rule, finding.kind) == ("host-code", Kind.WEAKNESS)


@pytest.mark.parametrize("path", ESCAPES)
def test_weights_outside_the_folder_are_malicious(path):
    assert {f.kind for f in scan(model(502, program(path))).findings} == {Kind.MALICIOUS}


@pytest.mark.parametrize("path", ["../other.mlmodelc", "/private/x.mlmodelc"])
def test_a_link_outside_the_folder_is_malicious(path):
    assert scan(model(556, linked(path))).rules == {"external-data-escape"}


def test_a_link_inside_the_folder_is_clean():
    assert scan(model(556, linked("other.mlmodelc"))).verdict is Verdict.CLEAN


def test_the_file_of_the_weights_is_named():
    facts = scan(model(502, program(offset=4096))).facts
    (fact,) = [fact for fact in facts if isinstance(fact, ExternalData)]
    assert (fact.location, fact.furthest) == ("weights/weight.bin", 4096)


def test_pipelines_inside_each_other_are_a_limit():
    data = PLAIN["network"]
    for _ in range(60):
        data = model(202, pipeline(data))
    assert scan(data).gaps == ["limit-protobuf-depth"]


@pytest.mark.parametrize("name", PLAIN)
def test_no_truncation_is_clean(name):
    data = PLAIN[name]
    for size in range(5, len(data)):
        assert scan(data[:size]).verdict is not Verdict.CLEAN, size


def test_weights_are_followed_to_their_end():
    answer = scan(blobs(b"x" * 70, b"y" * 3))
    assert (answer.format, answer.verdict) == ("coreml-weights", Verdict.CLEAN)
    for size in (130, 250, len(blobs(b"x" * 70, b"y" * 3)) - 1):
        assert scan(blobs(b"x" * 70, b"y" * 3)[:size]).verdict is not Verdict.CLEAN
    trap = b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x10echo weighbridge\x85R."
    assert scan(blobs(b"x" * 64) + trap).verdict is Verdict.MALICIOUS


def test_what_follows_a_model_is_examined():
    trap = b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x10echo weighbridge\x85R."
    assert scan(PLAIN["program"] + trap).verdict is Verdict.MALICIOUS


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_behind_a_model_is_found(name):
    if name in ("elf", "pe", "mach-o"):
        assert scan(PLAIN["network"] + PROGRAMS[name]).rules >= {"hidden-executable"}


@pytest.mark.frameworks
def test_files_of_coremltools(tmp_path):
    np = pytest.importorskip("numpy")
    coremltools = pytest.importorskip("coremltools")
    building = pytest.importorskip("coremltools.models.neural_network")
    array = coremltools.models.datatypes.Array
    builder = building.NeuralNetworkBuilder([("x", array(4))], [("y", array(2))])
    weights = np.ones((2, 4))
    builder.add_inner_product("fc", weights, np.ones(2), 4, 2, True, "x", "y")
    coremltools.models.MLModel(builder.spec).save(str(tmp_path / "m.mlmodel"))
    assert scan((tmp_path / "m.mlmodel").read_bytes()).verdict is Verdict.CLEAN


@pytest.mark.parametrize("typed", [False, True])
def test_a_compiled_program_is_followed_to_its_weights(typed):
    answer = scan(compiled(offset=4096, typed=typed), name="model.mil")
    (fact,) = [fact for fact in answer.facts if isinstance(fact, ExternalData)]
    assert (fact.location, fact.furthest) == ("weights/weight.bin", 4096)
    assert (answer.format, answer.verdict) == ("coreml", Verdict.CLEAN)


@pytest.mark.parametrize("path", ESCAPES)
@pytest.mark.parametrize("typed", [False, True])
def test_a_compiled_program_that_reads_elsewhere_is_malicious(path, typed):
    for file in ("model.mil", ""):
        assert scan(compiled(path, typed=typed), name=file).rules == {"external-data-escape"}


def test_a_long_program_hides_no_path():
    filling = b"    // " + b"x" * 90 + b"\n"
    start, end = compiled("/etc/passwd").split(b"    func")
    program = start + filling * 60_000 + b"    func" + end
    assert scan(program, name="model.mil").rules == {"external-data-escape"}
