"""Archives of real writers have no anomaly, no gap and no uncovered byte."""

import io
import json
import time
import zipfile

import numpy
import pytest
from opening import by_view, content, contents, is_honest, opened

from builders.archives import ZipEntry, build_zip, deflate
from weighbridge.budget import Budget
from weighbridge.containers import registry
from weighbridge.sources.memory import SliceSource

FILES = {"a/": b"", "a/one.txt": b"one" * 999, "a/two.bin": bytes(range(256)), "empty": b""}
METHODS = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]


class Pipe(io.RawIOBase):
    """A target that cannot seek, so that writers stream with data descriptors."""

    def __init__(self):
        self.data = bytearray()

    def writable(self):
        return True

    def write(self, data):
        self.data += bytes(data)
        return len(data)


def written(method, target, **options):
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, data in FILES.items():
            if name.endswith("/"):
                archive.writestr(name, b"")
                continue
            with archive.open(name, "w", **options) as member:
                member.write(data)
    return bytes(target.data) if isinstance(target, Pipe) else target.getvalue()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("options", [{}, {"force_zip64": True}])
@pytest.mark.parametrize("target", [io.BytesIO, Pipe])
def test_zipfile_in_all_modes(method, options, target):
    data = written(method, target(), **options)
    archive = opened(data)
    assert is_honest(archive, data)
    assert archive.end == len(data)
    assert contents(archive) == FILES
    assert [name for name, _ in by_view(archive, "zipfile")] == list(FILES)
    assert [name for name, _ in by_view(archive, "miniz")] == list(FILES)


def test_comment_and_appended_members():
    target = io.BytesIO(written(zipfile.ZIP_DEFLATED, io.BytesIO()))
    with zipfile.ZipFile(target, "a") as archive:
        archive.writestr("later", b"more")
        archive.comment = b"an ordinary comment"
    assert is_honest(opened(target.getvalue()), target.getvalue())


def test_empty_archive():
    target = io.BytesIO()
    zipfile.ZipFile(target, "w").close()
    assert is_honest(opened(target.getvalue()), target.getvalue())


def test_stored_zip_inside_zip_is_no_second_archive():
    inner = written(zipfile.ZIP_STORED, io.BytesIO())
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("inner.zip", inner)
    archive = opened(target.getvalue())
    assert is_honest(archive, target.getvalue())
    assert contents(opened(content(archive.members[0]))) == FILES


def test_torch_checkpoint():
    torch = pytest.importorskip("torch", reason="torch writes the checkpoint")
    target = io.BytesIO()
    torch.save({"a": torch.zeros(1000), "b": [torch.ones(3), "text"]}, target)
    archive = opened(target.getvalue())
    assert is_honest(archive, target.getvalue())
    assert all(isinstance(member.source, SliceSource) for member in archive.members)
    assert any(member.name.endswith("/data.pkl") for member in archive.members)


def test_torchscript():
    torch = pytest.importorskip("torch", reason="torch writes the archive")
    target = io.BytesIO()
    torch.jit.save(torch.jit.trace(torch.nn.Linear(2, 2), torch.zeros(1, 2)), target)
    assert is_honest(opened(target.getvalue()), target.getvalue())


@pytest.mark.parametrize("save", [numpy.savez, numpy.savez_compressed])
def test_numpy(save):
    target = io.BytesIO()
    save(target, a=numpy.arange(1000), b=numpy.zeros((3, 4)))
    archive = opened(target.getvalue())
    assert is_honest(archive, target.getvalue())
    assert content(archive.members[0])[:6] == b"\x93NUMPY"


def test_keras_shape():
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": "3.0"}))
        archive.writestr("config.json", "{}")
        with archive.open("model.weights.h5", "w", force_zip64=True) as member:
            member.write(b"\x89HDF\r\n\x1a\n" + bytes(5000))
    assert is_honest(opened(target.getvalue()), target.getvalue())


def test_jar_shape():
    """The Java tools put an extra field into the first entry and stream the rest."""
    body = deflate(b"Manifest-Version: 1.0\r\n")
    data = b"Manifest-Version: 1.0\r\n"
    extra = b"\xfe\xca\x00\x00"
    silent = {"crc": 0, "packed": 0, "size": 0}
    entry = ZipEntry(b"META-INF/MANIFEST.MF", data, 8, flags=8, local=silent)
    sizes = entry.fields()
    descriptor = b"PK\7\x08" + b"".join(
        sizes[key].to_bytes(4, "little") for key in ("crc", "packed", "size")
    )
    first = ZipEntry(b"META-INF/", local={"extra": extra}, central={"extra": extra})
    entry = ZipEntry(entry.name, data, 8, 8, local=silent, descriptor=descriptor)
    assert len(body) == sizes["packed"]
    built = build_zip(first, entry)
    assert is_honest(opened(built), built)


def test_descriptor_without_signature():
    silent = {"crc": 0, "packed": 0, "size": 0}
    entry = ZipEntry(b"a", b"data", 0, 8)
    sizes = entry.fields()
    descriptor = b"".join(sizes[key].to_bytes(4, "little") for key in ("crc", "packed", "size"))
    built = build_zip(ZipEntry(b"a", b"data", 0, 8, local=silent, descriptor=descriptor))
    assert is_honest(opened(built), built)


def test_crafted_default_is_honest():
    built = build_zip(ZipEntry(b"a", b"data"), ZipEntry(b"b", b"data" * 100, 8))
    assert is_honest(opened(built), built)
    assert zipfile.ZipFile(io.BytesIO(built)).testzip() is None


def test_unicode_names():
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("größe/重み.bin", b"x")
    archive = opened(target.getvalue())
    assert is_honest(archive, target.getvalue())
    assert archive.members[0].name == "größe/重み.bin"


def test_many_members_are_fast():
    built = build_zip(*(ZipEntry(b"archive/data/%d" % index, b"x" * 8) for index in range(20_000)))
    began = time.process_time()
    archive = opened(built)
    assert time.process_time() - began < 3
    assert len(archive.members) == 20_000
    assert is_honest(archive, built)


class Sparse:
    """A source of many GiB of which only the edges exist, and which counts what is read."""

    def __init__(self, head, hole, tail):
        self.parts, self.size, self.read = (head, tail), len(head) + hole + len(tail), 0

    def read_at(self, offset, count):
        count = max(0, min(count, self.size - offset))
        self.read += count
        head, tail = self.parts
        window = bytearray(count)
        for start, part in ((0, head), (self.size - len(tail), tail)):
            low, high = max(offset, start), min(offset + count, start + len(part))
            if low < high:
                window[low - offset : high - offset] = part[low - start : high - start]
        return bytes(window)


def test_large_stored_member_is_not_read():
    hole = 3 << 30
    entry = ZipEntry(b"data/0", b"", local={"packed": hole, "size": hole, "crc": 0})
    built = build_zip(
        ZipEntry(b"data/0", b"", local=entry.local, central=entry.local), end={"offset": hole + 36}
    )
    source = Sparse(built[:36], hole, built[36:])
    archive = registry.open_archive("zip", source, Budget())
    assert archive.anomalies == () and archive.uncovered == ()
    assert archive.members[0].source.size == hole
    assert source.read < 200_000
