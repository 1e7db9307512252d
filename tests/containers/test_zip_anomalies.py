"""Each lie a zip can tell, and what each reader makes of it."""

import io
import random
import zipfile

import pytest
from opening import by_view, codes, content, contents, gaps, opened, small_budget

from builders.archives import (
    ZipEntry,
    build_zip,
    central_header,
    deflate,
    end64_records,
    end_record,
    local_header,
    overlapping_zip,
)
from weighbridge.containers import registry
from weighbridge.errors import LimitExceeded, MalformedInput
from weighbridge.sources.memory import BytesSource

A, B = ZipEntry(b"a", b"payload"), ZipEntry(b"b", b"second")


def python_sees(data):
    """What zipfile reads, name by name; None where it raises."""
    result = {}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            try:
                result[name] = archive.read(name)
            except (zipfile.BadZipFile, NotImplementedError, RuntimeError):
                result[name] = None
    return result


def test_name_mismatch():
    """GHSA-7q5r-7gvp-wc82: zipfile raises, PyTorch reads."""
    data = build_zip(ZipEntry(b"a", b"payload", local={"name": b"x"}))
    archive = opened(data)
    assert python_sees(data) == {"a": None}
    assert codes(archive) == {"zip-name-mismatch"}
    assert by_view(archive, "zipfile") == []
    assert by_view(archive, "miniz") == [("a", b"payload")]


@pytest.mark.parametrize("flag", [0x1, 0x20, 0x40])
@pytest.mark.parametrize("method", [0, 8])
def test_refused_flags(flag, method):
    """CVE-2025-1945: zipfile raises at the flag, others read the plain data."""
    data = build_zip(ZipEntry(b"a", b"payload" * 20, method, flag))
    archive = opened(data)
    assert python_sees(data) == {"a": None}
    assert "zip-encryption-flag" in codes(archive)
    assert by_view(archive, "zipfile") == []
    assert contents(archive) == {"a": b"payload" * 20}
    assert gaps(archive) == ({"encrypted"} if method == 0 else set())


def test_flag_in_local_header_only():
    archive = opened(build_zip(ZipEntry(b"a", b"payload", 8, local={"flags": 1})))
    assert codes(archive) == {"zip-encryption-flag"}
    assert by_view(archive, "zipfile") == [("a", b"payload")]


def test_really_encrypted_data_is_a_gap():
    noise = random.Random(3).randbytes(500)
    entry = ZipEntry(b"a", noise, 0, 1, local={"method": 8}, central={"method": 8, "size": 9000})
    archive = opened(build_zip(entry))
    assert "encrypted" in gaps(archive)
    assert archive.members[0].source is None


def test_bad_crc_is_still_read():
    """GHSA-mjqp-26hc-grxg: the checksum stops zipfile only."""
    data = build_zip(ZipEntry(b"a", b"payload", 8, local={"crc": 1}, central={"crc": 1}))
    assert python_sees(data) == {"a": None}
    assert contents(opened(data)) == {"a": b"payload"}


def test_crc_mismatch():
    archive = opened(build_zip(ZipEntry(b"a", b"payload", local={"crc": 7})))
    assert codes(archive) == {"zip-crc-mismatch"}


def test_method_mismatch_gives_both_readings():
    packed = deflate(b"hidden text")
    local = {"method": 8, "size": 11}
    archive = opened(build_zip(ZipEntry(b"a", packed, 0, local=local)))
    assert codes(archive) >= {"zip-method-mismatch"}
    assert by_view(archive, "zipfile") == [("a", packed)]
    assert ("a", b"hidden text") in by_view(archive, "lenient")


def test_size_mismatch_gives_both_readings():
    archive = opened(build_zip(ZipEntry(b"a", b"0123456789", central={"packed": 4, "size": 4})))
    assert "zip-size-mismatch" in codes(archive)
    assert by_view(archive, "miniz") == [("a", b"0123")]
    assert ("a", b"0123456789") in by_view(archive, "lenient")


def test_lying_descriptor():
    entry = ZipEntry(b"a", b"data", 0, 8, descriptor=b"PK\7\x08" + bytes(4) + b"\x63\0\0\0" * 2)
    archive = opened(build_zip(entry))
    assert codes(archive) == {"zip-size-mismatch"}
    assert archive.uncovered == ()


def test_duplicate_name():
    data = build_zip(A, ZipEntry(b"a", b"other"))
    archive = opened(data)
    assert codes(archive) == {"archive-duplicate-name"}
    assert by_view(archive, "zipfile") == [("a", b"other")]
    assert python_sees(data) == {"a": b"other"}
    assert by_view(archive, "miniz") == [("a", b"payload"), ("a", b"other")]


@pytest.mark.parametrize("other", ["DATA/x", "data\\x", "./data/x", "data/\uff58"])
def test_colliding_name(other):
    entries = ZipEntry(b"data/x", b"1"), ZipEntry(other.encode(), b"2", flags=0x800)
    assert "archive-colliding-name" in codes(opened(build_zip(*entries)))


