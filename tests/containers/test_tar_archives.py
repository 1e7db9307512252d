"""Tar archives: honest ones of all formats, and the lies a header can tell."""

import io
import tarfile

import pytest
from opening import by_view, codes, content, contents, gaps, is_honest, opened

from builders.archives import TAR_END, pax_header, tar_header, tar_member
from weighbridge.containers import registry
from weighbridge.containers.tar_headers import number
from weighbridge.errors import MalformedInput
from weighbridge.sources.memory import BytesSource

FORMATS = {"ustar": tarfile.USTAR_FORMAT, "gnu": tarfile.GNU_FORMAT, "pax": tarfile.PAX_FORMAT}
A = tar_member(b"a", b"payload")


def added(archive, name, data=b"", **fields):
    info = tarfile.TarInfo(name)
    info.size = len(data)
    for key, value in fields.items():
        setattr(info, key, value)
    archive.addfile(info, io.BytesIO(data))


@pytest.mark.parametrize("name", FORMATS)
def test_tarfile_in_all_formats(name):
    target = io.BytesIO()
    long = "d" * 80 + "/" + "f" * 90
    with tarfile.open(fileobj=target, mode="w", format=FORMATS[name]) as archive:
        added(archive, "./", type=tarfile.DIRTYPE)
        added(archive, "./a", b"x" * 1000)
        added(archive, "./._a", b"mac")
        added(archive, long, b"long")
        added(archive, "sub/link", type=tarfile.SYMTYPE, linkname="../a")
        added(archive, "hard", type=tarfile.LNKTYPE, linkname="./a")
    data = target.getvalue()
    assert registry.recognise(BytesSource(data)) == "tar"
    archive = opened(data)
    assert is_honest(archive, data)
    assert contents(archive)["./a"] == b"x" * 1000
    assert contents(archive)[long] == b"long"
    kinds = {member.name: (member.kind, member.link_target) for member in archive.members}
    assert kinds["./"] == ("directory", None)
    assert kinds["sub/link"] == ("symlink", "../a")
    assert kinds["hard"] == ("hardlink", "./a")
    assert {view for member in archive.members for view in member.views} == {"tarfile", "lenient"}


@pytest.mark.parametrize("name", ["gnu", "pax"])
def test_long_unicode_names_and_targets(name):
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=FORMATS[name]) as archive:
        added(archive, "größe/" * 50 + "x", b"1")
        added(archive, "l" * 300, type=tarfile.SYMTYPE, linkname="t" * 400)
    archive = opened(target.getvalue())
    assert is_honest(archive, target.getvalue())
    assert archive.members[0].name == "größe/" * 50 + "x"
    assert archive.members[1].link_target == "t" * 400


def test_version_7_without_magic():
    data = tar_member(b"pickle", b"payload", b"\0", magic=b"") + TAR_END
    assert registry.recognise(BytesSource(data)) == "tar"
    archive = opened(data)
    assert is_honest(archive, data)
    assert contents(archive) == {"pickle": b"payload"}


def test_global_pax_header():
    data = pax_header({"path": "global"}, b"g") + A + TAR_END
    assert [member.name for member in opened(data).members] == ["global"]


def test_pax_path_and_link():
    data = pax_header({"path": "p", "linkpath": "t"}) + tar_header(b"x", 0, b"2", b"y") + TAR_END
    member = opened(data).members[0]
    assert (member.name, member.link_target) == ("p", "t")


def test_pax_size_differs():
    """CVE-2025-62518: readers that disagree on the size see other members."""
    inner = tar_member(b"smuggled", b"x")
    data = pax_header({"size": str(len(inner))}) + tar_header(b"a", 0) + inner + TAR_END
    archive = opened(data)
    assert codes(archive) == {"tar-size-mismatch"}
    assert contents(archive) == {"a": inner}


def test_base_256_size():
    field = b"\x80" + (7).to_bytes(11, "big")
    data = tar_header(b"a", size_field=field) + b"payload".ljust(512, b"\0") + TAR_END
    assert contents(opened(data)) == {"a": b"payload"}


