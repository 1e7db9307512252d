"""Names, links, recognition of every kind."""

import gzip
import io
import tarfile
import zipfile

import pytest

from builders.archives import TAR_END, simple_sevenzip, tar_member
from weighbridge.budget import Budget
from weighbridge.containers import registry
from weighbridge.containers.base import complement
from weighbridge.containers.paths import Links, collision_key, judge_name
from weighbridge.errors import Unsupported
from weighbridge.sources.memory import BytesSource


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("a/b.c", None),
        ("a\\b", None),
        ("größe", None),
        ("", None),
        ("a:b", None),
        ("../a", "archive-name-escape"),
        ("a\\..\\b", "archive-name-escape"),
        ("c:/a", "archive-name-escape"),
        ("a\0", "archive-name-escape"),
        ("a\x1b[0m", "archive-name-control"),
        ("a\u202etxt", "archive-name-control"),
    ],
)
def test_judge_name(name, code):
    fault = judge_name(name)
    assert (fault and fault.code) == code


def test_collision_keys():
    assert collision_key("./A\\b") == collision_key("a/B")
    assert collision_key("é") == collision_key("e\u0301")
    assert collision_key("a") != collision_key("b")


def test_links_do_not_loop():
    links = Links()
    assert links.add("a", "b") is None
    assert links.add("b", "a") is None
    assert links.crossed("a/x") is not None
    assert links.crossed("c/x") is None


def test_complement():
    assert complement([(2, 4), (3, 6), (8, 9)], 10) == ((0, 2), (6, 2), (9, 1))
    assert complement([], 0) == ()
    assert complement([(5, 99)], 10) == ((0, 5),)
    assert complement([(50, 99)], 10) == ((0, 10),)


def zipped():
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("a", b"x")
    return target.getvalue()


def tarred():
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a"))
    return target.getvalue()


def test_recognise():
    cases = {
        "zip": zipped(),
        "tar": tarred(),
        "7z": simple_sevenzip(b"x"),
        "rar": b"Rar!\x1a\x07\x01\x00",
        "gzip": gzip.compress(b"x"),
    }
    for kind, data in cases.items():
        assert registry.recognise(BytesSource(data)) == kind
    assert registry.recognise(BytesSource(b"\x80\x04N.")) is None
    assert set(cases) <= {*registry.ARCHIVES, *registry.STREAMS, *registry.UNSUPPORTED}


def test_a_zip_behind_another_container_belongs_to_what_that_does_not_cover():
    both = tar_member(b"a", b"x") + TAR_END + zipped()
    assert registry.recognise_all(BytesSource(both)) == ("tar",)
    ((offset, size),) = registry.open_archive("tar", BytesSource(both), Budget()).uncovered
    assert registry.recognise_all(BytesSource(both[offset : offset + size])) == ("zip",)


@pytest.mark.parametrize("kind", ["rar", "arj"])
def test_unsupported(kind):
    with pytest.raises(Unsupported):
        registry.open_archive(kind, BytesSource(b"Rar!\x1a\x07\x00"), Budget())
