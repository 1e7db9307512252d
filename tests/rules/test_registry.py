"""Every rule is documented, and rules and anomaly codes cover each other."""

import ast
import re
from pathlib import Path

import pytest

import weighbridge
from weighbridge.rules.registry import RULES, rule
from weighbridge.tables.anomalies import meanings

PACKAGE = Path(weighbridge.__file__).parent
EMITTED = re.compile(r"anomaly\(([^()]*(?:\([^()]*\)[^()]*)*)\)|Fault\(([^()]*)\)")
CODE = re.compile(r'"((?:[a-z0-9]+-)+[a-z0-9]+)"')
ALLOWED = {"weighbridge", "collections", "dataclasses", "enum", "functools", "hashlib", "importlib"}
ALLOWED |= {"fnmatch", "posixpath", "re", "typing", "__future__"}


def emitted():
    """The anomaly codes that the sources of formats and containers contain."""
    known = set(meanings())
    found = set()
    for folder in ("containers", "formats"):
        for path in (PACKAGE / folder).rglob("*.py"):
            text = path.read_text("utf-8")
            for match in EMITTED.finditer(text):
                found |= set(CODE.findall(match.group(0)))
            found |= known & set(CODE.findall(text))
    return found


# Names of formats that stand beside the codes in the calls.
FORMATS = {"pytorch-zip", "torch-package", "joblib-zf"}


def test_every_code_that_a_parser_emits_has_a_meaning():
    unknown = emitted() - set(meanings()) - FORMATS
    assert not unknown


def test_every_meaning_belongs_to_a_code_that_is_emitted():
    assert not set(meanings()) - emitted()


def test_every_meaning_names_a_rule_that_reports_it():
    ids = {item.id for item in RULES}
    assert {meaning.rule for meaning in meanings().values()} <= ids


def test_ids_are_unique_and_readable():
    ids = [item.id for item in RULES]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name) for name in ids)
    assert all(rule(name) is not None for name in ids) and rule("no-such-rule") is None


@pytest.mark.parametrize("item", RULES, ids=lambda item: item.id)
def test_a_rule_explains_itself(item):
    for text in (item.title, item.description, item.example, item.remediation):
        assert len(text) > 8
    assert item.title[0].isupper() and item.description.endswith(".")
    assert re.fullmatch(r"\d+\.\d+\.\d+", item.since) and item.state in ("stable", "preview")
    assert item.facts and all(name[0].isupper() for name in item.facts)
    assert all(re.fullmatch(r"CWE-\d+", name) for name in item.cwe) and item.cwe
    assert all(re.fullmatch(r"AML\.T\d{4}(\.\d{3})?", name) for name in item.atlas)


@pytest.mark.parametrize("path", sorted((PACKAGE / "rules").rglob("*.py")), ids=lambda p: p.stem)
def test_rules_touch_no_file(path):
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            assert {alias.name.split(".")[0] for alias in node.names} <= ALLOWED
        elif isinstance(node, ast.ImportFrom):
            assert (node.module or "").split(".")[0] in ALLOWED
            beyond = ("weighbridge.formats", "weighbridge.containers", "weighbridge.sources")
            assert not (node.module or "").startswith(beyond)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in {"open", "exec", "eval", "compile", "__import__"}
