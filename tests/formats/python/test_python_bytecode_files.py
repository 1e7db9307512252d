"""Compiled modules, as Python itself writes them."""

import importlib.util
import marshal

import pytest

from formats.scanning import scan
from weighbridge.facts.structure import Format
from weighbridge.findings.model import Kind, Verdict

HARMLESS = "def scale(x):\n    return x * 2\n"
HOSTILE = "import os\nos.system('echo weighbridge')\n"


def compiled(source, flags=0):
    code = compile(source, "module.py", "exec")
    return (
        importlib.util.MAGIC_NUMBER + flags.to_bytes(4, "little") + bytes(8) + marshal.dumps(code)
    )


def test_it_is_known_by_its_header():
    answer = scan(compiled(HARMLESS))
    assert next(f.format for f in answer.facts if isinstance(f, Format)) == "python-bytecode"


@pytest.mark.parametrize("flags", [0, 1, 3])
def test_harmless_code_is_a_weakness(flags):
    answer = scan(compiled(HARMLESS, flags))
    assert answer.verdict is Verdict.WEAKNESS
    assert [finding.rule for finding in answer.findings] == ["python-bytecode"]


def test_code_with_an_effect_is_suspicious():
    (finding,) = scan(compiled(HOSTILE)).findings
    assert finding.kind is Kind.SUSPICIOUS and "os.system" in finding.title
    assert finding.evidence["effects"] == ["process_exec"]


def test_a_file_that_breaks_off_is_not_clean():
    whole = compiled(HOSTILE)
    for size in range(20, len(whole), 7):
        assert scan(whole[:size]).verdict is not Verdict.CLEAN, size
