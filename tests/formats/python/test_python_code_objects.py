"""Facts about code objects: what they import and call, by name."""

import marshal

import pytest
from python_samples import VERSIONS, compiled, fact_of_code, quickly

from weighbridge.budget import Budget
from weighbridge.facts.codec import decode, encode
from weighbridge.facts.expressions import Bytes, Number, Result, Sequence, Symbol, Text
from weighbridge.formats.python.code_objects import code_fact, code_from_arguments
from weighbridge.formats.python.marshal_reader import CodeObject, read


def here(source):
    """Describe code compiled by this interpreter."""
    return fact_of_code(marshal.dumps(compile(source, "sample.py", "exec")))


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("source", "call"),
    [
        ("import os\nos.system('id')", "os.system"),
        ("def f():\n  import os\n  os.system('id')", "os.system"),
        ("import os\ndef f():\n  return os.system('id')", "os.system"),
        ("from os import system as s\ns('id')", "os.system"),
        ("import subprocess as sp\nsp.Popen(['id'])", "subprocess.Popen"),
        ("import urllib.request\nurllib.request.urlopen('u')", "urllib.request.urlopen"),
        ("from urllib.request import urlopen\nurlopen('u')", "urllib.request.urlopen"),
        ("import socket\ns = socket.socket()\ns.connect(('h', 1))", "socket.socket"),
        ("__import__('os').system('id')", "os.system"),
        ("import importlib\nimportlib.import_module('os').system('id')", "os.system"),
        ("import os\ngetattr(os, 'system')('id')", "os.system"),
        ("import sys\nsys.modules['os'].system('id')", "os.system"),
        ("import builtins\nbuiltins.eval('1')", "builtins.eval"),
        ("__builtins__.eval('1')", "builtins.eval"),
        ("import sys\ndef f():\n  return sys.settrace(f)", "sys.settrace"),
        ("def f():\n  import ctypes\n  return ctypes.whatever(f)", "ctypes.whatever"),
        ("eval('1')", "builtins.eval"),
        ("__import__('os')", "builtins.__import__"),
        ("f = lambda x: [os.system(y) for y in x]", "os.system"),
        ("class A:\n  def m(self):\n    return lambda: os.popen('x')", "os.popen"),
        ("def f(x): return tf.io.read_file(x)", "tensorflow.io.read_file"),
    ],
)
def test_calls_are_named_in_every_version(version, source, call):
    data = compiled(version, source)
    if data is None:
        pytest.skip("no such interpreter")
    assert call in fact_of_code(data).calls


@pytest.mark.parametrize("version", VERSIONS)
def test_honest_code_has_neither_imports_nor_calls(version):
    data = compiled(
        version,
        "def f(x, y):\n  x.eval().compile()\n  return x.code.shape + y.copy() * x.test.select(2)",
    )
    if data is None:
        pytest.skip("no such interpreter")
    fact = fact_of_code(data)
    assert fact.imports == () and fact.calls == () and fact.complete


def test_a_method_of_a_class_is_paired_with_its_module():
    fact = here("from pathlib import Path\nPath('x').write_text('y')")
    assert "pathlib.Path.write_text" in fact.calls


def test_modules_are_imports_and_attributes_of_the_same_name_are_not():
    imports = here("import code, os.path\nx.copy()").imports
    # Of `os`, which is only stored, some versions' bytecode looks as if it were loaded.
    assert [one for one in imports if one != "os"] == ["code", "os.path"]


def test_the_fact_says_where_it_is_and_can_be_stored():
    data = marshal.dumps(compile("import os\nos.system('id; true')", "sample.py", "exec"))
    fact = fact_of_code(data)
    assert (fact.stream, fact.member, fact.offset, fact.call) == (3, "a!b", 7, 1)
    assert fact.origin == "code-object" and fact.name == "<module>"
    assert "id; true" in fact.constants
    assert fact.text.startswith("code object <module>; names: os, system; constants: ")
    assert decode(encode(fact)) == fact


def test_constants_are_bounded_and_secrets_masked():
    token = "hf_" + "aB3" * 11 + "x"
    many = "\n".join(f"f('constant number {number}' + x)" for number in range(200))
    fact = here(f"x = '{token}'\ny = '{'z' * 9000}'\nb = b'eJzbytes'\n{many}")
    assert len(fact.constants) == 64 and max(map(len, fact.constants)) == 500
    assert "eJzbytes" in fact.constants
    assert token not in "".join(fact.constants) and token not in fact.text
    assert len(fact.text) <= 2000