def test_negative_size_is_refused():
    data = A + tar_header(b"b", size_field=b"\xff" * 12) + TAR_END
    archive = opened(data)
    assert "tar-negative-size" in codes(archive)
    assert contents(archive) == {"a": b"payload"}
    assert archive.uncovered


def test_pax_size_replaces_a_negative_one():
    header = tar_header(b"a", size_field=b"\xff" * 12)
    data = pax_header({"size": "7"}) + header + b"payload".ljust(512, b"\0") + TAR_END
    assert contents(opened(data)) == {"a": b"payload"}


@pytest.mark.parametrize("field", [b"\x81" + bytes(11), b"99999999999\0", b"abc\0        "])
def test_what_is_no_number(field):
    assert number(field) is None


def test_bad_checksum_stops_tarfile_only():
    bad = tar_header(b"b", 6, checksum=1) + b"second".ljust(512, b"\0")
    data = A + bad + tar_member(b"c", b"third") + TAR_END
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        assert archive.getnames() == ["a"]
    archive = opened(data)
    assert codes(archive) == {"tar-bad-header", "tar-hidden-member"}
    assert by_view(archive, "tarfile") == [("a", b"payload")]
    assert by_view(archive, "lenient") == [("a", b"payload"), ("c", b"third")]
    assert archive.uncovered == ((1024, 1024),)


def test_members_behind_the_end():
    data = A + TAR_END + tar_member(b"late", b"hidden") + TAR_END
    archive = opened(data)
    assert codes(archive) == {"tar-hidden-member"}
    assert ("late", b"hidden") in by_view(archive, "lenient")
    assert by_view(archive, "tarfile") == [("a", b"payload")]


def test_trailing_data_is_uncovered():
    data = A + TAR_END + bytes(512) + b"trailing data"
    archive = opened(data)
    assert archive.uncovered == ((len(data) - 13, 13),)


def test_cut_data():
    archive = opened(A[:515])
    assert codes(archive) == {"tar-truncated"}
    assert gaps(archive) == {"tar-truncated"}
    assert content(archive.members[0]) == b"pay"


def test_missing_end_mark():
    assert codes(opened(A)) == {"tar-truncated"}


@pytest.mark.parametrize("name", [b"/etc/x", b"../x", b"a/../../x", b"C:\\x", b"..\\x"])
def test_name_escape(name):
    assert codes(opened(tar_member(name, b"x") + TAR_END)) == {"archive-name-escape"}


@pytest.mark.parametrize(
    ("name", "target", "kind", "bad"),
    [
        (b"l", b"a", b"2", False),
        (b"d/l", b"../a", b"2", False),
        (b"l", b"../a", b"2", True),
        (b"l", b"/etc", b"2", True),
        (b"d/l", b"a", b"1", False),
        (b"d/l", b"../a", b"1", True),
        (b"l", b"/etc/passwd", b"1", True),
    ],
)
def test_links(name, target, kind, bad):
    archive = opened(A + tar_header(name, 0, kind, target) + TAR_END)
    assert codes(archive) == ({"archive-link-escape"} if bad else set())


def test_link_through_link():
    links = tar_header(b"d/e", 0, b"2", b".") + tar_header(b"m", 0, b"2", b"d/e/../../x")
    assert "archive-link-escape" in codes(opened(links + TAR_END))


def test_write_through_link():
    data = tar_header(b"l", 0, b"2", b"/tmp") + tar_member(b"l/x", b"1") + TAR_END
    assert codes(opened(data)) == {"archive-link-escape", "archive-write-through-link"}


@pytest.mark.parametrize("kind", [b"3", b"4", b"6"])
def test_devices_and_pipes(kind):
    archive = opened(tar_header(b"d", 0, kind) + TAR_END)
    assert codes(archive) == {"archive-special-file"}
    assert archive.members[0].kind == "special"


