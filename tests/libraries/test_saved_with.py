"""Which library wrote a file, as the file itself says."""

from __future__ import annotations

import io
import pickle
import tarfile
from pathlib import Path

import pytest
from evals.protobufs import message
from test_collecting import versions

CHECKPOINT = {"epoch": 1, "global_step": 10, "pytorch-lightning_version": "2.4.0", "state_dict": {}}
TRAINED = {
    "epoch": -1, "model": None, "train_args": {"imgsz": 640}, "date": "2025-01-02T03:04:05",
    "version": "8.3.40", "license": "AGPL-3.0", "docs": "https://docs.ultralytics.com",
}  # fmt: skip
IR = """<?xml version="1.0"?>
<net name="m" version="11">
<layers><layer id="0" name="x" type="Parameter" version="opset1"/></layers><edges/>
<rt_info><Runtime_version value="2024.6.0-17404-4c0f47d2335-releases/2024/6"/></rt_info>
</net>
"""


def saved(place: Path) -> dict[str, str | None]:
    return versions(place, "saved-with")


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_checkpoint_of_lightning(tmp_path: Path, protocol: int) -> None:
    (tmp_path / "last.ckpt").write_bytes(pickle.dumps(CHECKPOINT, protocol))
    assert saved(tmp_path) == {"pytorch-lightning": "2.4.0"}


def test_a_checkpoint_of_ultralytics(tmp_path: Path) -> None:
    (tmp_path / "best.pt").write_bytes(pickle.dumps(TRAINED, 2))
    assert saved(tmp_path) == {"ultralytics": "8.3.40"}


@pytest.mark.parametrize(
    "value",
    [
        {"version": "1.0", "date": "today"},
        {"pytorch-lightning_version": "of mine"},
        {"pytorch-lightning_version": "9" * 500},
        [CHECKPOINT],
    ],
)
def test_others_say_nothing(tmp_path: Path, value: object) -> None:
    (tmp_path / "m.pkl").write_bytes(pickle.dumps(value))
    assert saved(tmp_path) == {}


def test_openvino(tmp_path: Path) -> None:
    (tmp_path / "model.xml").write_text(IR)
    (tmp_path / "model.bin").write_bytes(b"")
    assert saved(tmp_path) == {"openvino": "2024.6.0"}


def test_nemo(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "model.nemo", "w") as archive:
        text = b"target: nemo.collections.asr.models.EncDecCTCModel\nnemo_version: 1.23.0\n"
        entry = tarfile.TarInfo("model_config.yaml")
        entry.size = len(text)
        archive.addfile(entry, io.BytesIO(text))
    assert saved(tmp_path) == {"nemo-toolkit": "1.23.0"}


def test_core_ml(tmp_path: Path) -> None:
    own = message((1, "com.github.apple.coremltools.version"), (2, "8.1"))
    about = message((100, message((4, "mit"), (100, own))))
    (tmp_path / "m.mlmodel").write_bytes(message((1, 5), (2, about), (300, b"")))
    assert saved(tmp_path) == {"coremltools": "8.1"}
