"""Facts about source text: names are resolved through what hides them."""

import base64
import marshal
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python_samples import fact_of_source, quickly

from weighbridge.facts.codec import decode, encode

HIDDEN = base64.b64encode(b"import os; os.system('id')").decode()
CODE = marshal.dumps(compile("import os; os.system('id')", "a", "exec"))
PACKED = base64.b64encode(zlib.compress(CODE)).decode()

SYSTEM = {
    "plain": "import os\nos.system('id')",
    "alias": "import os as o\no.system('id')",
    "from": "from os import system\nsystem('id')",
    "from with alias": "from os import system as s\ns('id')",
    "star": "from os import *\nsystem('id')",
    "submodule": "import os.path\nos.system('id')",
    "import in a function": "def f():\n  import os\n  return os.system('id')",
    "import after use": "def f():\n  return o.system('id')\nimport os as o",
    "class body": "class A:\n  import os\n  os.system('id')",
    "attribute of self": "import os\nclass A:\n  o = os\n  def f(self): self.o.system('id')",
    "set in __init__": "import os\nclass A:\n  def g(self): self.o = os\n"
    "  def f(self): self.o.system('id')",
    "default argument": "import os\ndef f(x, o=os): o.system('id')",
    "lambda": "f = lambda: __import__('os').system('id')",
    "decorator": "import os\n@os.system\nclass A: pass",
    "comprehension": "import os\n[os.system(x) for x in y]",
    "conditional import": "try:\n  import os\nexcept ImportError:\n  os = None\nos.system('id')",
    "overwritten in a branch": "import os\nif 0:\n  os = None\nos.system('id')",
    "either": "import os, sys\n(os if x else sys).system('id')",
    "walrus": "(o := __import__('os')).system('id')",
    "unpacked": "import os, sys\na, b = sys, os\nb.system('id')",
    "in a dict": "d = {'m': __import__('os')}\nd['m'].system('id')",
    "in a list": "import os\n[1, os][-1].system('id')",
    "function as a value": "import os\nd = {'f': os.system}\nd['f']('id')",
    "handed on": "import os\nlist(map(os.system, ['id']))",
    "returned by __reduce__": "class A:\n  def __reduce__(self):\n    import os\n"
    "    return os.system, ('id',)",
    "partial": "import os, functools\nfunctools.partial(os.system, 'id')()",
    "__import__": "__import__('os').system('id')",
    "import_module": "import importlib\nimportlib.import_module('os').system('id')",
    "import_module by name": "from importlib import import_module as i\ni('os').system('id')",
    "load_module": "().__class__.__base__.__subclasses__()[9].load_module('os').system('id')",
    "resolve_name": "import pkgutil\npkgutil.resolve_name('os:system')('id')",
    "sys.modules": "import sys\nsys.modules['os'].system('id')",
    "sys.modules.get": "import sys\nsys.modules.get('os').system('id')",
    "globals": "import os\nglobals()['os'].system('id')",
    "__globals__": "f.__init__.__globals__['os'].system('id')",
    "__dict__": "import os\nos.__dict__['system']('id')",
    "vars": "import os\nvars(os)['system']('id')",
    "getattr": "import os\ngetattr(os, 'system')('id')",
    "__getattribute__": "import os\nos.__getattribute__('system')('id')",
    "attrgetter": "import os\nfrom operator import attrgetter as a\na('system')(os)('id')",
    "methodcaller": "import os, operator\noperator.methodcaller('system', 'id')(os)",
    "sum": "import os\ngetattr(os, 'sys' + 'tem')('id')",
    "percent": "import os\ngetattr(os, '%s%s' % ('sys', 'tem'))('id')",
    "format": "import os\ngetattr(os, '{}{x}'.format('sys', x='tem'))('id')",
    "f-string": "import os\na = 'sys'\ngetattr(os, f'{a}tem')('id')",
    "join": "import os\ngetattr(os, ''.join(['sys', 'tem']))('id')",
    "replace": "import os\ngetattr(os, 'sXstem'.replace('X', 'y'))('id')",
    "case": "import os\ngetattr(os, 'SYSTEM'.lower())('id')",
    "slice": "import os\ngetattr(os, 'metsys'[::-1])('id')",
    "reversed": "import os\ngetattr(os, ''.join(reversed('metsys')))('id')",
    "chr": "import os\ngetattr(os, chr(115) + 'ystem')('id')",
    "chr of each": "import os\ngetattr(os, ''.join(chr(c) for c in [115,121,115,116,101,109]))(1)",
    "map chr": "import os\ngetattr(os, ''.join(map(chr, [115,121,115,116,101,109])))('id')",
    "xor": "import os\ngetattr(os, ''.join(chr(ord(c) ^ 1) for c in 'rxrudl'))('id')",
    "bytes": "import os\ngetattr(os, bytes([115,121,115,116,101,109]).decode())('id')",
    "fromhex": "import os\ngetattr(os, bytes.fromhex('73797374656d').decode())('id')",
    "base64": "import os, base64\ngetattr(os, base64.b64decode('c3lzdGVt').decode())('id')",
    "rot13": "import os, codecs\ngetattr(os, codecs.decode('flfgrz', 'rot13'))('id')",
    "loop": "import os\nx = ''\nfor c in 'rxrudl':\n  x += chr(ord(c) ^ 1)\ngetattr(os, x)('id')",
    "own decoder": "import base64\ndef d(s):\n  return base64.b64decode(s).decode()\n"
    f"exec(d('{HIDDEN}'))",
    "lambda decoder": f"d = lambda s: __import__('base64').b64decode(s)\nexec(d('{HIDDEN}'))",
    "exec": "exec('import os; os.system(1)')",
    "exec of exec": "exec(\"exec('import os; os.system(1)')\")",
    "eval": "eval('__import__(\"os\").system(1)')",
    "compile": "exec(compile('import os; os.system(1)', 'a', 'exec'))",
    "builtins dict": "import builtins\nbuiltins.__dict__['exec']('import os; os.system(1)')",
    "__builtins__": "__builtins__['exec']('import os; os.system(1)')",
    "__builtins__ in globals": "globals()['__builtins__'].exec('import os; os.system(1)')",
    "marshal": "import marshal, zlib, base64\n"
    f"exec(marshal.loads(zlib.decompress(base64.b64decode('{PACKED}'))))",
    "compatibility letters": "import os\n\U0001d630\U0001d634.system('id')",
    "indented": "    import os\n    os.system('id')",
    "unevenly indented": "    import os\n  # comment\n    os.system('id')",
    "lone expression": " os.system('id')",
    "byte order mark": "\ufeffimport os\nos.system('id')",
    "method named like it": "class A:\n  def eval(self): pass\n  def f(self):\n"
    "    eval('__import__(\"os\").system(1)')",
    "shadowed elsewhere": "def f():\n  eval = 1\neval('__import__(\"os\").system(1)')",
    "shadowed in a branch": "if 0:\n  def eval(x): pass\neval('__import__(\"os\").system(1)')",
    "shadow removed": "def eval(x): pass\ndel eval\neval('__import__(\"os\").system(1)')",
    "star and a namesake": "from os import *\nclass A:\n  def system(self): pass\nsystem('id')",
    "match": "import os\nmatch x:\n  case 1:\n    os.system('id')",
    "async": "import os\nasync def f():\n  async with x as y:\n    await os.system('id')",
    "long elif": "import os\nif x == 0: pass\n" + "elif x: pass\n" * 60 + "else: os.system('id')",
    "long sum": "import os\ngetattr(os, " + "+".join(["''"] * 500) + "+'system')('id')",
}


