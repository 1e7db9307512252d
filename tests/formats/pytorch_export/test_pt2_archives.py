"""Exported programs: what their loader evaluates, unpickles and runs."""

import io
import pickle
import zipfile

import pytest
from evals.programs import elf
from hypothesis import given, settings
from hypothesis import strategies as st

from formats.pytorch_export.archives import (
    EVIL,
    Runs,
    built,
    configuration,
    honest,
    program,
    with_member,
)
from formats.templates.scanning import Answer
from weighbridge.facts.structure import Anomaly, Metadata

MODEL = "models/model.json"


def codes(answer):
    return {fact.code for fact in answer.facts if isinstance(fact, Anomaly)}


def test_an_honest_archive_is_clean():
    answer = Answer(built(honest()))
    assert (answer.verdict, codes(answer), answer.formats[0]) == ("clean", set(), "pt2")
    assert ("torch_version", "2.13.0") in {(f.key, f.value) for f in answer.of(Metadata)}


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('id')",
        "eval('1')",
        "().__class__",
        "Symbol('s0').func",
        "exec('1')",
        "[x for x in y]",
        "lambda: 1",
        "Symbol('s0; import os')",
        "Mystery(1)",
        "f'{1}'",
        "1 if",
    ],
)
def test_sizes_that_are_no_arithmetic(text):
    answer = Answer(with_member(MODEL, program([text])))
    assert "pt2-expression" in codes(answer) and answer.verdict in ("suspicious", "malicious")
    assert "exported-program" in answer.rules


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('id') == 1",
        "L['x'].__class__",
        "open('/x').read()",
        "L['x'].data_ptr() == 1",
        "torch.load('x')",
        "L['a\"']",
        "(y := 1) == 1",
    ],
)
def test_guards_that_are_no_comparison(text):
    answer = Answer(with_member(MODEL, program(guards=[text])))
    assert "pt2-guard" in codes(answer) and answer.verdict in ("suspicious", "malicious")


def test_a_shell_in_an_expression_is_malicious():
    for made in (program(["__import__('os').system('id')"]), program(guards=["os.system('id')"])):
        answer = Answer(with_member(MODEL, made))
        assert answer.verdict == "malicious" and "process_exec" in answer.effects


@pytest.mark.parametrize(
    ("target", "code", "verdict"),
    [
        ("torch.serialization.os.system", "pt2-target-reach", "malicious"),
        ("torch.nn.Module.__class__", "pt2-target-reach", "malicious"),
        ("_operator.methodcaller", "pt2-target-reach", "malicious"),
        ("torch.ops.load_library", "pt2-target-reach", "malicious"),
        ("torch.load", "pt2-target-reach", "malicious"),
        ("torch.ops.aten.from_file.default", "pt2-file-operator", "malicious"),
        ("torch.hub", "pt2-target", "suspicious"),
        ("torch.foo.bar", "pt2-target", "suspicious"),
    ],
)
def test_targets_that_are_no_operator(target, code, verdict):
    answer = Answer(with_member(MODEL, program(targets=[target])))
    assert (codes(answer), answer.verdict) == ({code}, verdict)


@pytest.mark.parametrize(
    "target",
    [
        "torch.ops.aten._assert_scalar.default",
        "torch.ops.higher_order.cond",
        "torch.ops.mylib.custom.default",
        "_operator.ge",
        "math.floor",
        "torch.sym_sqrt",
        "torch._check_is_size",
        "torch._C._set_grad_enabled",
        "forward",
    ],
)
def test_ordinary_targets_are_clean(target):
    assert Answer(with_member(MODEL, program(targets=[target]))).verdict == "clean"


@pytest.mark.parametrize(
    "name",
    [
        "data/constants/opaque_obj_0",
        "data/constants/custom_obj_0",
        "data/weights/model.pt",
        "data/sample_inputs/model.pt",
        "extra/hook.bin",
    ],
)
def test_pickles_in_it_are_read(name):
    answer = Answer(with_member(name, EVIL))
    assert answer.verdict == "malicious"
    assert answer.findings[0].loaders == ("torch.export.load",)


def test_a_weight_that_is_pickled_is_read():
    members = honest(data__weights__weight_0=EVIL)
    members["data/weights/model_weights_config.json"] = configuration(use_pickle=True)
    assert Answer(built(members)).verdict == "malicious"


def test_the_old_layout_is_read():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("serialized_exported_program.json", '{"guards_code": ["eval(1)"]}')
        archive.writestr("serialized_state_dict.pt", pickle.dumps(Runs()))
    answer = Answer(file.getvalue())
    assert answer.formats[0] == "pt2" and answer.verdict == "malicious"
    assert "pt2-guard" in codes(answer)


def test_a_library_where_it_belongs_is_a_weakness():
    answer = Answer(with_member("data/aotinductor/model/wrapper.so", elf()))
    assert (answer.verdict, answer.rules) == ("weakness", {"native-code"})
    assert answer.findings[0].loaders[0] == "torch._inductor.aoti_load_package"


@pytest.mark.parametrize("name", ["extra/x.so", "data/other.so", "x"])
def test_a_library_elsewhere_is_suspicious(name):
    answer = Answer(with_member(name, elf()))
    assert (answer.verdict, answer.rules) == ("suspicious", {"foreign-executable"})


def test_a_library_as_a_tensor_is_malicious():
    answer = Answer(with_member("data/weights/weight_0", elf()))
    assert (answer.verdict, answer.rules) == ("malicious", {"hidden-executable"})


def test_a_short_tensor_is_suspicious():
    answer = Answer(with_member("data/weights/weight_0", bytes(47)))
    assert (codes(answer), answer.verdict) == ({"pt2-weight-short"}, "suspicious")
    assert Answer(with_member("data/weights/weight_0", bytes(64))).verdict == "clean"


def test_an_undeclared_record_is_not_clean():
    assert Answer(with_member("data/weights/weight_9", b"\x01\x02" * 40)).verdict == "inconclusive"


@pytest.mark.parametrize("name", [MODEL, "data/weights/model_weights_config.json"])
@pytest.mark.parametrize("content", [b"", b"[", b"[]", b"1", b"\xff"])
def test_a_broken_description_is_not_clean(name, content):
    assert Answer(with_member(name, content)).verdict == "inconclusive"


def test_a_flood_of_expressions_is_bounded():
    answer = Answer(with_member(MODEL, program([f"f{n}()" for n in range(5000)])))
    assert len(answer.facts) < 300


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 5000), st.binary(min_size=1, max_size=8))
def test_altered_archives(at, put):
    data = built(honest())
    at %= len(data)
    Answer(data[:at] + put + data[at + len(put) :])
    Answer(data[:at])


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_any_expression(text):
    from weighbridge.formats.pytorch.expressions import target_fault, unusual

    unusual(text, guard=True)
    unusual(text, guard=False)
    target_fault(text)
