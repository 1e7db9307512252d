"""The same kinds of model, each with an inert trap in it.

The traps are written as a real attacker would write them: an object whose ``__reduce__`` names a
function and its arguments. Pickling it stores the call and runs nothing; whoever unpickles the
file makes the call. The command is always ``echo weighbridge-demo``.
"""

from __future__ import annotations

import base64
import builtins
import importlib.util
import os
import pickle
import zipfile
import zlib
from pathlib import Path

import honest

COMMAND = "echo weighbridge-demo"


class Trap:
    """Pickles as a call of `function`."""

    def __init__(self, function, *arguments) -> None:
        self._call = function, arguments

    def __reduce__(self):
        """Return the call that loading would make."""
        return self._call


def save(folder: Path) -> None:
    """Save one file for each kind of trap."""
    _in_an_attribute(folder)
    _in_a_compressed_joblib_file(folder)
    _in_an_object_array(folder)
    _behind_an_honest_pickle(folder)
    _encoded(folder)
    _under_a_safe_name(folder)
    checkpoint(folder)
    if importlib.util.find_spec("torch"):
        _in_a_real_checkpoint(folder)


def _in_an_attribute(folder: Path) -> None:
    """A pipeline that works as before, with one attribute more."""
    model = honest.pipeline()
    model.extra_ = Trap(os.system, COMMAND)
    (folder / "pipeline.pkl").write_bytes(pickle.dumps(model))


def _in_a_compressed_joblib_file(folder: Path) -> None:
    import joblib

    model = honest.pipeline()
    model.extra_ = Trap(os.popen, COMMAND)
    joblib.dump(model, folder / "pipeline.joblib", compress=("lzma", 3))


def _in_an_object_array(folder: Path) -> None:
    import numpy

    array = numpy.array([1.0, Trap(os.system, COMMAND)], dtype=object)
    numpy.save(folder / "embeddings.npy", array, allow_pickle=True)


def _behind_an_honest_pickle(folder: Path) -> None:
    """Two pickles one after the other, as some programs write them."""
    first = pickle.dumps(honest.frame())
    (folder / "table.pkl").write_bytes(first + pickle.dumps(Trap(os.system, COMMAND)))


def _encoded(folder: Path) -> None:
    """Source text, compressed and in base64, for `exec`; protocol 0, all printable."""
    source = f"import os; os.system({COMMAND!r})".encode()
    text = Trap(zlib.decompress, Trap(base64.b64decode, base64.b64encode(zlib.compress(source))))
    (folder / "encoded.pkl").write_bytes(pickle.dumps(Trap(builtins.exec, text), protocol=0))


def _under_a_safe_name(folder: Path) -> None:
    """A pickle that is called safetensors."""
    (folder / "model.safetensors").write_bytes(pickle.dumps(Trap(os.system, COMMAND)))


def checkpoint(folder: Path) -> None:
    """A zip as PyTorch writes it, made without PyTorch."""
    state = {"epoch": 3, "hook": Trap(os.system, COMMAND)}
    with zipfile.ZipFile(folder / "checkpoint.pt", "w") as archive:
        archive.writestr("checkpoint/data.pkl", pickle.dumps(state, protocol=2))
        archive.writestr("checkpoint/byteorder", "little")
        archive.writestr("checkpoint/version", "3\n")


def _in_a_real_checkpoint(folder: Path) -> None:
    import torch

    state = {"weight": torch.ones(4, 4), "extra": Trap(os.system, COMMAND)}
    torch.save(state, folder / "pytorch_model.bin")