@pytest.mark.parametrize("source", SYSTEM.values(), ids=SYSTEM.keys())
def test_os_system_is_found_behind(source):
    with quickly():
        fact = fact_of_source(source)
    assert "os.system" in fact.calls
    assert fact.complete


@pytest.mark.parametrize(
    ("source", "call"),
    [
        ("import socket\ns = socket.socket()\ns.connect(('h', 1))", "socket.socket.connect"),
        ("import socket\nwith socket.socket() as s:\n  s.connect(1)", "socket.socket.connect"),
        ("import subprocess as sp\nsp.Popen(['id']).communicate()", "subprocess.Popen"),
        ("().__class__.__base__.__subclasses__()", "object.__subclasses__"),
        ("().__class__.__mro__[1].__subclasses__()", "object.__subclasses__"),
        ("''.__class__.__bases__[0].__subclasses__()", "object.__subclasses__"),
        ("getattr(x, y)", "builtins.getattr"),
        ("f = eval\nf(x)", "builtins.eval"),
        ("map(eval, x)", "builtins.eval"),
        ("from torch import hub\nhub.load('a', 'b')", "torch.hub.load"),
    ],
)
def test_other_calls_are_named(source, call):
    assert call in fact_of_source(source).calls


@pytest.mark.parametrize(
    "source",
    [
        "def f(self, input): return input(1)",
        "def open(x): return x\nopen('a')",
        "x = {'os': 1}\nx['os'].system('id')",
        "class A:\n  def compile(self): pass\nself.compile()",
        "a = [print(len(str(x))) for x in range(3)]",
        "import os",
        "'os.system(1)'",
        "# os.system(1)",
        "getattr(config, 'hidden_size')",
    ],
)
def test_nothing_is_called_that_is_not(source):
    fact = fact_of_source(source)
    assert fact.calls == () and fact.complete


