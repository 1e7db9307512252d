"""Programs in MLIR are named, and calls from them into Python are told."""

import importlib.util

import pytest

from evals import mlir_programs as programs
from formats.scanning import scan
from weighbridge.findings.model import Verdict

TRAP = b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x10echo weighbridge\x85R."


@pytest.mark.parametrize(("make", "name"), [("bytecode", "mlir"), ("exported", "jax-export")])
def test_byte_code_is_named_and_not_clean(make, name):
    answer = scan(getattr(programs, make)())
    assert (answer.format, answer.verdict) == (name, Verdict.INCONCLUSIVE)
    assert answer.findings == []


@pytest.mark.parametrize("make", ["bytecode", "exported"])
def test_a_call_into_python_is_suspicious(make):
    (finding,) = scan(getattr(programs, make)(programs.CALLBACK)).findings
    assert (finding.rule, finding.evidence["symbols"]) == ("host-code", [programs.CALLBACK])


@pytest.mark.parametrize("generic", [False, True])
def test_a_program_as_text_is_read(generic):
    answer = scan(programs.program(generic=generic))
    assert (answer.format, answer.verdict) == ("mlir", Verdict.CLEAN)
    assert scan(programs.program(programs.CALLBACK, generic)).verdict is Verdict.SUSPICIOUS


def test_a_pickle_behind_byte_code_is_found():
    assert scan(programs.bytecode() + TRAP).verdict is Verdict.MALICIOUS


@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="jax is not installed")
def test_what_jax_exports_is_named():
    import jax
    from jax import export

    shape = jax.ShapeDtypeStruct((3,), "float32")
    made = export.export(jax.jit(lambda x: x * 2))(shape)
    assert scan(bytes(made.serialize())).format == "jax-export"
    assert scan(made.mlir_module().encode()).verdict is Verdict.CLEAN
