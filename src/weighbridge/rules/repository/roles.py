"""What each file of a repository is for, seen beside the others.

The role counts for what is said about a file, never for whether it is looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from weighbridge.rules.repository.model import Repository, RepositoryFile
from weighbridge.rules.repository.reached import LONE, Reached

# Weights that the ordinary loader leaves alone while its own are there: names by framework.
_OTHER_FRAMEWORKS = (
    "tf_model*.h5",
    "flax_model*.msgpack",
    "rust_model.ot",
    "openvino_*.bin",
    "*.onnx",
    "*.gguf",
    "*.tflite",
    "*.mlmodel",
)
_PICKLED = ("pytorch_model*.bin", "diffusion_pytorch_model*.bin", "adapter_model*.bin")
_OWN = ("*.safetensors", *_PICKLED)


def roles(repository: Repository, code: dict[str, Reached]) -> Iterator[tuple[str, str]]:
    """Yield path and role of the files whose name alone does not tell it."""
    own = {file.folder for file in repository.files if _is(file, _OWN)}
    safe = {file.folder for file in repository.files if _is(file, ("*.safetensors",))}
    for file in repository.files:
        script = file.script
        if script is not None:
            reach = code.get(file.path)
            run = reach is not None and reach.loader != LONE
            yield file.path, "code" if run else "script"
        elif file.format == "script":
            yield file.path, "script"
        elif _is(file, _OTHER_FRAMEWORKS):
            if own & {file.folder, _parent(file)}:
                yield file.path, "alternative-weights"
        elif _is(file, _PICKLED) and file.folder in safe:
            yield file.path, "alternative-weights"


def _is(file: RepositoryFile, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(file.name, pattern) for pattern in patterns)


def _parent(file: RepositoryFile) -> str:
    return file.folder.rpartition("/")[0]
