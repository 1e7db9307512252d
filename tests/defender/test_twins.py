"""A pickled checkpoint beside a safe one."""

from __future__ import annotations

import pytest

from weighbridge.defender.twins import with_twins
from weighbridge.findings.model import Coverage, FileReport, Verdict


def file(path: str, kind: str, verdict: Verdict = Verdict.CLEAN) -> FileReport:
    return FileReport(path, 1, None, None, kind, "weights", verdict, Coverage(True, 1))


def noted(*files: FileReport) -> list[str]:
    return [file.path for file in with_twins(files) if file.notes]


@pytest.mark.parametrize(
    ("pickled", "safe"),
    [
        ("model.pt", "model.safetensors"),
        ("pytorch_model.bin", "model.safetensors"),
        ("a/pytorch_model-00001-of-00002.bin", "a/model-00001-of-00003.safetensors"),
        ("adapter_model.bin", "adapter_model.safetensors"),
    ],
)
def test_twins_are_named(pickled: str, safe: str) -> None:
    (one, _) = with_twins([file(pickled, "pytorch-zip"), file(safe, "safetensors")])
    (note,) = one.notes
    assert note.code == "safe-twin"
    assert safe.rpartition("/")[2] in note.text


def test_what_is_no_twin() -> None:
    safe = file("model.safetensors", "safetensors")
    assert noted(file("other.bin", "pickle"), safe) == []
    assert noted(file("sub/model.bin", "pickle"), safe) == []
    assert noted(file("model.txt", "text"), safe) == []
    assert noted(file("model.bin", "pickle"), file("model.safetensors", "pickle")) == []


def test_a_twin_with_findings_is_not_recommended() -> None:
    odd = file("model.safetensors", "safetensors", Verdict.SUSPICIOUS)
    assert noted(file("model.bin", "pickle"), odd) == []
