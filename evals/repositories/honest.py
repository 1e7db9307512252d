"""Honest repositories, in the layouts and with the habits of those that many people load.

The code does what such code really does: fetches pictures, compiles kernels, asks for a graphics
card, reads tokens out of the environment. None of it is copied from anywhere.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from evals.repositories import honest_code as code
from evals.repositories import honest_scripts as scripts
from evals.repositories import honest_texts as texts
from evals.repositories.samples import CONFIG, Repository, remote

_PLAIN = {"config.json": json.dumps(CONFIG), "README.md": texts.README}


def samples() -> Iterator[Repository]:
    """Yield every honest repository."""
    yield from _remote_code()
    yield from _layouts()
    yield from _companions()
    for name, script in scripts.TRAINING.items():
        yield Repository(
            f"script-{name}", "scripts beside weights", {**_PLAIN, f"{name}.py": script}
        )
    for name, script in scripts.SHELL.items():
        yield Repository(f"shell-{name}", "scripts beside weights", {**_PLAIN, name: script})


def _remote_code() -> Iterator[Repository]:
    kind = "models with code of their own"
    for name, text in code.MODELING.items():
        files = {"config.json": remote(), "modeling_acme.py": text, "README.md": texts.README}
        yield Repository(f"modeling-{name}", kind, files, weakness=True)
    for name, text in code.TOKENIZERS.items():
        names = {"auto_map": {"AutoTokenizer": ["tokenization_acme.AcmeTokenizer", None]}}
        files = {"tokenizer_config.json": json.dumps(names), "tokenization_acme.py": text}
        yield Repository(f"tokenizer-{name}", kind, files, weakness=True)
    package = {
        "config.json": remote(),
        "modeling_acme.py": "from .configuration_acme import AcmeConfig\n" + code.MODELING["plain"],
        "configuration_acme.py": code.CONFIGURATION,
        "__init__.py": "from .modeling_acme import AcmeModel\n",
    }
    yield Repository("package", kind, package, weakness=True)
    elsewhere = {"auto_map": {"AutoModel": "acme/base--modeling_acme.AcmeModel"}}
    yield Repository(
        "other-repository", kind, {"config.json": json.dumps(elsewhere)}, weakness=True
    )
    for name, text in code.HANDLERS.items():
        yield Repository(f"handler-{name}", kind, {**_PLAIN, "handler.py": text}, weakness=True)
    for name, text in code.DATASETS.items():
        yield Repository(f"dataset-{name}", kind, {"acme.py": text, "README.md": "# Acme\n"}, True)


def _layouts() -> Iterator[Repository]:
    kind = "layouts without code"
    yield Repository("transformers", kind, {**_PLAIN, "generation_config.json": texts.GENERATION})
    yield Repository("chat", kind, {**_PLAIN, "tokenizer_config.json": texts.CHAT})
    yield Repository("diffusers", kind, texts.DIFFUSERS)
    yield Repository("sentence-transformers", kind, texts.SENTENCES)
    yield Repository(
        "peft", kind, {"adapter_config.json": texts.ADAPTER, "README.md": texts.README}
    )
    yield Repository("timm", kind, {"config.json": texts.TIMM, "README.md": texts.README})
    yield Repository("spacy", kind, texts.SPACY)
    yield Repository("mlflow-sklearn", kind, texts.MLFLOW)
    yield Repository("nemo", kind, {"model_config.yaml": texts.NEMO})
    yield Repository("speechbrain", kind, {"hyperparams.yaml": texts.SPEECHBRAIN})
    yield Repository("hydra", kind, {"configs/train.yaml": texts.HYDRA})
    yield Repository("detection", kind, {"config.yml": texts.DETECTION})
    yield Repository("latent-diffusion", kind, {"config.yaml": texts.LATENT_DIFFUSION})
    yield Repository("yolo", kind, {"yolo.yaml": texts.YOLO, "data.yaml": texts.YOLO_DATA})
    yield Repository("axolotl", kind, {**_PLAIN, "axolotl.yaml": texts.AXOLOTL})
    yield Repository("openvino", kind, {"model.xml": texts.OPENVINO, "config.json": "{}"})
    yield Repository("pmml", kind, {"model.pmml": texts.PMML})
    yield Repository("drawing", kind, {**_PLAIN, "logo.svg": texts.SVG})
    yield Repository("index", kind, {**_PLAIN, "model.safetensors.index.json": texts.INDEX})
    yield Repository("gguf-readme", kind, {"README.md": texts.README_SHELL})
    yield Repository("results", kind, {**_PLAIN, "results.json": texts.RESULTS})
    yield Repository("vocabulary", kind, {**_PLAIN, "vocab.txt": texts.VOCABULARY})
    hyper = {"hparams.yaml": texts.LIGHTNING, "config.yaml": "a: &x [1]\nb: *x\n"}
    yield Repository("lightning", kind, hyper, weakness=True)
    custom = json.dumps([{"idx": 0, "name": "0", "path": "", "type": "other_package.Transformer"}])
    yield Repository("foreign-module", kind, {"modules.json": custom}, weakness=True)


def _companions() -> Iterator[Repository]:
    kind = "what stands beside weights"
    for name, text in texts.REQUIREMENTS.items():
        yield Repository(f"requirements-{name}", kind, {**_PLAIN, "requirements.txt": text})
    yield Repository("pyproject", kind, {**_PLAIN, "pyproject.toml": texts.PYPROJECT})
    for name, text in scripts.SETUP.items():
        yield Repository(f"setup-{name}", kind, {**_PLAIN, "setup.py": text})
    yield Repository("conda", kind, {**_PLAIN, "environment.yml": texts.CONDA})
    yield Repository("docker", kind, {**_PLAIN, "Dockerfile": texts.DOCKERFILE})
    yield Repository("compose", kind, {**_PLAIN, "docker-compose.yml": texts.COMPOSE})
    yield Repository("workflow", kind, {**_PLAIN, ".github/workflows/ci.yml": texts.WORKFLOW})
    yield Repository("bento", kind, {"bentofile.yaml": texts.BENTO})
    for name, cells in scripts.NOTEBOOKS.items():
        book = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}
        yield Repository(f"notebook-{name}", kind, {**_PLAIN, "demo.ipynb": json.dumps(book)})
    yield Repository("conftest", kind, {**_PLAIN, "tests/conftest.py": scripts.CONFTEST})