def sample(**changes):
    """Return a code object made by hand."""
    fields = {
        "name": "f", "qualname": "f", "filename": "x", "names": (), "varnames": (),
        "constants": (), "code": b"", "first_line": 1,
    } | changes  # fmt: skip
    return CodeObject(**fields)


def described(code):
    """Describe a code object without bytes."""
    return code_fact(code, stream=None, member=None, offset=0, call=None, raw=b"")


def test_without_bytecode_every_name_counts():
    assert described(sample(names=("os", "system", "x"))).calls == ("os.system",)
    assert "posix.anything" in described(sample(names=("posix", "anything"))).calls


def test_far_too_many_names_are_quickly_incomplete():
    names = tuple(f"Name{number}" for number in range(100_000))
    with quickly():
        fact = described(sample(names=("os", "sys", "subprocess", "socket", *names)))
    assert not fact.complete


def test_code_objects_without_end_are_cut_off():
    code = sample(names=("os", "system"))
    for _ in range(5_000):
        code = sample(nested=(code, code), constants=(code,))
    with quickly():
        assert not described(code).complete


def test_shared_bytecode_and_constants_are_not_looked_at_for_ever():
    bytecode, constants = bytes(range(256)) * 4000, tuple(range(20_000))
    inner = tuple(sample(code=bytecode, constants=(constants,), layout="3.8") for _ in range(900))
    with quickly():
        described(sample(nested=inner))


def test_names_that_no_report_can_hold_are_escaped():
    fact = described(sample(names=("os.\ud800",), constants=("\udcff" * 3,)))
    assert fact.imports == ("os.\\ud800",)
    fact.text.encode()


def texts(*values):
    """Return a tuple of texts as a pickle's call has it."""
    return Sequence("tuple", tuple(Text(value, len(value)) for value in values), len(values))


def numbers(count):
    """Return leading integers."""
    return tuple(Number("0") for _ in range(count))


CODE = Bytes("64005300", 4, 50)
TABLE = Bytes("0001", 2, 60)
NONE = texts()
CONSTANTS = Sequence("tuple", (Number("None"), Text("id", 2)), 2)
LABELS = (Text("x.py", 4), Text("f", 1))
COLLECTIONS = (CODE, CONSTANTS, texts("os", "system"), texts("a"))


@pytest.mark.parametrize(
    "arguments",
    [
        (*numbers(4), *COLLECTIONS, *LABELS, Number("7"), TABLE, NONE, NONE),
        (*numbers(5), *COLLECTIONS, *LABELS, Number("7"), TABLE, NONE, NONE),
        (*numbers(6), *COLLECTIONS, *LABELS, Number("7"), TABLE, NONE, NONE),
        (*numbers(6), *COLLECTIONS, *LABELS, Text("f", 1), Number("7"), TABLE, TABLE, NONE, NONE),
        (TABLE, *numbers(6), *COLLECTIONS, *LABELS, Text("f", 1), Number("7"), TABLE, TABLE),
    ],
    ids=["2.7", "3.7", "3.8", "3.11", "dill"],
)
def test_constructor_calls_of_every_version_make_a_code_object(arguments):
    code = code_from_arguments(arguments)
    assert code is not None and code.complete
    assert (code.name, code.filename, code.first_line) == ("f", "x.py", 7)
    assert code.names == ("os", "system") and code.varnames == ("a",)
    assert "id" in code.constants and code.code == bytes.fromhex("64005300")


def test_bytecode_that_another_call_decodes_is_left_out():
    arguments = (*numbers(5), Result(1), CONSTANTS, texts("os", "system"), NONE, *LABELS)
    code = code_from_arguments(arguments)
    assert code is not None and code.code == b""
    assert described(code).calls == ("os.system",) and described(code).complete


def test_shortened_values_make_it_incomplete():
    long = Sequence("tuple", (Text("os", 2), Text("system", 6)), 900)
    code = code_from_arguments((*numbers(5), Bytes("64", 5000, 9), CONSTANTS, long, NONE))
    assert code is not None and not code.complete and code.code == b""


@pytest.mark.parametrize(
    "arguments",
    [(), (Number("1"),), numbers(20), (Text("os", 2), Text("x", 1)), (*numbers(5), CODE),
     (*numbers(5), Symbol("a", "b"), CONSTANTS, NONE, NONE), (*numbers(9), *COLLECTIONS)],
)  # fmt: skip
def test_other_arguments_make_none(arguments):
    assert code_from_arguments(arguments) is None


def test_read_and_described_twice_is_the_same():
    data = marshal.dumps(compile("import os\nos.system(1)", "a", "exec"))
    assert described(read(data, Budget())) == described(read(data, Budget()))
