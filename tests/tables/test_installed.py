"""The tables against libraries that happen to be installed."""

import importlib

import pytest

from weighbridge.tables import reader
from weighbridge.tables.weights_only import weights_only_allows, weights_only_names

BENIGN = ("module", "name", "use", "framework", "source", "reason")


def resolves(module, name):
    """Say whether a name can be reached, touching nothing else."""
    try:
        found = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError):
        return False
    return True


def test_weights_only_list_equals_that_of_torch():
    unpickler = pytest.importorskip("torch._weights_only_unpickler", reason="torch is absent")
    ours, theirs = weights_only_names(), set(unpickler._get_allowed_globals())
    later = {name for name in ours if "distributed.tensor" in name or "nested" in name}
    later |= {"torch._dynamo.decorators._DimRange", "torch.distributed.device_mesh.DeviceMesh"}
    assert theirs - ours == set()
    assert ours - later == theirs - later


def test_weights_only_refuses_what_is_not_listed():
    assert weights_only_allows("torch._utils", "_rebuild_tensor_v2")
    assert not weights_only_allows("os", "system")
    assert not weights_only_allows("torch.nn.modules.linear", "Linear")


@pytest.mark.parametrize("package", ["collections", "numpy", "scipy", "sklearn", "pandas", "torch"])
def test_observed_benign_rows_resolve(package):
    pytest.importorskip(package, reason=f"{package} is absent")
    observed = [
        (row[0], row[1])
        for row in reader.rows("benign.tsv", *BENIGN)
        if row[0].split(".")[0] == package and row[4].startswith("observed") and row[1] != "*"
    ]
    # Importing everything would take minutes; every twentieth row shows a table gone stale. Another
    # release of the library may have moved a few names.
    sample = observed[::20]
    missing = [key for key in sample if not resolves(*key)]
    assert sample and len(missing) <= len(sample) // 3, missing
