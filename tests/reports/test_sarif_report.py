"""SARIF: valid, with what code scanning needs, and with results that are recognised again."""

import json
import os
from pathlib import Path

import jsonschema
import pytest

from reports.made_reports import HOSTILE, file, finding, report
from weighbridge.findings.model import CoverageNote, Kind, Severity, Verdict
from weighbridge.reports import sarif

BAD = file("model.pkl", Verdict.MALICIOUS)


def run_of(*files, **fields):
    return json.loads(sarif.render([report(*files, **fields)]))["runs"][0]


def official_schema():
    named = os.environ.get("WEIGHBRIDGE_SCHEMAS")
    folder = Path(named) if named else Path(__file__).parents[3] / "shared" / "data" / "schemas"
    place = folder / "sarif-schema-2.1.0.json"
    if not place.is_file():
        pytest.skip(f"the official schema is not at {place.name}")
    return json.loads(place.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"findings": (finding(), finding(severity=Severity.MEDIUM, member="a/b.pkl"))},
        {"revision": "a" * 40, "provider": "huggingface", "findings": (finding(path=HOSTILE),)},
    ],
)
def test_it_is_valid(fields):
    gap = file(HOSTILE, Verdict.INCONCLUSIVE, CoverageNote("limit-x", "too much", None))
    log = json.loads(sarif.render([report(BAD, gap, **fields), report()]))
    jsonschema.Draft4Validator(official_schema()).validate(log)


def test_each_result_has_what_code_scanning_needs():
    run = run_of(BAD, findings=(finding(), finding(offset=99, path="b.pkl")))
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        rule = rules[result["ruleIndex"]]
        assert rule["id"] == result["ruleId"] and result["level"] == "error"
        assert rule["properties"]["security-severity"] == "9.5"
        assert "security" in rule["properties"]["tags"]
        region = result["locations"][0]["physicalLocation"]["region"]
        assert (region["startLine"], region["endColumn"]) == (1, 2)
        assert region["byteOffset"] in (12, 99)
        assert result["message"]["text"] and rule["help"]["text"]


def test_a_severity_of_its_own_makes_a_rule_of_its_own():
    run = run_of(BAD, findings=(finding(), finding(severity=Severity.LOW)))
    ids = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert ids == ["dangerous-call", "dangerous-call/low"]
    assert [result["level"] for result in run["results"]] == ["error", "note"]


def test_the_same_finding_twice_keeps_two_names():
    run = run_of(BAD, findings=(finding(), finding()))
    prints = [r["partialFingerprints"]["primaryLocationLineHash"] for r in run["results"]]
    assert prints == ["f" * 16 + ":1", "f" * 16 + ":2"]


def test_a_line_of_a_script_is_its_place():
    run = run_of(BAD, findings=(finding(evidence={"line": 7}, offset=None),))
    (result,) = run["results"]
    region = result["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 7, "startColumn": 1, "endLine": 7, "endColumn": 2}


def test_what_was_not_examined_is_a_result():
    gap = file("a.bin", Verdict.INCONCLUSIVE, CoverageNote("limit-x", "too much", None))
    (result,) = run_of(gap)["results"]
    assert (result["ruleId"], result["level"]) == ("not-examined", "warning")
    assert "too much" in result["message"]["text"]


def test_paths_are_as_seen_from_where_the_scan_was_started():
    run = run_of(BAD, file("b c.pkl", Verdict.CLEAN), target="models/big")
    uris = [artifact["location"]["uri"] for artifact in run["artifacts"]]
    assert uris == ["models/big/model.pkl", "models/big/b%20c.pkl"]
    (alone,) = run_of(BAD, target="models/model.pkl")["artifacts"]
    assert alone["location"]["uri"] == "models/model.pkl"


def test_results_over_the_bound_are_counted(monkeypatch):
    monkeypatch.setattr(sarif, "MOST_RESULTS", 2)
    run = run_of(BAD, findings=(finding(), finding(), finding()))
    assert (len(run["results"]), run["properties"]["resultsLeftOut"]) == (2, 1)


def test_weaknesses_come_last():
    findings = (finding(Kind.WEAKNESS, severity=Severity.LOW), finding())
    assert [r["level"] for r in run_of(BAD, findings=findings)["results"]] == ["error", "note"]