def test_duplicate_and_colliding_names():
    assert codes(opened(A + A + TAR_END)) == {"archive-duplicate-name"}
    assert codes(opened(A + tar_member(b"A") + TAR_END)) == {"archive-colliding-name"}
    twice = tar_header(b"d/", 0, b"5") * 2
    assert codes(opened(twice + TAR_END)) == set()


def test_link_with_data():
    data = tar_member(b"l", b"x" * 600, b"2", link=b"a") + A + TAR_END
    archive = opened(data)
    assert "tar-size-mismatch" in codes(archive)
    assert ("a", b"payload") in by_view(archive, "lenient")


def test_endless_names_are_bounded():
    long = tar_header(b"x", 5 << 20, b"L") + bytes(5 << 20)
    archive = opened(long + A + TAR_END)
    assert gaps(archive) == {"limit-extension"}
    assert contents(archive) == {"a": b"payload"}


def test_malformed_pax():
    data = tar_member(b"p", b"99 path=x\n", b"x") + A + TAR_END
    archive = opened(data)
    assert codes(archive) == {"tar-bad-pax"}
    assert contents(archive) == {"a": b"payload"}


SEGMENTS = ((0, 3), (1000, 4))
EXPANDED = b"abc" + bytes(997) + b"defg" + bytes(996)


def sparse_old():
    header = bytearray(tar_header(b"s", 7, b"S"))
    header[257:265] = b"ustar  \0"
    for index, (offset, length) in enumerate(SEGMENTS):
        header[386 + 24 * index : 410 + 24 * index] = b"%011o\0%011o\0" % (offset, length)
    header[483:495] = b"%011o\0" % 2000
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header) + b"abcdefg".ljust(512, b"\0")


def sparse_map():
    records = {"GNU.sparse.size": "2000", "GNU.sparse.map": "0,3,1000,4", "GNU.sparse.name": "s"}
    return pax_header(records) + tar_member(b"x", b"abcdefg")


def sparse_in_data():
    records = {
        "GNU.sparse.major": "1", "GNU.sparse.minor": "0",
        "GNU.sparse.name": "s", "GNU.sparse.realsize": "2000",
    }  # fmt: skip
    data = b"2\n0\n3\n1000\n4\n".ljust(512, b"\0") + b"abcdefg"
    return pax_header(records) + tar_member(b"x", data)


@pytest.mark.parametrize("build", [sparse_old, sparse_map, sparse_in_data])
def test_sparse(build):
    data = build() + TAR_END
    archive = opened(data)
    assert is_honest(archive, data)
    member = archive.members[0]
    assert (member.name, member.size, member.packed_size) == ("s", 2000, 7)
    assert content(member) == EXPANDED
    assert member.source.read_at(998, 4) == EXPANDED[998:1002]
    with tarfile.open(fileobj=io.BytesIO(data)) as oracle:
        assert oracle.extractfile("s").read() == EXPANDED


def test_wrong_sparse_map_gives_the_packed_bytes():
    records = {"GNU.sparse.size": "2000", "GNU.sparse.map": "1000,4,0,3"}
    archive = opened(pax_header(records) + tar_member(b"s", b"abcdefg") + TAR_END)
    assert codes(archive) == {"tar-bad-sparse"}
    assert content(archive.members[0]) == b"abcdefg"


def test_huge_sparse_file_costs_nothing():
    records = {"GNU.sparse.size": str(1 << 50), "GNU.sparse.map": "0,3"}
    member = opened(pax_header(records) + tar_member(b"s", b"abc") + TAR_END).members[0]
    assert member.source.size == 1 << 50
    assert member.source.read_at(1 << 49, 4) == bytes(4)


@pytest.mark.parametrize("data", [b"", bytes(1024), b"text" * 300])
def test_what_is_no_tar(data):
    assert registry.recognise(BytesSource(data)) is None
    with pytest.raises(MalformedInput):
        opened(data, "tar")