def test_imports_are_listed_with_their_symbols():
    source = "import a.b as c, d\nfrom e import f as g\nfrom .h import i\nfrom . import j"
    fact = fact_of_source(source)
    assert fact.imports == ("a.b", "d", "e", "e.f", ".h", ".h.i", ".", ".j")


def test_the_fact_says_where_it_is_and_can_be_stored():
    fact = fact_of_source("import os\nos.system('id')")
    assert (fact.stream, fact.member, fact.offset, fact.call) == (3, "a!b", 7, 1)
    assert (fact.origin, fact.name, fact.constants) == ("python-source", "sample", ("id",))
    assert fact.text == "import os\nos.system('id')"
    assert decode(encode(fact)) == fact


def test_only_arguments_of_known_callables_are_constants_bounded_and_masked():
    token = "hf_" + "aB3" * 11 + "x"
    lines = [f"os.system('{number} {'x' * 900}')" for number in range(100)]
    fact = fact_of_source(f"import os\nfoo('no')\nos.system('{token}')\n" + "\n".join(lines))
    assert len(fact.constants) == 64 and max(map(len, fact.constants)) == 500
    assert "no" not in fact.constants
    assert token not in fact.constants[0] and token not in fact.text and len(fact.text) == 2000


@pytest.mark.parametrize(
    "source",
    [
        "print 'a'\nimport os\nos.system('id')",
        "import os as o\no.system('id')\n)",
        "from os import system as s\ns('id')\n'unclosed",
        "x = 1\0\nimport os\nos.system('id')",
        "__import__('os').system('id') )",
        "import os\n\U0001d630\U0001d634.system('id') )",
        "import os; " + "(" * 300 + "os.system('id')" + ")" * 300,
        "import os\nos.system('id')\n" + "a." * 5000 + "b",
        "import os\nos.system('id')\n" + "x = 1\n" * 100_000,
        "import os\nos.system('id')\n" + "1+" * 20_000 + "1",
        "import os\nos.system('id')\nx = " + "9" * 10_000,
    ],
    ids=["python 2", "stray bracket", "unclosed", "NUL", "expression", "letters", "brackets",
         "dots", "too long", "sum", "huge number"],
)  # fmt: skip
def test_what_does_not_parse_is_searched_and_incomplete(source):
    with quickly():
        fact = fact_of_source(source)
    assert "os.system" in fact.calls and not fact.complete


def test_exec_statement_of_python_2_is_found():
    assert "builtins.exec" in fact_of_source("exec 'import os'").calls


def test_encodings_under_which_something_else_runs_are_incomplete():
    assert not fact_of_source("# coding: utf-7\nx = 1").complete
    assert not fact_of_source("#!/bin/x\n# -*- coding: unicode_escape -*-\nx = 1").complete
    assert fact_of_source("# -*- coding: utf-8 -*-\nx = 1").complete


def test_code_within_code_is_followed_three_times_only():
    source = "import os; os.system(1)"
    for _ in range(3):
        source = f"exec({source!r})"
    assert "os.system" in fact_of_source(source).calls
    fact = fact_of_source(f"exec({source!r})")
    assert not fact.complete


