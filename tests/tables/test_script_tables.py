"""The tables about scripts, shells and packages: sorted, complete, and patterns that compile."""

import re

import pytest

from weighbridge.tables import reader, scripts, shell
from weighbridge.tables.packages import package_hosts

TABLES = {
    "installers.tsv": ("host", "source", "reason"),
    "java_classes.tsv": ("class", "source", "reason"),
    "ordinary_commands.tsv": ("command", "source", "reason"),
    "package_hosts.tsv": ("host", "source", "reason"),
    "script_acts.tsv": scripts.ScriptAct.__slots__,
    "script_traits.tsv": scripts.ScriptTrait.__slots__,
    "sensitive_paths.tsv": scripts.SensitivePath.__slots__,
    "shell_patterns.tsv": shell.ShellPattern.__slots__,
}


@pytest.mark.parametrize("filename", TABLES)
def test_rows_are_sorted_and_appear_once(filename):
    keys = [row[0] for row in reader.rows(filename, *TABLES[filename])]
    assert keys == sorted(set(keys))


@pytest.mark.parametrize("filename", ["sensitive_paths.tsv", "shell_patterns.tsv"])
def test_patterns_compile_and_are_bounded(filename):
    for row in reader.rows(filename, *TABLES[filename]):
        re.compile(row[0])
        assert not re.search(r"[\])]\+\S*[\])]\+", row[0]) or "{" in row[0]


def test_lookups():
    assert scripts.script_act("os.system") == "process" and scripts.script_act("os.getcwd") is None
    assert scripts.script_trait("os.environ.get") == "variable"
    assert scripts.script_trait("os.environ") == "environment"
    assert "persistence" in scripts.path_traits("/home/x/.bashrc")
    assert "pypi.org" in package_hosts() and "nvidia-smi" in shell.ordinary_commands()


@pytest.mark.parametrize(
    "text", ["curl " * 4000, "a|" * 9000, "base64 -d " * 1900, "sh -c $(" * 2000]
)
def test_patterns_are_quick(text):
    assert isinstance(shell.shell_traits(text), frozenset)