def test_hidden_member_between_others():
    archive = opened(build_zip(A, ZipEntry(b"h", b"hidden", in_directory=False), B))
    assert codes(archive) == {"zip-hidden-member"}
    assert by_view(archive, "zipfile") == [("a", b"payload"), ("b", b"second")]
    assert ("h", b"hidden") in by_view(archive, "lenient")
    assert archive.uncovered == ()


@pytest.mark.parametrize("method", [0, 8])
def test_hidden_member_of_unknown_length(method):
    silent = {"crc": 0, "packed": 0, "size": 0}
    entry = ZipEntry(b"h", b"hidden" * 50, method, 8, local=silent, in_directory=False)
    packed, size = len(entry.packed()), len(entry.data)
    tail = b"PK\7\x08" + bytes(4) + packed.to_bytes(4, "little") + size.to_bytes(4, "little")
    entry = ZipEntry(b"h", entry.data, method, 8, local=silent, descriptor=tail, in_directory=False)
    archive = opened(build_zip(A, entry, B))
    assert ("h", b"hidden" * 50) in by_view(archive, "lenient")
    assert archive.uncovered == ()


def test_prepended_bytes():
    archive = opened(build_zip(A, prefix=b"\x80\x04junk"))
    assert codes(archive) == {"zip-prepended"}
    assert archive.uncovered == ((0, 6),)
    assert by_view(archive, "zipfile") == [("a", b"payload")]
    assert by_view(archive, "miniz") == []


def test_prepended_bytes_with_adjusted_offsets():
    archive = opened(build_zip(A, prefix=b"junk", shift=0))
    assert codes(archive) == {"zip-prepended"}
    assert by_view(archive, "miniz") == [("a", b"payload")]


def test_appended_bytes():
    archive = opened(build_zip(A, suffix=b"tail"))
    assert codes(archive) == {"zip-appended"}
    assert [size for _, size in archive.uncovered] == [4]


def test_hole_is_uncovered():
    archive = opened(build_zip(A, ZipEntry(b"b", b"second", before=b"in between")))
    assert [size for _, size in archive.uncovered] == [10]
    archive = opened(build_zip(A, before_end=b"behind the directory", end={}))
    assert [size for _, size in archive.uncovered][-1:] == [20] or archive.anomalies


def test_two_archives_behind_each_other():
    first, second = build_zip(A), build_zip(B)
    archive = opened(first + second)
    assert {"zip-multiple-eocd", "zip-prepended"} <= codes(archive)
    assert by_view(archive, "zipfile") == [("b", b"second")]
    assert {"a", "b"} <= {name for name, _ in by_view(archive, "lenient")}


def test_archive_in_the_comment():
    archive = opened(build_zip(A, comment=build_zip(B)))
    assert {"zip-comment-archive", "zip-multiple-eocd"} <= codes(archive)
    assert by_view(archive, "zipfile") == [("b", b"second")]
    assert ("a", b"payload") in by_view(archive, "lenient")


def test_overlap():
    archive = opened(overlapping_zip(10, b"x" * 1000))
    assert {"zip-overlap", "archive-duplicate-name"} <= codes(archive)
    assert len(archive.members) == 10


def test_many_anomalies_are_counted_not_listed():
    archive = opened(overlapping_zip(500, b"x"))
    overlaps = [one for one in archive.anomalies if one.code == "zip-overlap"]
    assert len(overlaps) == 51
    assert overlaps[-1].text == "and 449 more of the same"


def test_multidisk():
    body = local_header(A.fields()) + A.data
    directory = central_header(A.fields() | {"offset": 0})
    built = body + directory + end_record(1, len(directory), len(body), disk=3)
    assert codes(opened(built)) == {"zip-multidisk"}
    assert codes(opened(build_zip(ZipEntry(b"a", central={"disk": 2})))) == {"zip-multidisk"}


@pytest.mark.parametrize(
    "name",
    [b"/etc/passwd", b"C:\\x", b"C:/x", b"\\\\host\\share", b"//host/x", b"../x", b"a/../../x",
     b"..\\x", b"a\\..\\..\\x", b"a\0b", b"a/.."],
)  # fmt: skip
def test_name_escape(name):
    assert "archive-name-escape" in codes(opened(build_zip(ZipEntry(name, b"x"))))


@pytest.mark.parametrize("name", [b"w:0.npy", b"a..b", b"...", b"a/..b/c", b".hidden", b"a//b"])
def test_odd_but_harmless_names(name):
    assert codes(opened(build_zip(ZipEntry(name, b"x")))) == set()


def test_control_characters():
    assert codes(opened(build_zip(ZipEntry(b"a\nb", b"x")))) == {"archive-name-control"}


@pytest.mark.parametrize(
    ("target", "code"),
    [
        (b"other", "zip-symlink"),
        (b"../../etc", "archive-link-escape"),
        (b"/x", "archive-link-escape"),
    ],
)
def test_symlinks(target, code):
    archive = opened(build_zip(ZipEntry(b"a/l", target, external=0o120777 << 16)))
    assert codes(archive) == {code}
    assert archive.members[0].kind == "symlink"
    assert archive.members[0].link_target == target.decode()


