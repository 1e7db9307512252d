"""Files that older releases of joblib write: one folder for each release that was installed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from formats.scanning import scan_file
from weighbridge.findings.model import Verdict

pytestmark = [pytest.mark.frameworks, pytest.mark.slow]
RELEASES = sorted(Path(sys.prefix, "older").glob("joblib==*")) or [Path("none")]
SAVER = """
import os, sys
import numpy as np
import joblib

class Trap:
    def __reduce__(self):
        return os.system, ("echo weighbridge",)

arrays = {"w": np.arange(1000.0).reshape(10, 100), "o": np.array([1, "a", None], dtype=object)}
for name, value in (("honest", arrays), ("trapped", {**arrays, "z": Trap()})):
    joblib.dump(value, f"{name}.joblib")
    for method in ("zlib", "gzip", "bz2", "lzma", "xz"):
        joblib.dump(value, f"{name}.joblib.{method}", compress=(method, 3))
"""


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.name)
def test_an_older_release(release, tmp_path):
    if not release.is_dir():
        pytest.skip("no older joblib is installed (make test-frameworks installs some)")
    subprocess.run(
        [sys.executable, "-c", SAVER],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(release)},
        check=True,
        timeout=120,
    )
    verdicts = {path.name: scan_file(path).verdict for path in tmp_path.iterdir()}
    assert len(verdicts) == 12
    for name, verdict in verdicts.items():
        trapped = name.startswith("trapped")
        assert verdict is (Verdict.MALICIOUS if trapped else Verdict.CLEAN), name