HOSTILE = {
    "empty": "",
    "blank": " \n\t\f",
    "one long line": "x = '" + "a" * 10_000_000 + "'",
    "long line of dots": "a." * 1_000_000,
    "long line of imports": "import a," * 200_000,
    "many imports": "import a\n" * 200_000,
    "open brackets": "(" * 1_000_000,
    "minus signs": "-" * 1_000_000,
    "not": "not " * 200_000,
    "lambdas": "lambda:" * 100_000,
    "strings": "'a' " * 300_000,
    "calls": "f()" * 3_000,
    "nested calls": "f(" * 150 + ")" * 150,
    "nested lists": "[" * 190 + "]" * 190,
    "nested functions": "\n".join(" " * level + "def f():" for level in range(95)) + " pass",
    "nested lambdas": "lambda: " * 150 + "1",
    "many small calls": "f(1)\n" * 18_000,
    "surrogates": "x = '\ud800'\nf(x)",
    "power": "x = 9 ** 9 ** 9 ** 9",
    "shift": "x = 1 << 99999999999",
    "repetition": "x = 'a' * 99999999999",
    "doubling": "x = 'a'\n" + "x = x + x\n" * 60,
    "doubling a list": "x = [1]\n" + "x = x + x\n" * 60,
    "replacing": "x = 'a' * 60000\nx = x.replace('', x)\n",
    "joining": "x = 'a' * 60000\ny = x.join(x)",
    "percent width": "x = '%999999999d' % 1",
    "percent star": "x = '%*d' % (999999999, 1)",
    "format width": "x = '{:999999999}'.format(1)\ny = f'{1:999999999}'",
    "format nested": "x = '{:{}}'.format(1, 999999999)",
    "format reuse": "x = 'a' * 60000\ny = ('{0}' * 10000).format(x)",
    "bytes": "x = bytes(99999999999)",
    "range": "x = list(range(99999999999))",
    "bomb": "import zlib\nx = zlib.decompress("
    + repr(zlib.compress(bytes(20_000_000))) + ")",
    "repeated work": "x = 'a' * 60000\n" + "y = x.upper()\n" * 5_000,
    "recursive function": "def f(x): return f(x) + f(x)\nf(1)",
    "mutual recursion": "def f(x): g(x); g(x)\ndef g(x): f(x); f(x)\nf('a')",
    "nested loops": "for a in 'x' * 999:\n for b in 'x' * 999:\n  for c in 'x' * 999:\n   f(a)",
    "nested comprehensions": "[[[f(a) for a in 'x' * 999] for b in 'x' * 999] for c in 'x' * 999]",
    "exec bomb": "x = 'exec(x);' * 1000\nexec(x)",
    "many execs": "exec('f()' * 1)\n" * 1_000,
    "long int": "int('9' * 60000)\nstr(1 << 4000)",
    "bad codec": "'x'.encode('no-such-codec')\n'x'.encode('.' * 9999)\nb'x'.decode('\\0')",
    "self-containing list": "x = []\nx.append(x)\nx.append(x)\n''.join(x)\nf(*x)",
    "star names": "from os import *\n" + "\n".join(f"f{n}()" for n in range(3_000)),
    "deep attribute growth": "import os\nx = os\n" + "x = x.aaaaaaaaaa\n" * 5_000,
}  # fmt: skip


@pytest.mark.parametrize("source", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_ends_quickly_and_without_error(source):
    with quickly():
        fact = fact_of_source(source)
    assert len(fact.calls) <= 500 and len(fact.imports) <= 500
    assert decode(encode(fact)) == fact


PIECES = st.sampled_from(
    ["import os", "x", "=", "(", ")", "'sys'", "+", "getattr", ",", "os", ".", "[", "]", ":", "\n",
     " ", "lambda", "def f", "for", "in", "exec", "1", "**", "%", "f'{x}'", "\0", "\\", "#", "if"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=200), st.lists(PIECES, max_size=40).map(" ".join)))
def test_any_text_gives_a_fact(source):
    fact = fact_of_source(source)
    assert decode(encode(fact)) == fact
