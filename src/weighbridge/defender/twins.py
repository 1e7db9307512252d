"""Finds the safetensors twin of a pickled checkpoint, so that a user can load that instead."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from posixpath import split, splitext

from weighbridge.findings.model import CoverageNote, FileReport, Verdict

_PICKLED = frozenset({"pickle", "pytorch-zip", "pytorch-legacy", "pytorch-tar"})
_SHARD = re.compile(r"-\d{5}-of-\d{5}$")


def with_twins(files: Iterable[FileReport]) -> tuple[FileReport, ...]:
    """Return the reports, with a note on each pickle that has a safetensors twin in its folder."""
    files = tuple(files)
    safe = {
        _key(file.path): file.path
        for file in files
        if file.format == "safetensors" and file.verdict is Verdict.CLEAN
    }
    if not safe:
        return files
    return tuple(_noted(file, safe) for file in files)


def _noted(file: FileReport, safe: dict[tuple[str, str], str]) -> FileReport:
    twin = safe.get(_key(file.path)) if file.format in _PICKLED else None
    if twin is None:
        return file
    text = f"{split(twin)[1]} in the same folder holds weights without code: load that instead"
    return replace(file, notes=(CoverageNote("safe-twin", text, None), *file.notes))


def _key(path: str) -> tuple[str, str]:
    """Return folder and base name: `pytorch_model-00001-of-00002.bin` goes with `model`."""
    folder, name = split(path)
    return folder, _SHARD.sub("", splitext(name)[0]).removeprefix("pytorch_")