@pytest.mark.parametrize("content", [b"cos\nsystem\n(Vx\ntR.", b'{"a": 1}', b"a" * 5000])
@pytest.mark.parametrize("form", [0o120777, 0o020666, 0o010666])
def test_content_that_is_no_path_is_a_file_whatever_the_mode(form, content):
    archive = opened(build_zip(ZipEntry(b"data.pkl", content, external=form << 16)))
    assert archive.members[0].kind == "file"
    assert codes(archive) <= {"zip-symlink", "archive-special-file"}
    assert archive.members[0].source.read_at(0, 9000) == content


def test_write_through_symlink():
    link = ZipEntry(b"l", b"/tmp", external=0o120777 << 16)
    archive = opened(build_zip(link, ZipEntry(b"l/x", b"1")))
    assert "archive-write-through-link" in codes(archive)


def test_device():
    archive = opened(build_zip(ZipEntry(b"d", external=0o020666 << 16)))
    assert codes(archive) == {"archive-special-file"}


def zip64(size_lie=0, at_lie=0):
    body = local_header(A.fields()) + A.data
    directory = central_header(A.fields() | {"offset": 0})
    at = len(body) + len(directory)
    wide = end64_records(1, len(directory), len(body), at + at_lie)
    return body + directory + wide + end_record(1, len(directory) + size_lie, len(body))


def test_zip64_agrees():
    archive = opened(zip64())
    assert archive.anomalies == () and archive.uncovered == ()


def test_zip64_mismatch():
    assert codes(opened(zip64(size_lie=5))) == {"zip64-mismatch"}
    missing = ZipEntry(b"a", b"x", central={"packed": 0xFFFFFFFF})
    assert "zip64-mismatch" in codes(opened(build_zip(missing)))


def test_two_zip64_records():
    fields = B.fields()
    other = local_header(fields) + B.data
    directory_b = central_header(fields | {"offset": 0})
    lead = other + directory_b + end64_records(1, len(directory_b), len(other), 0)[:56]
    body = lead + local_header(A.fields()) + A.data
    directory = central_header(A.fields() | {"offset": len(lead)})
    wide = end64_records(1, len(directory), len(body), len(other) + len(directory_b))
    built = body + directory + wide + end_record(0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF)
    archive = opened(built, "zip")
    assert "zip64-mismatch" in codes(archive)
    assert by_view(archive, "zipfile") == [("a", b"payload")]
    assert by_view(archive, "miniz") == [("b", b"second")]


def test_truncated_without_directory():
    built = build_zip(A, B)
    archive = opened(built[:60])
    assert "zip-truncated" in codes(archive)
    assert by_view(archive, "lenient")[0] == ("a", b"payload")


def test_member_behind_the_end():
    archive = opened(build_zip(A, ZipEntry(b"b", central={"offset": 10_000})))
    assert "zip-truncated" in codes(archive)
    assert "zip-no-local-header" in gaps(archive)


def test_entry_count():
    built = bytearray(build_zip(A, B))
    built[-14:-10] = b"\1\0\1\0"
    archive = opened(bytes(built))
    assert codes(archive) == {"zip-entry-count"}
    assert len(by_view(archive, "zipfile")) == 2
    assert len(by_view(archive, "miniz")) == 1


@pytest.mark.parametrize(("method", "code"), [(9, "unsupported-method"), (99, "encrypted")])
def test_unreadable_methods(method, code):
    archive = opened(build_zip(ZipEntry(b"a", b"data", method)))
    assert gaps(archive) == {code}
    assert archive.members[0].source is None


def test_lying_declared_size_is_noticed_while_reading():
    archive = opened(build_zip(ZipEntry(b"a", b"x" * 5000, 8, central={"size": 10})))
    source = archive.members[0].source
    assert source.read_at(0, 10) == b"x" * 10
    assert source.overrun
    assert source.size == 5000


def test_bombs_stop():
    bomb = build_zip(ZipEntry(b"a", bytes(40 << 20), 8))
    source = opened(bomb, budget=small_budget()).members[0].source
    with pytest.raises(LimitExceeded):
        source.exhaust()
    archive = opened(overlapping_zip(200, bytes(1 << 20)), budget=small_budget())
    with pytest.raises(LimitExceeded):
        for member in archive.members:
            member.source.exhaust()


def test_too_many_members():
    budget = small_budget()
    budget.counters.members = budget.limits.members - 1
    archive = opened(build_zip(A, B), budget=budget)
    assert len(archive.members) == 1
    assert gaps(archive) == {"limit-members"}


def test_what_is_no_zip():
    with pytest.raises(MalformedInput):
        registry.open_archive("zip", BytesSource(b"no archive at all"), small_budget())
    assert registry.recognise(BytesSource(b"text PK\5\6" + bytes(18))) is None


def test_zip_is_recognised_behind_a_prefix():
    data = b"\x80\x04N." + build_zip(A)
    assert registry.recognise(BytesSource(data)) == "zip"
    assert content(opened(data).members[0]) == b"payload"
