"""Files that older releases of Keras write: one folder for each release that was installed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from formats.scanning import scan_file
from weighbridge.findings.model import Verdict

pytestmark = [pytest.mark.frameworks, pytest.mark.slow]
RELEASES = sorted(Path(sys.prefix, "older").glob("*keras==*")) or [Path("none")]
SAVER = Path(__file__).with_name("keras_model_saver.py")
EXPECTED = {"weakness": Verdict.WEAKNESS, "malicious": Verdict.MALICIOUS}


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.name)
def test_an_older_release(release, tmp_path):
    if not release.is_dir():
        pytest.skip("no older Keras is installed (make test-frameworks installs some)")
    pytest.importorskip("tensorflow", reason="they compute with TensorFlow")
    name = "tf_keras" if (release / "tf_keras").is_dir() else "keras"
    environment = {**os.environ, "PYTHONPATH": str(release)}
    done = subprocess.run(
        [sys.executable, str(SAVER), name],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    saved = sorted(tmp_path.iterdir())
    assert len(saved) == 13
    wrong = {}
    for path in saved:
        weights_only = path.name.endswith(".weights.h5")
        word = "" if weights_only else path.name.partition("-")[0]
        answer = scan_file(path)
        if answer.verdict is not EXPECTED.get(word, Verdict.CLEAN):
            wrong[path.name] = (answer.verdict, answer.findings)
    assert not wrong
