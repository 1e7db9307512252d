"""Whatever the bytes, the walker ends soon, in nothing but the three errors."""

from __future__ import annotations

import struct
import time

import pytest
from hdf5_samples import Seen, written

from weighbridge.errors import ParseError

hypothesis = pytest.importorskip("hypothesis", reason="hypothesis makes the files")
from hypothesis import HealthCheck, given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

SIGNATURE = b"\x89HDF\r\n\x1a\n"
MANY = settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)


def _samples() -> list[bytes]:
    h5py = pytest.importorskip("h5py", reason="h5py writes the files")
    import numpy as np

    def fill(file):
        file.attrs["model_config"] = "{}" * 3000
        file["soft"] = h5py.SoftLink("/a")
        file["out"] = h5py.ExternalLink("o.h5", "/")
        for number in range(40):
            file.create_group(f"a/b{number}").attrs["t"] = np.bytes_(b"text")
        for number in range(30):
            file["a"].attrs[f"attribute-{number}"] = "value" * 20
        file.create_dataset("d", data=np.arange(1000.0), chunks=(10,), compression="gzip")
        file.create_dataset("e", data=np.arange(10.0), maxshape=(None,), chunks=(2,))
        layout = h5py.VirtualLayout((2, 10), "f4")
        layout[0] = h5py.VirtualSource("first.h5", "a", (10,))
        file.create_virtual_dataset("virtual", layout)

    return [written(fill, libver=libver) for libver in ("earliest", "latest")]


@pytest.fixture(scope="module")
def honest():
    return _samples()


def _ends(data: bytes) -> Seen:
    began = time.process_time()
    seen = Seen(data)
    assert time.process_time() - began < 5
    assert seen.failure is None or isinstance(seen.failure, ParseError)
    return seen


@MANY
@given(data=st.data())
def test_flipped_bytes(honest, data):
    changed = bytearray(data.draw(st.sampled_from(honest)))
    for _ in range(data.draw(st.integers(1, 20))):
        at = data.draw(st.integers(8, len(changed) - 1))
        changed[at] = data.draw(st.integers(0, 255))
    _ends(bytes(changed))


@MANY
@given(data=st.data())
def test_replaced_words(honest, data):
    changed = bytearray(data.draw(st.sampled_from(honest)))
    words = st.sampled_from((0, 1, 7, 96, 512, 2048, len(changed), (1 << 63) - 1, (1 << 64) - 2))
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(1, len(changed) // 8 - 1)) * 8
        changed[at : at + 8] = struct.pack("<Q", data.draw(words))
    _ends(bytes(changed))


@MANY
@given(data=st.data())
def test_truncations(honest, data):
    whole = data.draw(st.sampled_from(honest))
    _ends(whole[: data.draw(st.integers(8, len(whole) - 1))])


@MANY
@given(st.binary(max_size=2000))
def test_anything_behind_a_signature(rest):
    _ends(SIGNATURE + rest)


@pytest.mark.parametrize("version", (b"\0", b"\2", b"\3", b"\4", b"\xff"))
def test_every_superblock_version_ends(version):
    assert _ends(SIGNATURE + version + bytes(200)).failure is not None


def _header(*messages: tuple[int, bytes]) -> bytes:
    body = b""
    for kind, data in messages:
        data += bytes(-len(data) % 8)
        body += struct.pack("<HHB3x", kind, len(data), 0) + data
    return struct.pack("<BxHLL4x", 1, len(messages), 1, len(body)) + body


def _file(*messages: tuple[int, bytes], tail: bytes = b"") -> bytes:
    """Return a version 2 superblock and a root header at 48."""
    none = (1 << 64) - 1
    block = SIGNATURE + bytes((2, 8, 8, 0)) + struct.pack("<QQQQL", 0, none, 1 << 20, 48, 0)
    return block + _header(*messages) + tail


def test_a_continuation_to_itself():
    seen = _ends(_file((0x10, struct.pack("<QQ", 64, 24))))
    assert [error.code for _path, error in seen.outline.errors] == ["hdf5-cycle"]


def test_a_group_within_itself():
    link = bytes((1, 0, 1)) + b"a" + struct.pack("<Q", 48)
    seen = _ends(_file((0x06, link)))
    assert seen.whole and seen.outline.objects == 1


def test_a_tree_that_leads_to_itself():
    heap = b"HEAP" + bytes(4) + struct.pack("<QQQ", 8, 1, 500)
    messages = ((0x11, struct.pack("<QQ", 200, 300)),)
    made = bytearray(_file(*messages).ljust(600, b"\0"))
    tree = b"TREE" + struct.pack("<BBHQQ", 0, 1, 2, 0, 0) + struct.pack("<QQQQQ", 0, 200, 0, 200, 0)
    made[200 : 200 + len(tree)] = tree
    made[300 : 300 + len(heap)] = heap
    seen = _ends(bytes(made))
    assert {error.code for _path, error in seen.outline.errors} <= {"hdf5-cycle", "hdf5-tree"}
    assert seen.outline.errors


def test_an_address_outside_the_file():
    seen = _ends(_file((0x11, struct.pack("<QQ", 1 << 50, 1 << 51))))
    assert [error.code for _path, error in seen.outline.errors] == ["hdf5-address"]


def test_a_dataspace_of_two_hundred_dimensions():
    space = bytes((1, 200, 0)) + bytes(5) + struct.pack("<Q", 1 << 60) * 200
    seen = _ends(_file((0x01, space)))
    assert [error.code for _path, error in seen.outline.errors] == ["hdf5-dataspace"]
