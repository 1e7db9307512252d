"""Judges a path that a model names: does it stay in the model's own folder?"""

from __future__ import annotations

import re

_SCHEME = re.compile(r"\s*([A-Za-z][A-Za-z0-9+.-]{1,20})://")
_DRIVE = re.compile(r"[A-Za-z]:[\\/]")
# TensorFlow's own file system in memory, and message types that it has itself or is given as text
# (decode_proto_op.cc): nothing leaves the process.
_IN_MEMORY = frozenset({"ram", "local", "bytes"})
# ONNX Runtime marks tensors that are in its own memory with this location.
_ADDRESS = "_ORT_MEM_ADDR_"


def foreign(path: str) -> str | None:
    """Return why the path leads out of the model's folder, or None when it does not."""
    if _ADDRESS in path:
        return "is a memory address of the runtime"
    if "\x00" in path:
        return "contains a NUL, at which some readers cut it"
    scheme = _SCHEME.match(path)
    if scheme is not None:
        name = scheme[1].lower()
        if name in _IN_MEMORY:
            return None
        return "is an absolute path" if name == "file" else f"is remote ({name}://)"
    if path.startswith(("\\\\", "//")):
        return "is a network path"
    if path.startswith(("/", "\\")):
        return "is an absolute path"
    if _DRIVE.match(path):
        return "begins with a drive letter"
    if ".." in path and ".." in re.split(r"[\\/]", path):
        return "contains a '..' component"
    return None


def remote(path: str) -> bool:
    """Say whether the path names another machine."""
    scheme = _SCHEME.match(path)
    return scheme is not None and scheme[1].lower() not in (*_IN_MEMORY, "file")
