"""Arrays: joblib with every compressor, .npy of every version, each read to its very end."""

from __future__ import annotations

import struct
import warnings

import pytest
from formats_judging import called, facts_of, formats, gaps, payloads, verdict
from samples import arrays, joblib_file, npy

from builders.pickles import SHELL
from weighbridge.facts.pickles import Stream

np = pytest.importorskip("numpy")
NAMES = sorted(arrays())
COMPRESSORS = ("zlib", "gzip", "bz2", "lzma", "xz", "lz4")


def _assert_whole(data: bytes) -> None:
    facts = facts_of(data)
    assert gaps(facts) == set()
    outer = [f for f in facts if isinstance(f, Stream) and f.origin != "array"]
    assert len(outer) == 1
    assert outer[0].error is None


@pytest.mark.parametrize("name", NAMES)
def test_joblib_ends_exactly_at_the_end_of_the_file(name):
    data = joblib_file({"before": 1, "w": arrays()[name], "after": [arrays()["float"], "z"]})
    _assert_whole(data)
    outer = [f for f in facts_of(data) if isinstance(f, Stream) and f.origin != "array"]
    assert outer[0].end == len(data)
    assert verdict(data) == "clean"


@pytest.mark.parametrize("name", COMPRESSORS)
def test_joblib_with_every_compressor(name):
    pytest.importorskip("lz4")
    data = joblib_file({"a": arrays()["float"], "o": arrays()["objects"]}, (name, 3))
    _assert_whole(data)
    assert verdict(data) == "clean"


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_joblib_with_every_protocol(protocol):
    import io

    import joblib

    out = io.BytesIO()
    joblib.dump([arrays()["records"], arrays()["objects"]], out, protocol=protocol)
    _assert_whole(out.getvalue())


def test_nested_estimators():
    pytest.importorskip("sklearn")
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    x = np.random.default_rng(0).normal(size=(40, 3))
    model = make_pipeline(StandardScaler(), RandomForestClassifier(4, random_state=0))
    model.fit(x, x[:, 0] > 0)
    for compress in (0, 3):
        data = joblib_file(model, compress)
        _assert_whole(data)
        assert verdict(data) == "clean"


def test_a_payload_in_an_object_array_of_joblib():
    """The pickle of an object array stands between the opcodes of the outer one."""
    data = joblib_file({"o": arrays()["objects"], "x": "y"})
    facts = facts_of(data)
    inner = next(f for f in facts if isinstance(f, Stream) and f.origin == "array")
    twisted = data[: inner.offset] + SHELL + b"N." + data[inner.end :]
    assert "os.system" in called(facts_of(twisted))
    assert verdict(twisted) == "malicious"


def test_a_payload_behind_an_array_of_joblib():
    data = joblib_file({"w": arrays()["float"], "x": "y"})
    assert verdict(data[:-1] + b"0" + SHELL + b"N.") == "malicious"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("version", [None, (1, 0), (2, 0), (3, 0)])
def test_npy_of_every_version(name, version):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about versions that old readers do not know
        data = npy(arrays()[name], version)
    assert formats(facts_of(data)) == ["npy"]
    assert verdict(data) == "clean"
    assert gaps(facts_of(data + b"behind")) == {"malformed-trailing-bytes"} or "text" in str(
        facts_of(data + b"behind")
    )


def test_an_object_array_runs_what_it_holds():
    data = npy(arrays()["objects"])
    start = data.index(b"\n") + 1
    assert verdict(data[:start] + SHELL + b"N.") == "malicious"


def _header(text: str, version: int = 1) -> bytes:
    raw = text.encode()
    size = struct.pack("<H" if version == 1 else "<I", len(raw))
    return b"\x93NUMPY" + bytes([version, 0]) + size + raw


DEEP = "[('a', " * 40 + "'<f8'" + ")]" * 40


@pytest.mark.parametrize(
    "header",
    [
        "", "{", "[]", "{'descr': '<f8'}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (True,)}", "(" * 5000,
        "{'descr': 'what', 'fortran_order': False, 'shape': (1,)}", "__import__('os').system('id')",
        "{'descr': [('a',)], 'fortran_order': False, 'shape': (1,)}", "-" * 5000 + "1",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (9" + "9" * 4000 + ",)}",
        "{'fortran_order': False, 'shape': (), 'descr': " + DEEP + "}",
    ],
)  # fmt: skip
def test_a_header_that_numpy_refuses_is_a_gap(header):
    for version in (1, 2, 3):
        assert gaps(facts_of(_header(header, version)))


def test_a_header_longer_than_the_file():
    assert gaps(facts_of(b"\x93NUMPY\2\0" + b"\xff" * 4 + b"{}"))


def test_payloads_of_arrays_are_none():
    assert payloads(facts_of(npy(arrays()["uint8"]))) == []
