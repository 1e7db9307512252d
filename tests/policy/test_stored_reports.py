"""Reports of earlier scans, held against a policy without scanning anything."""

from __future__ import annotations

import dataclasses
import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import pickles as p
from cli.commands import weigh
from reports.made_reports import file, finding, report
from weighbridge.findings.libraries import Knowledge, Library, UsedModel, Vulnerability
from weighbridge.findings.model import Kind, ModelInfo, ScanReport, Verdict
from weighbridge.policy.evaluating import evaluate
from weighbridge.policy.reading import parse
from weighbridge.reports.json_reading import ReportError, read
from weighbridge.reports.json_report import FailedTarget, render_one, render_several

STRICT = """
[fail]
verdict = "weakness"
libraries = "low"
data_age_days = 3

[allow]
providers = ["local"]
licences = ["mit"]
formats = ["safetensors"]

[require]
pinned_revision = true
"""


def full() -> ScanReport:
    """A report with something in every field that a policy asks about."""
    known = Vulnerability("CVE-2030-1", ("GHSA-x",), "high", 8.1, "code-execution", "CWE-502",
                          ("2.0",), "It runs code.")  # fmt: skip
    made = report(
        file("model.pkl", Verdict.MALICIOUS), findings=(finding(Kind.MALICIOUS, path="model.pkl"),)
    )
    return dataclasses.replace(
        made,
        provider="huggingface",
        target="hf://org/net@main",
        revision="a" * 40,
        model=ModelInfo("huggingface", "org/net", "a" * 40, license="gpl-3.0"),
        libraries=(
            Library(
                "keras", "3.8", "PyPI", "declared", "requirements.txt", vulnerabilities=(known,)
            ),
        ),
        knowledge=Knowledge(9, "2030-01-01T00:00:00Z", "2030-01-02T00:00:00Z", 5),
        card=(("license", "gpl-3.0"),),
        uses=(UsedModel("huggingface", "org/other", "", False, "a.py", 3, "from_pretrained"),),
    )


def test_a_stored_report_is_judged_as_the_scan_was() -> None:
    policy, today = parse(STRICT), date(2030, 6, 1)
    (stored,) = read(render_one(full(), "1").encode())
    outcome = evaluate(stored, policy, today, "main")
    assert outcome == evaluate(full(), policy, today, "main")
    assert {one.code for one in outcome.violations} == {
        "verdict", "library", "data-age", "provider", "licence", "format", "pin",
    }  # fmt: skip


def test_a_document_of_several_reports() -> None:
    text = render_several([full(), full()], [FailedTarget("x", "no such file")], "1")
    assert [one.target for one in read(text.encode())] == ["hf://org/net@main"] * 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema": "other/1"}, "its schema is"),
        ({"findings": None}, "no findings"),
        ({"verdict": "fine"}, "verdict that is not known"),
        ({"files": [{}]}, "is not an object"),
        ({"complete": 1}, "no complete"),
    ],
)
def test_what_is_no_report_is_refused(change: dict[str, object], message: str) -> None:
    value = json.loads(render_one(full(), "1")) | change
    with pytest.raises(ReportError, match=message):
        read(json.dumps(value).encode())


@given(st.binary() | st.text().map(str.encode))
def test_any_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(ReportError):
        read(data)


def test_by_hand(tmp_path: Path) -> None:
    model, policy, stored = tmp_path / "m.pkl", tmp_path / "policy.toml", tmp_path / "scan.json"
    model.write_bytes(
        p.proto(4) + p.stack_global("os", "system") + p.EMPTY_TUPLE + p.REDUCE + p.STOP
    )
    policy.write_text('[fail]\nverdict = "malicious"\n')
    scan = weigh("scan", str(model), "--format", "json", "--output", str(stored))
    assert scan.returncode == 1
    model.unlink()
    done = weigh("policy", "check", str(policy), "--report", str(stored))
    assert done.returncode == 1
    assert "malicious when it was scanned" in done.stdout and "policy: FAILED" in done.stdout
    policy.write_text('[fail]\nverdict = "never"\n')
    assert weigh("policy", "check", str(policy), "--report", str(stored)).returncode == 0
    wrong = weigh("policy", "check", str(policy), "--report", str(policy))
    assert wrong.returncode == 2 and "cannot be read as a report" in wrong.stderr
