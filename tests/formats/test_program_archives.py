"""Packages of programs among models: what they are is said."""

import pytest

from builders.archives import ZipEntry, build_zip
from formats.scanning import scan
from weighbridge.facts.structure import Note
from weighbridge.findings.model import Verdict

CLASS = b"\xca\xfe\xba\xbe\0\0\0\x34\0\x01" + bytes(40)
PACKAGES = {
    "java-archive": {"META-INF/MANIFEST.MF": b"Manifest-Version: 1.0\n", "A.class": CLASS},
    "android-package": {"AndroidManifest.xml": b"\3\0\x08\0", "classes.dex": b"dex\n035\0" * 9},
    "ios-package": {"Payload/A.app/Info.plist": b"<plist/>"},
}


def archive(members):
    return build_zip(*(ZipEntry(name.encode(), data) for name, data in members.items()))


@pytest.mark.parametrize("kind", PACKAGES)
def test_a_package_of_programs_is_a_weakness(kind):
    (finding,) = scan(archive(PACKAGES[kind])).findings
    assert finding.rule == "native-code"
    assert f"{kind} package" in finding.evidence["symbols"]


def test_a_wheel_is_named_and_its_code_examined():
    members = {"m/__init__.py": b"x = 1\n", "m-1.dist-info/WHEEL": b"Wheel-Version: 1.0\n"}
    answer = scan(archive(members))
    assert answer.verdict is Verdict.CLEAN
    assert "python-wheel" in {fact.code for fact in answer.facts if isinstance(fact, Note)}


def test_other_archives_stay_what_they_are():
    members = {"META-INF/MANIFEST.MF": b"x: 1\n", "a.txt": b"text\n"}
    assert scan(archive(members)).findings == []


THEME = build_zip(
    ZipEntry(b"[Content_Types].xml", b"<Types/>"), ZipEntry(b"_rels/.rels", b"<Relationships/>")
)
COMPOUND = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(range(256)) * 4


def test_the_theme_in_a_workbook_of_excel_is_no_second_file():
    """An .xls holds a zip, which is named by what stands around it."""
    report = scan(COMPOUND + THEME + bytes(range(1, 200)))
    assert (report.verdict, report.rules) == (Verdict.INCONCLUSIVE, set())


def test_any_other_zip_in_a_compound_file_is_one():
    other = build_zip(ZipEntry(b"a/data.pkl", b"\x80\x02N."))
    assert "hidden-content" in scan(COMPOUND + other).rules
    trap = build_zip(
        ZipEntry(b"[Content_Types].xml", b"<Types/>"),
        ZipEntry(b"_rels/.rels", b""),
        ZipEntry(b"a/data.pkl", b"cposix\nsystem\n(S'echo weighbridge'\ntR."),
    )
    assert scan(COMPOUND + trap).verdict is Verdict.MALICIOUS
