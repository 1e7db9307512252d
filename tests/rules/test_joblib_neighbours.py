"""Arrays that joblib before 0.10 kept in files beside the pickle."""

import pytest
from evals.opcodes import Build, call, pickled
from judging import findings

from weighbridge.findings.model import Kind

MODULES = ("joblib.numpy_pickle", "joblib.numpy_pickle_compat")


def wrapper(module, filename):
    made = call(f"{module}.NDArrayWrapper", how="NEWOBJ")
    return pickled(Build(made, {"filename": filename, "allow_mmap": True}))


@pytest.mark.parametrize("module", MODULES)
def test_a_file_beside_the_pickle_is_ordinary(module):
    assert not findings(wrapper(module, "model.pkl_01.npy"))


@pytest.mark.parametrize("filename", ["../x.npy", "/tmp/x.npy", "C:\\\\x.npy", "a/b.npy", 7])
@pytest.mark.parametrize("module", MODULES)
def test_any_other_file_is_not(module, filename):
    (finding,) = findings(wrapper(module, filename))
    assert finding.kind is Kind.MALICIOUS and finding.evidence["effects"] == ["file_read"]
