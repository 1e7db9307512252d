"""Checkpoints of torch: what the pickle declares against what the archive holds."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import pytest
from formats_judging import called, facts_of, gaps, verdict
from samples import torch_file

from builders.pickles import SHELL
from weighbridge.facts.structure import Anomaly

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.frameworks

DTYPES = (
    "float32 float64 float16 bfloat16 int8 int16 int32 int64 uint8 bool complex64 complex128 "
    "uint16 uint32 uint64 float8_e4m3fn float8_e5m2"
).split()


def _codes(data: bytes) -> set[str]:
    return {fact.code for fact in facts_of(data) if isinstance(fact, Anomaly)}


def _rewritten(data: bytes, change: Callable[[str, bytes], bytes | None]) -> bytes:
    """Return the archive with every member passed through `change`; None drops it."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for member in old.infolist():
            content = change(member.filename, old.read(member))
            if content is not None:
                new.writestr(member.filename, content)
    return out.getvalue()


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("name", DTYPES)
def test_every_dtype_is_clean(name, zipped):
    tensor = torch.zeros(2, 3).to(getattr(torch, name))
    data = torch_file({"w": tensor, "view": tensor[1:], "t": tensor.t()}, zipped)
    assert _codes(data) == set()
    assert verdict(data) == "clean"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda name, raw: raw[:-4] if name.endswith("data/0") else raw, "torch-storage-short"),
        (lambda name, raw: raw + b"more" if name.endswith("data/0") else raw, "torch-storage-long"),
        (lambda name, raw: None if name.endswith("data/0") else raw, "torch-storage-missing"),
    ],
)
def test_a_record_that_does_not_fit_its_storage(change, code):
    data = _rewritten(torch_file({"w": torch.ones(8)}), change)
    assert code in _codes(data)
    assert verdict(data) != "clean"


def test_a_record_that_nothing_refers_to():
    data = torch_file({"w": torch.ones(8)})
    out = io.BytesIO(data)
    with zipfile.ZipFile(out, "a") as archive:
        root = archive.namelist()[0].split("/")[0]
        archive.writestr(f"{root}/data/77", b"\x01" * 32)
    assert "torch-surplus-record" in _codes(out.getvalue())


def test_a_view_beyond_its_storage():
    data = torch_file({"w": torch.ones(8)}, zipped=False)
    assert data.count(b"K\x08\x85") == 1  # the shape (8,)
    assert "torch-tensor-bounds" in _codes(data.replace(b"K\x08\x85", b"K\x7f\x85"))


@pytest.mark.parametrize("zipped", [True, False])
def test_a_payload_in_front_of_the_state(zipped):
    data = torch_file({"w": torch.ones(8)}, zipped)
    marker = b"\x80\x02}q\x00"
    if zipped:
        data = _rewritten(data, lambda n, raw: raw.replace(marker, marker + SHELL, 1))
    else:
        data = data.replace(b"}q\x00X\x01\x00\x00\x00w", SHELL + b"}q\x00X\x01\x00\x00\x00w", 1)
    assert "os.system" in called(facts_of(data))
    assert verdict(data) == "malicious"


def test_bytes_behind_the_last_storage_of_a_legacy_file():
    data = torch_file({"w": torch.ones(8)}, zipped=False)
    assert gaps(facts_of(data)) == set()
    assert verdict(data + b"\x80\x04" + SHELL + b"N.") == "malicious"
    assert verdict(data + b"\x17" * 100) != "clean"
