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
