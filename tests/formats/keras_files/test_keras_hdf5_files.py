"""HDF5 files as carriers: links to other files, user blocks, pickled attributes."""

from __future__ import annotations

import pickle

import pytest
from keras_samples import external_link, h5_model, hdf5, keras_zip, layer, legacy, model, soft_link

from formats.scanning import scan
from weighbridge.findings.model import Verdict

DENSE = layer("Dense", {"units": 4})


class Hostile:
    def __reduce__(self):
        import os

        return os.system, ("echo x",)


def test_an_external_link_in_weights_is_malicious():
    data = hdf5(external_link("layers", "/etc/passwd"))
    for made in (
        data,
        keras_zip(model(DENSE), data),
        hdf5(external_link("x", "y"), layer_names="a"),
    ):
        scanned = scan(made)
        assert scanned.verdict is Verdict.MALICIOUS
        assert scanned.effects == {"file_read"}
        assert "keras.models.load_model" in scanned.findings[0].loaders


@pytest.mark.parametrize(
    ("target", "verdict"),
    (
        ("other.h5", Verdict.WEAKNESS),
        ("/etc/passwd", Verdict.SUSPICIOUS),
        ("../x.h5", Verdict.SUSPICIOUS),
        ("s3://bucket/x.h5", Verdict.SUSPICIOUS),
    ),
)
def test_elsewhere_the_path_decides(target, verdict):
    assert scan(hdf5(external_link("data", target))).verdict is verdict


def test_soft_links_within_the_file_are_ordinary():
    assert scan(hdf5(soft_link("layers", "/vars"))).verdict is Verdict.CLEAN


def test_one_finding_for_one_target():
    links = [external_link(f"l{n}", "/etc/passwd", f"/{n}") for n in range(20)]
    findings = scan(hdf5(*links, layer_names="x")).findings
    assert len(findings) == 1 and findings[0].evidence["count"] == 20


@pytest.mark.parametrize("protocol", (0, 2, 4))
def test_pickled_attributes_of_pytables(protocol):
    hostile, harmless = pickle.dumps(Hostile(), protocol), pickle.dumps([1, "a"], protocol)
    scanned = scan(hdf5(TITLE="x", FILTERS=hostile))
    assert scanned.verdict is Verdict.MALICIOUS
    assert "tables.open_file" in scanned.findings[0].loaders
    assert scan(hdf5(TITLE="x", FILTERS=harmless)).verdict is Verdict.CLEAN


def test_pickled_arrays_are_said_not_to_be_read():
    assert "unsupported-pickled-array" in scan(hdf5(PSEUDOATOM="object")).gaps


class TestUserBlock:
    FILE = h5_model(legacy(DENSE))

    def test_zeros(self):
        assert scan(bytes(512) + self.FILE).verdict is Verdict.CLEAN

    def test_matlab(self):
        assert scan(b"MATLAB 7.3 MAT-file, Platform".ljust(2048, b"\0") + self.FILE).gaps == []

    def test_a_pickle_is_examined_to_its_end(self):
        stream = pickle.dumps({"filler": b"a" * 400}, 4)[:-2]
        body = b"\x80\x04C\xf8" + b"a" * 248 + b"0" + b"B\xf7\x0f\x00\x00"
        head = body + bytes(512 - len(body)) + self.FILE
        rest = 512 - len(body) + 0xFF7 - (512 - len(body))
        whole = (head.ljust(len(body) + rest, b"\0"))[: len(body) + rest]
        whole += b"0" + pickle.dumps(Hostile(), 4)
        scanned = scan(whole)
        assert stream and scanned.verdict is Verdict.MALICIOUS

    def test_unknown_bytes(self):
        scanned = scan(bytes(range(1, 129)) * 4 + self.FILE)
        assert "hdf5-user-block" in {a for f in scanned.findings for a in f.evidence["symbols"]}


def test_trailing_bytes():
    scanned = scan(h5_model(legacy(DENSE)) + pickle.dumps(Hostile(), 4))
    assert scanned.verdict is Verdict.MALICIOUS


def test_truncation_is_a_gap():
    assert any(code.startswith("malformed") for code in scan(h5_model(legacy(DENSE))[:-40]).gaps)
