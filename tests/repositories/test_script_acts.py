"""What a Python file does to the world outside: act, line, time and what flows into it."""

from __future__ import annotations

import pytest
from repository_scanning import of

from weighbridge.facts.repository import Act, Script


def acts(text: str) -> list[Act]:
    return of(Act, text, "module.py")


def only(text: str) -> Act:
    (act,) = acts(text)
    return act


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("import os\nos.system('id')\n", "os.system"),
        ("from os import system as s\ns('id')\n", "os.system"),
        ("import subprocess as p\np.Popen(['id'])\n", "subprocess.Popen"),
        ("__import__('os').system('id')\n", "os.system"),
        ("import importlib\nimportlib.import_module('subprocess').run('id')\n", "subprocess.run"),
        ("import sys\nsys.modules['os'].system('id')\n", "os.system"),
        (
            "import ctypes\nlibc = ctypes.CDLL('libc.so.6')\nlibc.system(b'id')\n",
            "ctypes.CDLL.system",
        ),
        (
            "from cffi import FFI\nffi = FFI()\nffi.dlopen(None).system(b'id')\n",
            "cffi.FFI.dlopen.system",
        ),
    ],
)
def test_names_are_resolved(text: str, name: str) -> None:
    assert name in [act.name for act in acts(text)]


def test_what_is_decorated_is_not_what_its_name_stood_for() -> None:
    text = "from pandas.util import set_module\n@set_module('pandas')\ndef eval(text):\n    pass\n"
    assert acts(text) == []


def test_two_calls_on_a_line_are_two_acts() -> None:
    text = "import subprocess as p\np.run(['git', 'pull']); p.run(['/tmp/x'])\n"
    assert [act.operands for act in acts(text)] == [("git", "pull"), ("/tmp/x",)]


def test_lines_and_scopes() -> None:
    text = "import os\n\n\ndef f():\n    return os.popen(\n        'id'\n    )\n"
    act = only(text)
    assert (act.line, act.scope, act.when, act.operands) == (5, "f", "call", ("id",))
    assert act.code.startswith("return os.popen(")


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("import os\nos.system('id')\n", "import"),
        ("import os\nclass A:\n    x = os.system('id')\n", "import"),
        ("import os\ndef f(a=os.system('id')):\n    pass\n", "import"),
        ("import os\ndef f():\n    g()\ndef g():\n    os.system('id')\nf()\n", "import"),
        ("import os\nclass A:\n    def run(self):\n        os.system('id')\nA().run()\n", "import"),
        ("import os\n(lambda: os.system('id'))()\n", "import"),
        ("import os\n@os.system\n@(lambda cls: 'id')\nclass A:\n    pass\n", "import"),
        ("import os\ndef f(a: os.system('id')):\n    pass\n", "import"),
        ("import os\ndef f() -> os.system('id'):\n    pass\n", "import"),
        ("import os\nx: os.system('id')\n", "import"),
        ("import os\nclass A:\n    def __init__(self):\n        os.system('id')\n", "load"),
        ("import os\nclass A:\n    def __init__(self):\n        self.f()\n"
         "    def f(self):\n        os.system('id')\n", "load"),
        ("import os\nclass A:\n    def forward(self):\n        os.system('id')\n", "call"),
        ("import os\nif __name__ == '__main__':\n    os.system('id')\n", "main"),
        ("import os\ndef main():\n    os.system('id')\nif __name__ == '__main__':\n    main()\n",
         "main"),
    ],
)  # fmt: skip
def test_when_it_runs(text: str, when: str) -> None:
    assert only(text).when == when


@pytest.mark.parametrize(
    ("expression", "trait"),
    [
        ("base64.b64decode(x)", "decoded"),
        ("bytes.fromhex('70617373').decode()", "decoded"),
        ("''.join(chr(c) for c in [112, 97])", "spelled"),
        ("requests.get(u).text", "fetched"),
        ("f'{requests.get(u).json()}'", "fetched"),
        ("socket.socket().recv(100)", "received"),
        ("open('vocab.txt').read()", "data-name"),
    ],
)
def test_traits_follow_values(expression: str, trait: str) -> None:
    text = (
        f"import base64, requests, socket\ndef f(u, x):\n    code = {expression}\n    exec(code)\n"
    )
    (act,) = [act for act in acts(text) if act.act == "exec"]
    assert trait in act.traits


def test_a_whole_environment_is_not_one_variable() -> None:
    text = "import os, requests\nrequests.post(u, json={})\n".replace("{}", "{value}")
    whole = only(text.replace("{value}", "dict(os.environ)"))
    one = only(text.replace("{value}", "{'k': os.environ['HF_TOKEN']}"))
    header = only("import os, requests\nrequests.post(u, headers={'a': os.environ['HF_TOKEN']})\n")
    assert "environment" in whole.traits
    assert "secret-variable" in one.traits and "environment" not in one.traits
    assert not {"secret-variable", "environment"} & set(header.traits)


def test_hidden_names() -> None:
    hidden = "import os\ngetattr(os, 'sys' + 'tem')('id')\n"
    plain = "import os\ngetattr(os, 'system')('id')\n"
    assert "hidden-name" in only(hidden).traits
    assert "hidden-name" not in only(plain).traits


def test_credentials_in_operands_are_masked() -> None:
    token = "ghp_" + "wW3kZr8Qe5Tt1Yy7Uu2Ii9Oo4Pp6Aa0Ss3Dd"[:36]
    act = only(f"import os\nos.system('curl -H {token}')\n")
    assert token not in repr(act)


def test_python_by_its_content() -> None:
    assert of(Script, "import os\nos.system('id')\n", "notes.txt")
    assert not of(Script, "# Title\n\nimport this into your project.\n", "README.md")


def test_an_encoding_that_hides_code() -> None:
    acts_ = of(Act, "# coding: utf-7\nprint('x')\n", "module.py")
    assert acts_[0].name == "coding" and "decoded" in acts_[0].traits


def test_text_that_is_no_python_of_today() -> None:
    (script,) = of(Script, "import os\nprint 'x'\nos.system('id')\n", "old.py")
    (act,) = of(Act, "import os\nprint 'x'\nos.system('id')\n", "old.py")
    assert not script.complete and act.line == 3 and "unparsed" in act.traits


def test_what_is_too_much_is_said() -> None:
    (script,) = of(Script, "import os\n" + "os.system('id')\n" * 400, "module.py")
    assert not script.complete


@pytest.mark.parametrize(
    "text",
    [
        "import os\nx = []\nx.append(x)\nos.system(x)\nos.system([x, x])\n",
        "a = [1] * 64\n"
        + "".join(f"{new} = [{', '.join([old] * 64)}]\n" for old, new in ("ab", "bc", "cd"))
        + "f(d)\n" * 3000,
        "import os\n" + "(" * 90 + "os.system" + ")" * 90 + "('id')\n",
        "import os\nos.system(" + "+".join(["'a'"] * 5000) + ")\n",
    ],
    ids=["itself", "wide", "deep", "sum"],
)  # fmt: skip
def test_hostile_text_ends(text: str) -> None:
    assert of(Script, text, "module.py")
