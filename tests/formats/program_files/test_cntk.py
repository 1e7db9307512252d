"""CNTK: the functions that users defined, which its loader makes by two names out of the file."""

import pytest
from evals.cntk_models import cntk, dictionary, in_python, native, number, of_two_gigabytes, text
from evals.protobufs import message, onnx_graph, onnx_model, onnx_node
from hypothesis import given
from hypothesis import strategies as st

from formats.scanning import scan
from weighbridge.findings.model import Kind, Verdict

INJECTED = in_python("os import getcwd\nimport os\nos.system('id')\nfrom os", "path")


@pytest.mark.parametrize("data", [cntk(), of_two_gigabytes(cntk())])
def test_a_model_of_its_own_functions_is_clean(data):
    answer = scan(data)
    assert (answer.format, answer.verdict) == ("cntk", Verdict.CLEAN)


def test_a_checkpoint_of_training_is_one_as_well():
    data = dictionary({"external_worker_state": number(0), "version": number(1)})
    assert scan(data).format == "cntk"


def test_a_class_that_is_not_known_is_a_weakness():
    (finding,) = scan(cntk(in_python("my_layers", "Loss"))).findings
    assert (finding.rule, finding.kind) == ("named-callable", Kind.WEAKNESS)
    assert finding.loaders == ("cntk.load_model",)


def test_a_class_of_cntk_is_clean():
    assert scan(cntk(in_python("cntk.contrib.crosstalk", "Plus"))).verdict is Verdict.CLEAN


def test_what_starts_processes_is_malicious():
    (finding,) = scan(cntk(in_python("subprocess", "Popen"))).findings
    assert (finding.rule, finding.kind) == ("named-callable", Kind.MALICIOUS)


def test_a_program_in_a_name_is_malicious():
    (finding,) = scan(cntk(INJECTED)).findings
    assert (finding.rule, finding.kind) == ("code-in-name", Kind.MALICIOUS)
    assert finding.evidence["effects"] == ["process_exec"]
    assert "os.system('id')" in finding.evidence["code"]


def test_a_program_of_no_known_effect_is_malicious_too():
    (finding,) = scan(cntk(in_python("mine", "a; b()"))).findings
    assert (finding.kind, finding.evidence["effects"]) == (Kind.MALICIOUS, ["code_exec"])


def test_a_harmless_function_before_it_does_not_hide_it():
    """A field that may stand once and stands twice is put together of both."""
    report = scan(cntk(in_python("cntk.ops", "Plus") + INJECTED))
    assert "code-in-name" in report.rules


def test_no_number_of_decoys_hides_it():
    decoys = [in_python("cntk.ops", f"Op{at}") for at in range(1500)]
    assert scan(cntk(INJECTED, *decoys)).verdict is Verdict.MALICIOUS
    assert scan(cntk(*decoys, INJECTED)).verdict is Verdict.INCONCLUSIVE


def test_keys_that_stand_there_thousands_of_times_take_no_time():
    """Of each the last one counts, as in the reader of CNTK."""
    told = [
        message((1, key), (2, text(f"a{at}"))) for key in ("module", "class") for at in range(3000)
    ]
    told += [message((1, "module"), (2, text("os"))), message((1, "class"), (2, text("system")))]
    value = message((1, 1), (2, 10), (12, message(*((2, row) for row in told))))
    assert "named-callable" in scan(cntk(value)).rules


def test_a_library_of_its_choice_is_suspicious():
    (finding,) = scan(cntk(native("../lib/x.so", "make"))).findings
    assert (finding.rule, finding.kind) == ("host-code", Kind.SUSPICIOUS)
    assert finding.evidence["effects"] == ["native_code"]


def test_other_protobufs_and_dictionaries_are_not_taken_for_models():
    assert scan(dictionary({"module": text("os"), "class": text("x")})).format != "cntk"
    assert scan(onnx_model(onnx_graph((onnx_node("Relu"),)))).format == "onnx"


def test_no_truncation_is_clean():
    data = cntk(INJECTED)
    for size in range(24, len(data)):
        assert scan(data[:size]).verdict is not Verdict.CLEAN, size


@given(at=st.integers(0, 700), byte=st.integers(0, 255))
def test_damage_ends_in_a_verdict(at, byte):
    data = bytearray(cntk(INJECTED, native("x.so", "make")))
    data[at % len(data)] = byte
    scan(bytes(data))
