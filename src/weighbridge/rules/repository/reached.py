"""Which Python files a loader runs, and what leads it to them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from posixpath import join, normpath, splitext

from weighbridge.facts.repository import Reference, Script
from weighbridge.rules.repository.model import Repository, RepositoryFile

TRANSFORMERS = "transformers.AutoModel.from_pretrained(trust_remote_code=True)"
_DIFFUSERS = "diffusers.DiffusionPipeline.from_pretrained(custom_pipeline=...)"
_SENTENCES = "sentence_transformers.SentenceTransformer(trust_remote_code=True)"
_MLFLOW = "mlflow.pyfunc.load_model"
_OF_TOOLS = "smolagents.load_tool(trust_remote_code=True)"
LONE = "python"
PYTHON = "python (whenever it starts)"
_LOADERS = {
    "auto-map": TRANSFORMERS,
    "class": _SENTENCES,
    "activation": _SENTENCES,
    "component": _DIFFUSERS,
    "custom-pipeline": _DIFFUSERS,
    "loader-module": _MLFLOW,
    "code-path": _MLFLOW,
    "custom-generate": "transformers.GenerationMixin.generate(custom_generate=...)",
    "target": "hydra.utils.instantiate",
    "build-backend": "pip install",
}
_TOOLS = {
    "autogen": "autogen_core.ComponentLoader.load_component",
    "smolagents": "smolagents.Tool.from_dict",
    "open-webui": "Open WebUI, when it is imported",
    "langflow": "langflow run",
    "letta": "Letta, when the agent calls it",
}
# By name, whatever refers to them: what each loader looks for at the top of a repository.
_BY_NAME = (
    ("modeling_*.py", TRANSFORMERS),
    ("configuration_*.py", TRANSFORMERS),
    ("tokenization_*.py", TRANSFORMERS),
    ("processing_*.py", TRANSFORMERS),
    ("image_processing_*.py", TRANSFORMERS),
    ("feature_extraction_*.py", TRANSFORMERS),
    ("generation_*.py", TRANSFORMERS),
    ("handler.py", "huggingface_inference_toolkit (EndpointHandler)"),
    ("pipeline.py", _DIFFUSERS),
    ("hubconf.py", "torch.hub.load"),
    ("setup.py", "pip install"),
    ("inference.py", "sagemaker.huggingface.HuggingFaceModel"),
)
_ANYWHERE = (
    ("conftest.py", "pytest"),
    ("sitecustomize.py", PYTHON),
    ("usercustomize.py", PYTHON),
    ("*.pth", PYTHON),
)
_BUILDER = re.compile(
    r"\((?:[\w.]*\.)?(?:GeneratorBasedBuilder|ArrowBasedBuilder|BeamBasedBuilder)\b"
)
_HANDLER = re.compile(r"^(?:TritonPythonModel|EndpointHandler)\(")
_TOOL = re.compile(r"\((?:[\w.]*\.)?Tool\)")
_MODEL = re.compile(
    r"\((?:.*[\w.])?(?:PreTrainedModel|PretrainedConfig|PreTrainedConfig|PreTrainedTokenizer"
    r"(?:Base|Fast)?|DiffusionPipeline|PythonModel|BaseHandler|ProcessorMixin|ModelMixin)\b"
)


@dataclass(frozen=True, slots=True)
class Reached:
    """A Python file that a loader runs.

    Attributes:
        loader: the load call.
        why: for people.
        source: path and line of what leads to it, path empty where its own name does.
    """

    path: str
    loader: str
    why: str
    source: str = ""
    line: int = 0


def reached(repository: Repository) -> dict[str, Reached]:
    """Return every Python file that a loader runs, by path."""
    found: dict[str, Reached] = {}
    pending = [*_referred(repository), *_by_name(repository), *_alone(repository)]
    while pending:
        one = pending.pop(0)
        if one.path not in found:
            found[one.path] = one
            pending.extend(_imported(repository, one))
    return found


def _referred(repository: Repository) -> Iterator[Reached]:
    for file in repository.files:
        for reference in file.references:
            loader = _LOADERS.get(reference.kind)
            if loader is None or "--" in reference.value:
                continue
            for path in _targets(repository, file, reference):
                why = f"{reference.key} in {file.path}"
                yield Reached(path, loader, why, file.path, reference.line)


def carried(repository: Repository) -> dict[str, Reached]:
    """Return configurations whose loaders execute texts in them, which makes them scripts."""
    return {
        file.path: Reached(file.path, _TOOLS[reference.key], "the code in it")
        for file in repository.files
        for reference in file.references
        if reference.kind == "tool-source"
    }


def _targets(repository: Repository, file: RepositoryFile, reference: Reference) -> Iterator[str]:
    value = reference.value
    if reference.kind == "code-path":
        folder = normpath(join(file.folder, value))
        for path in repository.by_path:
            if path == folder or path.startswith(folder + "/") and path.endswith(".py"):
                yield path
        return
    whole = reference.kind in ("loader-module", "build-backend")
    module = value if whole else value.rpartition(".")[0]
    if reference.kind in ("custom-pipeline", "custom-generate"):
        module = splitext(value)[0]
    parts = module.replace(".", "/")
    folders = [file.folder]
    if reference.kind == "component":
        folders.append(join(file.folder, reference.key))
    if reference.kind == "loader-module":
        folders.append(join(file.folder, "code"))
    for folder in folders:
        for ending in (".py", "/__init__.py", ".txt", ""):
            path = normpath(join(folder, parts + ending))
            candidate = repository.by_path.get(path)
            if candidate is not None and candidate.script is not None:
                yield path


def _by_name(repository: Repository) -> Iterator[Reached]:
    top = _top(repository)
    for file in repository.files:
        script = file.script
        if script is None or script.language != "python" or _is_configuration(file):
            continue
        for pattern, loader in (*_BY_NAME, *_ANYWHERE) if file.folder in top else _ANYWHERE:
            if fnmatchcase(file.name, pattern):
                yield Reached(file.path, loader, "its name")
        if any(_BUILDER.search(name) for name in script.classes):
            yield Reached(file.path, "datasets.load_dataset(trust_remote_code=True)", "its classes")
        elif any(_HANDLER.match(name) for name in script.classes):
            yield Reached(file.path, "an inference server", "its classes")
        elif any(_TOOL.search(name) for name in script.classes) and _uses(script, "smolagents"):
            yield Reached(file.path, _OF_TOOLS, "its classes")
        elif repository.lone and any(_MODEL.search(name) for name in script.classes):
            yield Reached(file.path, TRANSFORMERS, "its classes")
        elif file.path.endswith("custom_generate/generate.py"):
            yield Reached(file.path, _LOADERS["custom-generate"], "its name")


def _is_configuration(file: RepositoryFile) -> bool:
    """Say whether the script is texts in a configuration, which is judged by itself."""
    return any(reference.kind == "tool-source" for reference in file.references)


def _uses(script: Script, package: str) -> bool:
    return any(name.partition(".")[0] == package for name in script.imports)


def _top(repository: Repository) -> tuple[str, ...]:
    """Return the folders where a loader looks for a name.

    An archive often has everything in one folder of its own, unless that is a package. In folders
    further down the same names are those of ordinary modules, and it takes a configuration or an
    import to reach them.
    """
    folders = {file.path.split("/", 1)[0] if "/" in file.path else "" for file in repository.files}
    top = folders.pop() if len(folders) == 1 else ""
    if f"{top}/__init__.py" in repository.by_path:
        top = ""
    return (top, f"{top}/code".lstrip("/"))


def _alone(repository: Repository) -> Iterator[Reached]:
    """A lone script is there to be run by whoever names it."""
    for file in repository.files if repository.lone else ():
        script = file.script
        if script is not None and script.language == "python" and not _is_configuration(file):
            yield Reached(file.path, LONE, "it was named")


def _imported(repository: Repository, one: Reached) -> Iterator[Reached]:
    """Follow relative imports, and plain ones that name a file beside this one."""
    file = repository.by_path[one.path]
    script = file.script
    if script is None:
        return
    for name in script.imports:
        dots = len(name) - len(name.lstrip("."))
        folder = file.folder
        for _ in range(dots - 1):
            folder = normpath(join(folder, ".."))
        module = name.lstrip(".").replace(".", "/")
        for tail in (module, module.rpartition("/")[0]):
            for ending in (".py", "/__init__.py"):
                path = normpath(join(folder, tail + ending)) if tail else ""
                if path in repository.by_path and path != one.path:
                    why = f"imported by {one.path}"
                    yield Reached(path, one.loader, why, one.path, 0)
