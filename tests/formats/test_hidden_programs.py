"""Programs in bytes that no reader is led to: behind models, and where one breaks off."""

import pytest
from evals.coreml_models import PLAIN as COREML
from evals.mobile_networks import mnn
from evals.programs import PROGRAMS, elf
from evals.protobufs import onnx_graph, onnx_model, onnx_node
from evals.tree_models import catboost_texts, old_xgboost

from formats.scanning import scan
from weighbridge.findings.model import Verdict

FRONTS = {
    "catboost": catboost_texts(),
    "coreml": COREML["program"],
    "mnn": mnn(),
    "onnx": onnx_model(onnx_graph((onnx_node("Relu"),))),
    "xgboost": old_xgboost(),
}
KINDS = ("elf", "pe", "mach-o")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", FRONTS)
def test_a_program_behind_a_model_is_malicious(name, kind):
    answer = scan(FRONTS[name] + PROGRAMS[kind])
    assert answer.verdict is Verdict.MALICIOUS and "hidden-executable" in answer.rules
    assert answer.format == name


@pytest.mark.parametrize("name", FRONTS)
@pytest.mark.parametrize("data", [b"\x7fELF" * 9, b"MZ" * 200, b"\xcf\xfa\xed\xfe" * 20])
def test_magic_numbers_alone_are_no_programs(name, data):
    assert "hidden-executable" not in scan(FRONTS[name] + data).rules


@pytest.mark.parametrize("before", [0, 1, 2, 3, 4])
def test_a_program_across_the_border_of_two_windows(before):
    front = FRONTS["xgboost"]
    padding = bytes((1 << 20) - len(front) - before)
    assert "hidden-executable" in scan(front + padding + elf()).rules


def test_a_program_that_breaks_off_is_not_hidden_in_itself():
    for data in PROGRAMS.values():
        for size in range(60, len(data), 9):
            assert "hidden-executable" not in scan(data[:size]).rules
