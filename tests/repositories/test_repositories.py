"""Repositories as a user scans them: what is followed, what is said, and which role a file has."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

from evals.repositories.samples import MODEL_HEADER
from repository_scanning import said, scanned

import weighbridge

CONFIG = json.dumps({"auto_map": {"AutoModel": "modeling_a.A"}})
PAYLOAD = "import os\nos.system('echo x')\n"


def test_code_is_followed_through_relative_imports(tmp_path: Path) -> None:
    report = scanned(
        tmp_path,
        config_dot_json=CONFIG,
        modeling_a_dot_py="from .helper import go\n",
        helper_dot_py="from .deep.inner import go\n",
        deep__inner_dot_py=PAYLOAD,
        train_dot_py="import subprocess\nsubprocess.run(['nvidia-smi'])\n",
    )
    assert ("loaded-code", "deep/inner.py", 2) in said(report)
    (needs,) = [one for one in report.findings if one.rule == "remote-code"]
    assert needs.path == "config.json"
    assert set(needs.evidence["symbols"]) == {"modeling_a.py", "helper.py", "deep/inner.py"}
    roles = {file.path: file.role for file in report.files}
    assert roles["deep/inner.py"] == "code" and roles["train.py"] == "script"
    assert report.verdict == "malicious"


def test_the_same_code_that_no_loader_runs_is_clean(tmp_path: Path) -> None:
    report = scanned(tmp_path, config_dot_json="{}", tool_dot_py=PAYLOAD)
    assert report.verdict == "clean"


def test_code_of_another_repository_is_named_with_its_revision(tmp_path: Path) -> None:
    config = {"auto_map": {"AutoModel": "acme/base--m.A"}, "code_revision": "0123abc"}
    report = scanned(tmp_path, config_dot_json=json.dumps(config))
    (finding,) = report.findings
    assert finding.rule == "other-repository" and finding.kind == "weakness"
    assert "acme/base" in finding.title and "0123abc" in finding.title


def test_honest_code_is_a_weakness(tmp_path: Path) -> None:
    report = scanned(tmp_path, config_dot_json=CONFIG, modeling_a_dot_py=MODEL_HEADER)
    assert report.verdict == "weakness" and {one.rule for one in report.findings} == {"remote-code"}


def test_a_lone_file(tmp_path: Path) -> None:
    evil = tmp_path / "modeling_a.py"
    evil.write_text(PAYLOAD)
    honest = tmp_path / "train.py"
    honest.write_text("import os\nos.system('nvidia-smi')\nos.makedirs('out')\n")
    assert weighbridge.scan(evil, jobs=1).verdict == "malicious"
    assert weighbridge.scan(honest, jobs=1).verdict == "clean"


def test_weights_for_other_frameworks(tmp_path: Path) -> None:
    for name in ("model.safetensors", "pytorch_model.bin", "tf_model.h5", "optimizer.pt"):
        (tmp_path / name).write_bytes(b"")
    roles = {file.path: file.role for file in weighbridge.scan(tmp_path, jobs=1).files}
    assert roles == {
        "model.safetensors": "weights",
        "pytorch_model.bin": "alternative-weights",
        "tf_model.h5": "alternative-weights",
        "optimizer.pt": "training-state",
    }


def test_licences_are_compared(tmp_path: Path) -> None:
    card = "---\nlicense: apache-2.0\n---\n# A\n"
    report = scanned(tmp_path, README_dot_md=card, config_dot_json='{"license": "cc-by-nc-4.0"}')
    notes = {note.code for file in report.files for note in file.notes}
    assert notes == {"licence-differs"} and report.verdict == "clean"


def test_a_start_up_file_is_suspicious(tmp_path: Path) -> None:
    report = scanned(tmp_path, sitecustomize_dot_py="x = 1\n")
    assert {one.rule for one in report.findings} == {"start-up-code"}


def test_notebooks_give_lines_of_the_file(tmp_path: Path) -> None:
    cells = [{"cell_type": "code", "source": ["x = 1\n", "exec(__import__('zlib').decompress(b))"]}]
    text = json.dumps({"nbformat": 4, "cells": cells}, indent=1)
    report = scanned(tmp_path, demo_dot_ipynb=text)
    line = next(n for n, one in enumerate(text.split("\n"), 1) if "zlib" in one)
    assert said(report) == {("hidden-code", "demo.ipynb", line)}


def zipped(path: Path, **members: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in members.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), text)
    return path


def test_a_repository_in_an_archive(tmp_path: Path) -> None:
    archive = zipped(
        tmp_path / "a.zip", repo__config_dot_json=CONFIG, repo__modeling_a_dot_py=PAYLOAD
    )
    found = {one.rule: one for one in weighbridge.scan(archive, jobs=1).findings}
    assert found["loaded-code"].member == "repo/modeling_a.py"
    assert found["remote-code"].member == "repo/config.json"


def test_handlers_of_model_archives(tmp_path: Path) -> None:
    manifest = json.dumps({"model": {"handler": "h.py", "modelName": "a", "modelVersion": "1"}})
    name = {"MAR-INF__MANIFEST_dot_json": manifest}
    honest = "import os\n\nclass H:\n    def initialize(self, c):\n        open(c.path).read()\n"
    good = weighbridge.scan(zipped(tmp_path / "a.mar", **name, h_dot_py=honest), jobs=1)
    bad = weighbridge.scan(zipped(tmp_path / "b.mar", **name, h_dot_py=PAYLOAD), jobs=1)
    assert good.verdict == "weakness" and bad.verdict == "malicious"
    assert bad.findings[0].loaders == ("torchserve --models",)


def test_padding_hides_nothing(tmp_path: Path) -> None:
    blanks = " " * (5 << 20)
    report = scanned(
        tmp_path,
        config_dot_json=CONFIG + blanks,
        modeling_a_dot_py=PAYLOAD + "#" + "x y " * 600_000,
    )
    assert ("loaded-code", "modeling_a.py", 2) in said(report)


def test_code_that_is_too_long_is_not_clean(tmp_path: Path) -> None:
    report = scanned(tmp_path, a_dot_py="#" + "x" * (5 << 20))
    assert report.verdict == "inconclusive"


def test_code_in_another_encoding(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(CONFIG)
    (tmp_path / "modeling_a.py").write_bytes(b"# coding: latin-1\n# \xe9t\xe9\n" + PAYLOAD.encode())
    assert ("loaded-code", "modeling_a.py", 4) in said(weighbridge.scan(tmp_path, jobs=1))
