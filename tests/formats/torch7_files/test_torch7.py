"""Objects of Torch7: weights are data, functions are byte code of Lua."""

import pytest
from evals.torch7_objects import COMMAND, ORDINARY, Writer, model

from formats.scanning import scan
from weighbridge.findings.model import Kind, Verdict

FORMS = pytest.mark.parametrize("text", [False, True])


@FORMS
def test_an_honest_model_is_clean(text):
    answer = scan(model(text))
    assert (answer.format, answer.verdict) == ("torch7", Verdict.CLEAN)


@FORMS
@pytest.mark.parametrize("kind", [6, 7, 8])
def test_a_function_is_a_weakness(text, kind):
    (finding,) = scan(model(text, ORDINARY, kind=kind)).findings
    assert (finding.rule, finding.kind) == ("host-code", Kind.WEAKNESS)


@FORMS
def test_a_function_that_starts_a_command_is_malicious(text):
    answer = scan(model(text, COMMAND))
    assert (answer.verdict, answer.effects) == (Verdict.MALICIOUS, {"process_exec"})
    assert scan(model(text, b"return os.execute('echo weighbridge')")).verdict is Verdict.MALICIOUS


@FORMS
def test_a_class_of_another_package_is_a_weakness(text):
    (finding,) = scan(model(text, name=b"mine.Layer")).findings
    assert finding.evidence["symbols"] == ["mine.Layer"]


def test_a_table_of_tensors_is_one_as_well():
    writer = Writer()
    data = writer.table(a=1.0)
    assert scan(data).format == "torch7"


def test_the_same_object_may_stand_twice():
    writer = Writer()
    table = writer.fresh(3) + writer.integers(2)
    again = writer.integers(4, 3)  # The tensor is numbered behind its storage.
    data = table + writer.value("a") + writer.tensor(1.0) + writer.value("b") + again
    assert scan(data).verdict is Verdict.CLEAN


@FORMS
def test_no_truncation_is_clean(text):
    data = model(text, COMMAND).rstrip()
    start = 60
    for size in range(start, len(data) - 1):
        assert scan(data[:size]).verdict is not Verdict.CLEAN, size


def test_lying_lengths_end_in_a_gap():
    data = model().replace(b"\x03\0\0\0\0\0\0\0\0\0\0?", b"\xff\xff\xff\xff\xff\xff\xff\x7f\0\0\0?")
    assert scan(data).verdict is Verdict.INCONCLUSIVE
    for at in range(0, len(model()) - 4, 4):
        damaged = model()[:at] + b"\xff\xff\xff\x7f" + model()[at + 4 :]
        scan(damaged)


@pytest.mark.parametrize("data", [b"3\n1\n2\n1\n5\n6\n", b"4\n1\n3\n5\n", b"3\n1\n0\n1\n"])
def test_rows_of_numbers_are_texts(data):
    assert (scan(data).format, scan(data).verdict) == ("text", Verdict.CLEAN)


def test_what_follows_is_examined():
    trap = b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x10echo weighbridge\x85R."
    assert scan(model() + trap).verdict is Verdict.MALICIOUS
