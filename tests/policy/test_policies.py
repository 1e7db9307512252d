"""Policies: read strictly, held against reports, never taken from what is scanned."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from builders import pickles as p
from cli.commands import environment, weigh
from reports.made_reports import file, finding, report
from weighbridge.findings.libraries import Knowledge, Library, Vulnerability
from weighbridge.findings.model import Kind, ModelInfo, Verdict
from weighbridge.findings.outcome import Outcome
from weighbridge.policy.evaluating import evaluate
from weighbridge.policy.explaining import explain
from weighbridge.policy.reading import PolicyError, parse

TODAY = date(2030, 6, 1)
COMMIT = "a" * 40
SUPPRESSION = f"""
[[suppress]]
rule = "dangerous-call"
fingerprint = "{"f" * 16}"
sha256 = "{"0" * 64}"
reason = "our own test file"
owner = "ada"
until = 2030-06-01
"""


def held(text: str, of=None, today: date = TODAY, revision: str | None = None) -> Outcome:  # type: ignore[no-untyped-def]
    return evaluate(of or flagged(), parse(text), today, revision)


def flagged(**fields: object):  # type: ignore[no-untyped-def]
    one = finding(Kind.MALICIOUS, path="model.pkl", **fields)
    return report(file("model.pkl", Verdict.MALICIOUS), findings=(one,))


def clean(**fields: object):  # type: ignore[no-untyped-def]
    return report(file("model.pkl", Verdict.CLEAN), **fields)


def codes(outcome: Outcome) -> list[str]:
    return [one.code for one in outcome.violations]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[", "no TOML"),
        ("[fial]\n", "fial is not known"),
        ("[fail]\nverdicts = 'malicious'", "fail.verdicts is not known"),
        ("[fail]\nverdict = 'bad'", "verdict is one of malicious"),
        ("[fail]\nlibraries = 'bad'", "libraries is one of critical"),
        ("[fail]\ndata_age_days = true", "number of days"),
        ("[fail]\nimpacts = ['x']", "impacts holds 'x'"),
        ("[allow]\nlicences = 'mit'", "a list of words"),
        ("[allow]\nproviders = ['github']", "providers holds 'github'"),
        ("[require]\npinned_revision = 1", "true or false"),
        ("fail = 1", "fail must be a table"),
        ("[suppress]\nrule = 'x'", "[[suppress]]"),
        (SUPPRESSION.replace('owner = "ada"', ""), "suppress 1: owner is missing"),
        (SUPPRESSION.replace('reason = "our own test file"', ""), "reason is missing"),
        (SUPPRESSION.replace("until = 2030-06-01", ""), "until is a date"),
        (SUPPRESSION.replace("0" * 64, "0"), "sha256"),
        ("[[accept]]\nvulnerability = 'CVE-1'", "accept 1: package is missing"),
    ],
)
def test_what_means_nothing_is_refused(text: str, message: str) -> None:
    with pytest.raises(PolicyError, match=message.replace("[", r"\[").replace("]", r"\]")):
        parse(text)


def test_an_empty_policy_is_the_default() -> None:
    assert codes(held("")) == ["verdict"]
    assert held("", clean()).passed


def test_the_threshold() -> None:
    weak = report(file("a", Verdict.WEAKNESS), findings=(finding(Kind.WEAKNESS, path="a"),))
    assert held("", weak).passed
    assert codes(held("[fail]\nverdict = 'weakness'", weak)) == ["verdict"]
    assert held("[fail]\nverdict = 'never'").passed


def test_a_suppression_holds_for_rule_place_and_content_until_its_last_day() -> None:
    outcome = held(SUPPRESSION)
    assert outcome.passed
    (one,) = outcome.suppressed
    assert (one.owner, one.reason, one.until) == ("ada", "our own test file", "2030-06-01")


def test_a_suppression_holds_whatever_the_file_is_called() -> None:
    name = "library of models.pkl"
    one = finding(Kind.MALICIOUS, path=name)
    assert held(SUPPRESSION, report(file(name, Verdict.MALICIOUS), findings=(one,))).passed


def test_an_expired_suppression_returns_with_a_note() -> None:
    outcome = held(SUPPRESSION, today=TODAY + timedelta(days=1))
    assert codes(outcome) == ["verdict"]
    assert outcome.notes == (
        "dangerous-call in model.pkl was accepted by ada until 2030-06-01, which is over",
    )


@pytest.mark.parametrize(
    "change", [("0" * 64, "1" * 64), ("f" * 16, "e" * 16), ("dangerous-call", "other-rule")]
)
def test_another_content_place_or_rule_is_not_suppressed(change: tuple[str, str]) -> None:
    assert codes(held(SUPPRESSION.replace(*change))) == ["verdict"]


def test_a_hash_that_is_only_declared_suppresses_nothing() -> None:
    from dataclasses import replace

    one = flagged()
    declared = replace(one.files[0], sha256_source="declared")
    assert codes(held(SUPPRESSION, replace(one, files=(declared,)))) == ["verdict"]


def test_another_finding_in_the_same_file_still_fails() -> None:
    two = report(
        file("model.pkl", Verdict.MALICIOUS),
        findings=(finding(path="model.pkl"), finding(path="model.pkl", fingerprint="e" * 16)),
    )
    assert codes(held(SUPPRESSION, two)) == ["verdict"]


def vulnerable(severity: str = "critical", impact: str = "code-execution", age: int = 3):  # type: ignore[no-untyped-def]
    cve = Vulnerability("CVE-2030-1", ("GHSA-x",), severity, 9.8, impact, "", ("2.0",), "")
    libraries = (
        Library("keras", "1.0", "PyPI", "declared", "r.txt", vulnerabilities=(cve,)),
        Library("keras", "0.9", "PyPI", "saved-with", "m.keras", vulnerabilities=(cve,)),
    )
    known = Knowledge(1, "2030-05-29T00:00:00Z", "", age)
    return clean(libraries=libraries, knowledge=known)


def test_libraries_fail_only_where_the_policy_says_so() -> None:
    assert held("", vulnerable()).passed
    assert codes(held("[fail]\nlibraries = 'high'", vulnerable())) == ["library"]
    assert held("[fail]\nlibraries = 'critical'", vulnerable("high")).passed
    some = "[fail]\nlibraries = 'high'\nimpacts = ['code-execution']"
    assert codes(held(some, vulnerable())) == ["library"]
    assert held(some, vulnerable(impact="denial-of-service")).passed


def test_an_unknown_severity_is_not_taken_for_a_low_one() -> None:
    assert codes(held("[fail]\nlibraries = 'critical'", vulnerable("unknown"))) == ["library"]


def test_old_or_missing_data_does_not_pass() -> None:
    aged = "[fail]\ndata_age_days = 2"
    assert codes(held(aged, vulnerable())) == ["data-age"]
    assert held(aged, vulnerable(age=2)).passed
    assert codes(held("[fail]\nlibraries = 'high'", clean())) == ["library"]


def test_a_vulnerability_can_be_accepted_by_any_of_its_ids() -> None:
    entry = (
        "[fail]\nlibraries = 'high'\n[[accept]]\nvulnerability = 'GHSA-x'\npackage = 'Keras'\n"
        "reason = 'not reached'\nowner = 'ada'\nuntil = 2030-06-01\n"
    )
    assert held(entry, vulnerable()).passed
    assert codes(held(entry, vulnerable(), TODAY + timedelta(days=1))) == ["library"]
    assert codes(held(f"{entry}version = '1.1'\n", vulnerable())) == ["library"]


def test_providers_licences_and_formats() -> None:
    hub = clean(
        provider="huggingface",
        model=ModelInfo("huggingface", "a/b", COMMIT, license="Apache-2.0"),
    )
    assert codes(held("[allow]\nproviders = ['local']", hub)) == ["provider"]
    assert held("[allow]\nlicences = ['apache-2.0']", hub).passed
    assert codes(held("[allow]\nlicences = ['mit']", hub)) == ["licence"]
    assert codes(held("[allow]\nlicences = ['mit']", clean())) == ["licence"]
    assert held("[allow]\nformats = ['pickle']", hub).passed
    assert codes(held("[allow]\nformats = ['safetensors']", hub)) == ["format"]


@pytest.mark.parametrize(
    ("revision", "passed"), [(None, False), ("main", False), (COMMIT, True), ("3", True)]
)
def test_pinned_revisions(revision: str | None, passed: bool) -> None:
    hub = clean(provider="huggingface")
    outcome = held("[require]\npinned_revision = true", hub, revision=revision)
    assert outcome.passed is passed
    assert held("[require]\npinned_revision = true", clean()).passed


def test_a_policy_is_explained_in_words() -> None:
    text = "\n".join(explain(parse(f"[fail]\nlibraries = 'high'\n{SUPPRESSION}"), TODAY))
    assert "a verdict of suspicious or stronger fails the run" in text
    assert "severity high or graver" in text
    assert "by ada until 2030-06-01: our own test file" in text


# -- on the command line ---------------------------------------------------------------------------


@pytest.fixture
def models(tmp_path: Path) -> Path:
    folder = tmp_path / "models"
    folder.mkdir()
    call = p.stack_global("os", "system") + p.short_text("echo") + p.TUPLE1 + p.REDUCE
    (folder / "model.pkl").write_bytes(p.proto(4) + call + p.STOP)
    return folder


def test_accepting_a_finding_from_a_report(models: Path, tmp_path: Path) -> None:
    here = environment(WEIGHBRIDGE_DB=str(tmp_path / "none"))
    found = json.loads(weigh("scan", models, "--format", "json", env=here).stdout)
    policy = tmp_path / "policy.toml"
    policy.write_text(
        f'[[suppress]]\nrule = "{found["findings"][0]["rule"]}"\n'
        f'fingerprint = "{found["findings"][0]["fingerprint"]}"\n'
        f'sha256 = "{found["files"][0]["sha256"]}"\n'
        'reason = "inert"\nowner = "ada"\nuntil = 2999-01-01\n'
    )
    done = weigh("scan", models, "--policy", policy, env=here)
    assert done.returncode == 0, done.stdout
    assert "MALICIOUS" in done.stdout and "policy: passed" in done.stdout
    done = weigh("scan", models, env={**here, "WEIGHBRIDGE_POLICY": str(policy)})
    assert done.returncode == 0
    sarif = json.loads(weigh("scan", models, "--policy", policy, "--format", "sarif").stdout)
    (result,) = sarif["runs"][0]["results"]
    assert result["suppressions"] == [{"kind": "external", "justification": "inert"}]
    assert weigh("policy", "check", policy).returncode == 0
    (models / "model.pkl").write_bytes((models / "model.pkl").read_bytes() + b"\0")
    assert weigh("scan", models, "--policy", policy, env=here).returncode == 1


def test_a_policy_below_what_is_scanned_is_refused(models: Path) -> None:
    (models / "policy.toml").write_text("[fail]\nverdict = 'never'\n")
    done = weigh("scan", models, "--policy", models / "policy.toml")
    assert done.returncode == 2
    assert "keep it apart" in done.stderr
    assert weigh("scan", models).returncode == 1


def test_the_command_line_counts_before_the_policy(models: Path, tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text("[fail]\nverdict = 'never'\n")
    assert weigh("scan", models, "--policy", policy).returncode == 0
    strict = weigh("scan", models, "--policy", policy, "--fail-on", "malicious")
    assert strict.returncode == 1


def test_a_wrong_policy_scans_nothing(models: Path, tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text("[fial]\n")
    done = weigh("scan", models, "--policy", policy)
    assert done.returncode == 2
    assert "fial is not known" in done.stderr
    assert weigh("policy", "check", policy).returncode == 2
    assert weigh("policy", "check", tmp_path / "none").returncode == 2
