"""The page: one file, no scripts, nothing from elsewhere, and nothing hostile comes alive."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from reports.made_reports import HOSTILE, file, finding, report
from weighbridge.findings.libraries import Knowledge, Library, Vulnerability
from weighbridge.findings.model import CoverageNote, Kind, Verdict
from weighbridge.findings.outcome import Outcome, Suppressed, Violation
from weighbridge.reports.html import render

ATTACK = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'{{7*7}}" + HOSTILE
CVE = Vulnerability(
    "CVE-2030-1", (), "critical", 9.8, "code-execution", "CWE-94", ("3.9.0",), ATTACK, ("keras",),
    (ATTACK,),
)  # fmt: skip


class Page(HTMLParser):
    """The elements of a page and its text; elements must be closed in order."""

    VOID = frozenset({"meta", "br", "img", "link"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self._open: list[str] = []
        self.feed(text)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


def full(**fields: object):  # type: ignore[no-untyped-def]
    libraries = (Library("keras", "3.8.0", "PyPI", "declared", ATTACK, vulnerabilities=(CVE,)),)
    outcome = Outcome(
        False,
        (Violation("verdict", ATTACK, ATTACK),),
        (Suppressed("f", ATTACK, ATTACK, ATTACK, "2030-01-01"),),
        (ATTACK,),
    )
    values = {
        "findings": (
            finding(
                Kind.MALICIOUS,
                title=ATTACK,
                path=ATTACK,
                member=ATTACK,
                remediation=ATTACK,
                evidence={"code": ATTACK},
                loaders=(ATTACK,),
                advisories=(ATTACK,),
            ),
        ),
        "target": ATTACK,
        "revision": ATTACK,
        "libraries": libraries,
        "knowledge": Knowledge(1, "2030-01-02T00:00:00Z", "", 4),
        "outcome": outcome,
    }
    note = CoverageNote("malformed-x", ATTACK, None)
    return report(file(ATTACK, Verdict.MALICIOUS, note), **{**values, **fields})


def test_a_manager_reads_what_it_means_and_an_engineer_what_runs() -> None:
    words = Page(render([report(file("a.pkl", Verdict.MALICIOUS), findings=(finding(),))])).words
    assert "Do not load this." in words
    assert "os.system('id')" in words
    assert "pickle.load" in words


def test_libraries_and_the_age_of_the_data_are_told() -> None:
    words = Page(render([full()])).words
    assert "CVE-2030-1" in words and "3.9.0" in words
    assert "vulnerability data of 2030-01-02, 4 days old" in words


def test_nothing_comes_from_elsewhere_and_nothing_runs() -> None:
    page = Page(render([full(), full()]))
    names = {tag for tag, _attributes in page.elements}
    assert not names & {"script", "img", "iframe", "object", "embed", "link", "base", "form", "svg"}
    attributes = {name for _tag, some in page.elements for name in some}
    assert attributes <= {"lang", "charset", "name", "content", "http-equiv", "class", "open"}


def test_hostile_text_stays_text() -> None:
    text = render([full()])
    assert "<script" not in text
    assert "{{7*7}}" in text.replace("&#34;", '"')
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
    text.encode("utf-8")


def test_classes_come_from_us_alone() -> None:
    known = {
        "tag", "lead", "faint", "malicious", "suspicious", "inconclusive", "weakness", "clean",
        "critical", "high", "medium", "low", "info", "none", "unknown",
    }  # fmt: skip
    for _tag, attributes in Page(render([full()])).elements:
        assert set((attributes.get("class") or "").split()) <= known


def test_a_clean_target_and_one_without_data() -> None:
    words = Page(render([report(file("a", Verdict.CLEAN))])).words
    assert "examined to the end" in words
    assert "weighbridge db update" in words


def test_many_files_and_findings_stay_a_page() -> None:
    files = tuple(file(f"{number}.pkl", Verdict.MALICIOUS) for number in range(3_000))
    findings = tuple(finding(path=one.path) for one in files)
    words = Page(render([report(*files, findings=findings)])).words
    assert "and 1000 more" in words and "and 2500 more" in words
