"""The report for people."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_reports import clean, file, finding, hostile, mixed, report

from weighbridge.findings.model import CoverageNote, ScanReport, Severity, Verdict
from weighbridge.reports.style import Style
from weighbridge.reports.text import render

PLAIN = Style()


def harmless(text: str) -> bool:
    """Tell whether nothing but printable characters and line feeds is left."""
    hidden = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    return all(char == "\n" or unicodedata.category(char) not in hidden for char in text)


def test_a_clean_target_takes_one_line() -> None:
    assert render(clean(), PLAIN) == "models: 3 files, CLEAN\n"


def test_notes_of_a_clean_target_follow_its_line() -> None:
    notes = tuple(CoverageNote("link-inside", "a link", None, name) for name in ("a", "b", "c"))
    lines = render(replace(clean(), notes=notes), PLAIN).splitlines()
    assert lines == ["models: 3 files, CLEAN", "note: a and 2 more: a link"]


MIXED = """\
models: MALICIOUS

bad.pkl  MALICIOUS  (pickle)
  critical  Starts a process
      > os.system('id')
    where       archive/data.pkl, byte 12
    runs with   pickle.load
    what to do  Do not load it.
    rule        dangerous-call
  high  Lesser
      > os.system('id')
    where       byte 12
    runs with   pickle.load
    what to do  Do not load it.
    rule        dangerous-call

odd.pkl  SUSPICIOUS  (pickle)
  medium  Unknown
      > os.system('id')
    where       byte 12
    runs with   pickle.load
    what to do  Do not load it.
    rule        dangerous-call

bomb.zip  INCONCLUSIVE  (pickle)
  not examined: a.zip!b.zip: nested deeper than 6 levels (byte 99)

lambda.pkl  WEAKNESS  (pickle)
  low  Needs code
      > os.system('id')
    where       byte 12
    runs with   pickle.load
    what to do  Do not load it.
    rule        dangerous-call

5 files in 0.2 s: 1 malicious, 1 suspicious, 1 inconclusive, 1 weakness, 1 clean
"""


def test_the_whole_report() -> None:
    assert render(mixed(), PLAIN) == MIXED


@pytest.mark.parametrize("style", [PLAIN, Style(colour=True, width=40)])
def test_nothing_hostile_comes_through(style: Style) -> None:
    text = render(hostile(), style)
    if style.colour:
        text = re.sub(r"\x1b\[[0-9;]+m", "", text)
    assert harmless(text)
    assert r"\x1b[31m" in text
    assert r"\u202e" in text


@given(st.text())
def test_no_text_of_any_kind_comes_through(text: str) -> None:
    bad = finding(title=text, path=text, member=text, evidence={"code": text})
    assert harmless(render(report(file(text, Verdict.MALICIOUS), findings=(bad,)), PLAIN))


def test_a_newline_in_a_name_makes_no_line() -> None:
    one = render(report(file("a\nb.pkl  CLEAN", Verdict.SUSPICIOUS)), PLAIN)
    assert r"a\nb.pkl  CLEAN  SUSPICIOUS" in one


def test_plain_has_no_escape_sequences_and_colour_has() -> None:
    assert "\x1b" not in render(mixed(), PLAIN)
    coloured = render(mixed(), Style(colour=True))
    assert "\x1b[1;31mMALICIOUS\x1b[0m" in coloured
    assert re.sub(r"\x1b\[[0-9;]+m", "", coloured) == MIXED


@pytest.mark.parametrize("width", [1, 40, 79, 500])
def test_lines_keep_to_the_width(width: int) -> None:
    long = finding(title="word " * 100, remediation="x" * 500, evidence={"code": "y" * 500})
    text = render(report(file("a", Verdict.MALICIOUS), findings=(long,)), Style(width=width))
    assert max(map(len, text.splitlines())) <= max(40, min(width, 120))


def test_long_code_is_cut() -> None:
    long = finding(evidence={"code": "\n".join(f"line{number}" for number in range(100))})
    text = render(report(file("model.pkl", Verdict.MALICIOUS), findings=(long,)), PLAIN)
    assert "line11" in text
    assert "line12" not in text
    assert "> …" in text


def test_many_findings_of_one_file_are_cut_with_a_count() -> None:
    findings = tuple(finding(offset=number) for number in range(100))
    text = render(report(file("model.pkl", Verdict.MALICIOUS), findings=findings), PLAIN)
    assert text.count("Starts a process") == 25
    assert "and 75 more findings; see --format json" in text


def test_an_interrupted_scan_says_so() -> None:
    text = render(replace(clean(), complete=False, verdict=Verdict.INCONCLUSIVE), PLAIN)
    assert "INTERRUPTED" in text
    assert text.startswith("models: INCONCLUSIVE\n")


def test_training_state_is_said_to_be_opened_only_then() -> None:
    one = replace(file("optimizer.pt", Verdict.MALICIOUS), role="training-state")
    assert "opened only when training is resumed" in render(report(one), PLAIN)


def test_an_empty_directory() -> None:
    empty: ScanReport = report()
    assert render(empty, PLAIN) == "models: 0 files, CLEAN\n"


def test_each_severity_can_be_shown() -> None:
    for severity in Severity:
        assert severity.value in Style(colour=True).severity(severity)
