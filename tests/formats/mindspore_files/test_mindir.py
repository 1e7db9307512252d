"""Graphs of MindSpore: what compiling one runs, loads and reads."""

import random

import pytest
from evals.mindspore_models import (
    constant,
    custom,
    executing,
    model,
    node,
    outside,
    plain,
    primitive,
)
from evals.protobufs import message

import weighbridge
from formats.scanning import scan
from weighbridge.facts.graphs import ExternalData
from weighbridge.findings.model import Kind, Verdict

SCRIPT = "__import__('os').system('id')"


def test_a_plain_network_is_clean():
    answer = scan(plain())
    assert (answer.format, answer.verdict) == ("mindir", Verdict.CLEAN)


@pytest.mark.parametrize("operator", ["PyExecute", "PyInterpret", "PyFunc"])
@pytest.mark.parametrize("referring", [True, False])
@pytest.mark.parametrize("inside", [True, False])
def test_what_no_exporter_writes_is_malicious(operator, referring, inside):
    (finding,) = scan(executing(SCRIPT, operator, referring, inside)).findings
    assert (finding.rule, finding.kind) == ("host-code", Kind.MALICIOUS)
    assert finding.evidence["symbols"] == [f"{operator}({SCRIPT})"]


def test_a_primitive_that_no_node_names_counts_too():
    data = model(node("ReLU"), primitives=(primitive("P:1", "PyExecute"),))
    assert scan(data).verdict is Verdict.MALICIOUS


@pytest.mark.parametrize("kind", ["aot", "akg", "hybrid", "julia", "pyfunc", "some other"])
def test_operators_that_bring_code_are_suspicious(kind):
    (finding,) = scan(custom(kind, func_name="./lib.so:run")).findings
    assert (finding.rule, finding.kind) == ("host-code", Kind.SUSPICIOUS)
    assert "./lib.so:run" in finding.title


def test_an_operator_of_the_application_is_a_weakness():
    assert {f.kind for f in scan(custom("tbe", func_name="mine")).findings} == {Kind.WEAKNESS}


def test_the_file_of_the_weights_is_named():
    answer = scan(plain("net_variables/data_0"))
    (fact,) = [fact for fact in answer.facts if isinstance(fact, ExternalData)]
    assert (fact.location, fact.furthest) == ("net_variables/data_0", 24)
    assert answer.verdict is Verdict.CLEAN


def test_weights_beside_it_are_its_numbers(tmp_path):
    (tmp_path / "net_variables").mkdir()
    (tmp_path / "net_graph.mindir").write_bytes(plain("net_variables/data_0"))
    (tmp_path / "net_variables" / "data_0").write_bytes(random.Random(3).randbytes(24))
    assert weighbridge.scan(tmp_path).verdict is Verdict.CLEAN


@pytest.mark.parametrize("path", ["../../.ssh/id_rsa", "/etc/passwd"])
def test_weights_outside_the_folder_are_malicious(path):
    assert scan(plain(path)).rules == {"external-data-escape"}


def test_decoys_end_in_no_clean():
    ordinary = (node(f"Op{number}") for number in range(2_100))
    last = (constant("s", SCRIPT), node("PyExecute", ("s",)))
    answer = scan(model(*ordinary, *last))
    assert (answer.verdict, "limit-operators" in answer.gaps) == (Verdict.INCONCLUSIVE, True)
    files = (outside(f"data_{number}") for number in range(1_000))
    answer = scan(model(node("ReLU"), parameters=(*files, outside("../../x"))))
    assert (answer.verdict, "limit-files" in answer.gaps) == (Verdict.INCONCLUSIVE, True)


@pytest.mark.parametrize("field", [(50, b"x"), (7, 3), (1, 1)])
def test_a_field_of_no_model_hides_nothing(field):
    answer = scan(executing(SCRIPT) + message(field))
    assert answer.verdict is Verdict.MALICIOUS


def test_other_messages_are_none():
    for data in (message((1, "1.1"), (2, "x")), message((1, "1.1"), (2, "x"), (100, b"y"))):
        assert scan(data).format != "mindir"


def test_damage_ends_in_an_answer():
    whole, chance = executing(SCRIPT), random.Random(2)
    for _ in range(300):
        damaged = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        scan(bytes(damaged[: chance.randint(1, len(damaged))]))
